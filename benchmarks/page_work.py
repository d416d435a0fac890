"""How much faster the work on pages is on two processors than on one: to inflate, read and judge them.

It runs in threads, as the program does, where the interpreter has no GIL; elsewhere in processes, which shows that
nothing but the GIL holds it up.
"""

from __future__ import annotations

import gzip
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus

from benchmarks.figures import median
from benchmarks.made_projects import NOW, WALKED, most_downloaded, page_of
from bot.clients.answers import Answer
from bot.core.history.scan import conclude
from bot.core.index.simple_api import parse
from bot.core.wheels.targets import Target

_ROUNDS = 5
_TIMES = 3
"""How often every page is read in a round, so that a round takes seconds."""

_HEADERS = {"content-encoding": "gzip"}
_TARGETS = (Target(14), Target(15))


@dataclass(frozen=True, slots=True)
class Faster:
    """How many times as fast two were as one, by what, and the seconds of each."""

    times: float
    by: str
    note: str


def two_processors() -> Faster:
    """Read all pages with one worker and with two, in turns."""
    gil_enabled = getattr(sys, "_is_gil_enabled", None)
    threads = gil_enabled is not None and not gil_enabled()
    open_pool = ThreadPoolExecutor if threads else ProcessPoolExecutor
    one, two = list[float](), list[float]()
    with open_pool(2) as pool:
        _read_by(pool, 2)  # makes the pages
        for _ in range(_ROUNDS):
            one.append(_read_by(pool, 1))
            two.append(_read_by(pool, 2))
    by = "in threads" if threads else "in processes"
    return Faster(median(one) / median(two), by, f"{median(one):.2f} s and {median(two):.2f} s, n = {_ROUNDS}")


def _read_by(pool: Executor, workers: int) -> float:
    began = time.perf_counter()
    list(pool.map(_read, range(workers), [workers] * workers))
    return time.perf_counter() - began


def _read(first: int, every: int) -> None:
    """Read every so manieth page."""
    for _ in range(_TIMES):
        for name, sent in _pages()[first::every]:
            body = Answer(HTTPStatus.OK, "http://index.example/", _HEADERS, sent).body()
            conclude(parse(name, body, brief=True), _TARGETS, NOW)


@cache
def _pages() -> tuple[tuple[str, bytes], ...]:
    return tuple((project.name, gzip.compress(page_of(project))) for project in most_downloaded(WALKED))
