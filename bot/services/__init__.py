"""Use cases: the only modules where clients, storage and core meet."""
