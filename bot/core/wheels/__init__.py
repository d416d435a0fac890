"""Wheels: targets, platforms, tags."""
