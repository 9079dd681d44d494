"""Salesforce as a CRM: contacts, leads and accounts are read, timeline records are objects of our own there."""
