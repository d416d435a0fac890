"""Triage on GitHub."""
