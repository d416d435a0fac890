"""Files that say what is required, and fix no versions."""
