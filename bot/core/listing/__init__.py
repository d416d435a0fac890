"""Lists of the tracked packages: what is said of each, which are chosen, and in which order."""
