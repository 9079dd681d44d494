"""What Graph-style servers have in common: errors, fields, paging, tokens, usage, versions and webhooks."""
