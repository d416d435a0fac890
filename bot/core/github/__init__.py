"""GitHub's nouns: threads, events, deliveries."""
