"""Several processes that are one bot: which has which shards of Discord."""
