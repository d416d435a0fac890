"""Packages side by side."""
