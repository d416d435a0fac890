"""Threads upstream: what is known of them, and what happened."""
