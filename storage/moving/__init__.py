"""Moving everything from one database to another, whichever engines they have."""
