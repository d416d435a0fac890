"""Reads threads: whether one is about free-threaded Python, and of what kind."""
