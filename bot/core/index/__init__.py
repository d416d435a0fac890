"""A package index: names, project pages, metadata."""
