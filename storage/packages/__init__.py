"""Tables about packages."""
