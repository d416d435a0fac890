"""Threads in the words that maintainers use, each with the kinds that it is about: `threads.txt`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.classify.classify import classify
from bot.core.classify.thread import KindName, Thread

REFUSED = "not-free-threading"


def _threads() -> Iterator[tuple[str, Thread]]:
    kinds = ""
    for line in Path(__file__).with_name("threads.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kinds = line.strip("[]")
        elif line and not line.startswith("#"):
            head, _, text = line.partition(": ")
            sort, _, repo = head.partition(" ")
            title, _, body = text.partition(" | ")
            lines = body.replace("\\n", "\n")
            yield kinds, Thread(repo or "spam/spam", 1, title, lines, is_pr=sort == "pull")


THREADS = list(_threads())


@pytest.mark.parametrize(("kinds", "thread"), THREADS, ids=[thread.title for _, thread in THREADS])
def test_a_thread_is_about_its_kinds_and_no_others(kinds: str, thread: Thread) -> None:
    said = classify(thread)
    assert (" ".join(sorted(found.kind for found in said.kinds)) or REFUSED) == kinds
    assert said.free_threading == (kinds != REFUSED)


def test_every_kind_has_threads() -> None:
    assert {kind for kinds, _ in THREADS for kind in kinds.split()} == {*KindName, REFUSED}
