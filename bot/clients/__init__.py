"""Other people's services: each module turns their bytes into nouns of the core and their errors into ours."""
