"""``ftbot triage evaluate``: how well the rules do on somebody's labelled threads. Asks nobody."""

from __future__ import annotations

import codecs
import random
from pathlib import Path

from bot.cli.output import CommandOutcome, print_json
from bot.core.classify.labelled import LabelledThread, LabelledThreadError, parse_labelled, part_of
from bot.core.classify.scores import classified, count_openers, mistakes, scores
from bot.core.errors import UserError
from bot.core.schema.evaluation import evaluation_json
from bot.core.triage.evaluation import would_say
from bot.terminal.console import output
from bot.terminal.evaluation import evaluation_report, phrases_report

_SEED = 16
LARGEST_FILE = 64 * 1024 * 1024
"""Bytes of labelled threads that are read."""


def evaluate_rules(file: Path, *, held_out: bool | None, phrases: bool, as_json: bool) -> CommandOutcome:
    """Answer ``ftbot triage evaluate``: of the threads that are held out, of the others, or of all (None).

    Raises ``UserError`` for a file that holds no labelled threads.
    """
    threads = _read(file)
    if not threads:
        raise UserError(f"{file} has no labelled threads. docs/triage-rules.md shows one.")
    if held_out is not None:
        threads = part_of(threads, held_out=held_out)
    if not threads:
        raise UserError(f"{file} has no labelled threads in that part. Take --part all, or another file.")
    chance = random.Random(_SEED)  # noqa: S311 — no secret: the same file has to give the same intervals

    def draw(number: int) -> list[int]:
        return chance.choices(range(number), k=number)

    said = classified(threads)
    counted = count_openers(threads)
    found = tuple(mistakes(threads, said))
    comments = tuple(would_say(thread.thread, each) for thread, each in zip(threads, said, strict=True))
    if as_json:
        print_json(evaluation_json(threads, scores(threads, said, draw), found, counted, comments))
    elif phrases:
        output().print(phrases_report(counted))
    else:
        output().print(evaluation_report(threads, scores(threads, said, draw), found, comments), soft_wrap=True)
    return CommandOutcome.ANSWERED


def _read(file: Path) -> tuple[LabelledThread, ...]:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise UserError(f"{file} is too large. At most {LARGEST_FILE:,} bytes are read; measure a part of it.")
        lines = file.read_bytes().removeprefix(codecs.BOM_UTF8).splitlines()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}. Name a file of labelled threads.") from error
    threads = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            threads.append(parse_labelled(line))
        except LabelledThreadError as error:
            one = "docs/triage-rules.md shows one, and how an export becomes such lines."
            raise UserError(f"Line {number} of {file} is no labelled thread: {error} {one}") from error
    return tuple(threads)
