"""The site: what its pages are made from."""
