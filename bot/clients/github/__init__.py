"""GitHub: read with a token, written to as the App."""
