"""``python -m bot``: the same as the command ``ftbot``."""

from __future__ import annotations

from bot.cli.program import main

if __name__ == "__main__":
    main()
