"""``ftbot triage classify``: which threads are about free-threaded Python. Asks nobody."""

from __future__ import annotations

import sys

from bot.cli.output import CommandOutcome, print_json
from bot.core.classify.classify import classify
from bot.core.classify.jsonl import ThreadLineError, parse_thread
from bot.core.classify.jsonl import to_json as to_classification_json
from bot.core.errors import UserError
from bot.streams import output_failure


def classify_threads(*, jsonl: bool) -> CommandOutcome:
    """Answer ``ftbot triage classify --jsonl``: a line that is no thread is told of, and the others are answered."""
    if not jsonl:
        raise UserError("Say --jsonl: threads are read from stdin, a JSON object a line.")
    outcome = CommandOutcome.ANSWERED
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            print_json(to_classification_json(classify(parse_thread(line))))
        except ThreadLineError as error:
            sys.stderr.write(f"ftbot: Line {number} is left out: {error}. A line is a JSON object, see --help.\n")
            outcome = CommandOutcome.MISASKED
        if output_failure() is not None:  # nobody sees the other answers, and there may be no end of threads
            break
    return outcome
