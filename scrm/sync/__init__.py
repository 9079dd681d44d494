"""The CRM side: pull contacts in, bring timeline entries out."""
