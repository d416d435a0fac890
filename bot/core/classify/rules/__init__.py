"""The rules for kinds of threads."""
