"""The one name that an installed ftbot has: its packages are in this folder, in a checkout they are beside it."""
