"""Discord: read the interaction, call one service, show the answer."""
