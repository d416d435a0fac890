"""Servers in Discord, and posts to them."""
