"""ftbot: which packages work on free-threaded Python, asked and answered where its community talks."""
