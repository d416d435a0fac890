"""Nouns as Components V2."""
