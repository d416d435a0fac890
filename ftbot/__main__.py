"""``ftbot`` and ``python -m ftbot``: finds the program's packages first, whatever else has their names, and runs it."""

from __future__ import annotations

import gc
import sys
from pathlib import Path


def main() -> None:
    """Run the command line.

    Importing makes many objects and no garbage, and most commands end soon; those that do not switch collection on.
    """
    gc.disable()
    find_packages()
    from bot.cli.program import main as run  # noqa: PLC0415 — found only now

    try:
        run()
    finally:
        gc.freeze()  # whatever is left, the end of the interpreter would look through


def find_packages() -> None:
    """Put the folder with the program's packages first on the path."""
    here = Path(__file__).resolve().parent
    sys.path.insert(0, str(here if (here / "bot").is_dir() else here.parent))


if __name__ == "__main__":
    main()
