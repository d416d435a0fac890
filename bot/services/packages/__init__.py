"""Packages: questions, scans, names."""
