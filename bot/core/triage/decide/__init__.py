"""What is done about a thread."""
