"""Whether a package works, and how that is said."""
