"""Pages for people: HTML from what the site knows, live or as files."""
