"""Nouns as people see them in a terminal: cards, tables and progress."""
