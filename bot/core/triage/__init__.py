"""What an issue or a pull request is about, read from its text alone; `classify` is the way in."""
