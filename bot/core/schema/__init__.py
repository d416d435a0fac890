"""JSON of schema 1."""
