"""Tests of the bot, arranged like its source."""
