"""Shares over time counted once, in this build or the earlier one, from timelines in a file; prints JSON.

It is run as a file, with the build's root on the path: ``python -P benchmarks/history_work.py before TIMELINES``.
"""

from __future__ import annotations

import gc
import sys
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import GenericAlias

import msgspec

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TARGETS = ("3.13t", "3.14t", "3.15t")


class Counted(msgspec.Struct):
    """The CPU of decoding and of counting, in seconds; by target, how many packages had wheels on each day."""

    decoding: float
    counting: float
    shares: dict[str, list[int]]


def measure(build: str, stored: bytes) -> Counted:
    """Count every day since free-threaded wheels began, without the collector, as the command."""
    gc.disable()
    is_now = build == "now"
    kept = import_module("bot.core.history.timelines" if is_now else "bot.core.history")
    shares = import_module("bot.core.history.shares" if is_now else "bot.core.shares")
    began = time.process_time()
    packages = msgspec.json.decode(stored, type=GenericAlias(list, (GenericAlias(dict, (str, kept.Timeline)),)))
    decoded = time.process_time()
    days = list(shares.shares_by_target(packages, TARGETS, kept.START.date(), NOW.date(), *((NOW,) if is_now else ())))
    counted = time.process_time()
    told = {target: [day.with_wheels[target] for day in days] for target in TARGETS}
    return Counted(decoded - began, counted - decoded, told)


if __name__ == "__main__":
    print(msgspec.json.encode(measure(sys.argv[1], Path(sys.argv[2]).read_bytes())).decode())
