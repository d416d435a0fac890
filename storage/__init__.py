"""What the bot remembers, in SQLite: one class a table, all SQL in this package."""
