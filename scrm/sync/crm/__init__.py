"""CRM adapters behind one protocol."""
