"""Where commands and the bot get their objects built."""
