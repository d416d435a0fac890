"""Tables about GitHub."""
