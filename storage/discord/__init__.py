"""Tables about Discord."""
