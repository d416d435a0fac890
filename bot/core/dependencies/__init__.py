"""What an application depends on, read from its files, and what of it stops a move to a free-threaded Python."""
