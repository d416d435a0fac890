"""The weekly digest, and how it is written."""
