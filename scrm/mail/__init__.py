"""Mail to people who use scrm: when it is due, what it says, how it is handed over, and how one ends it."""
