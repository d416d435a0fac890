"""Threads upstream."""
