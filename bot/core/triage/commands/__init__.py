"""Commands in comments."""
