"""The process in which strangers' machine code is read: it gets bytes on standard input and answers on standard output.

It is started by ``bot.clients.inspector`` with no environment, lowers its own limits before any library for machine
code is imported, and reads one module after the other until standard input ends. A message is its length in four bytes,
the least significant last, and JSON; after a request come the bytes of the module as they are in the wheel.
"""

from __future__ import annotations

import os
import sys

from bot.inspector.limits import lower_limits
from bot.inspector.loop import serve


def main() -> None:
    """Read modules until nobody asks any more."""
    lower_limits()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints goes nowhere, instead of between two answers.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
