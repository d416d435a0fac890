"""Digests and history."""
