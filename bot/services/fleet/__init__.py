"""Several processes on one database: who leads, who is there, what they tell each other."""
