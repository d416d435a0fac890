"""Threads in a terminal: nothing that matters is cut, however narrow it is, and no text from elsewhere is markup."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.core.github.threads import IssueRef
from bot.core.text.alphabet import SPELLED
from bot.core.upstream.report import WatchedSource, WatchOverview
from bot.core.upstream.threads import KnownThread, ThreadOrigin
from bot.terminal.triage import replay_report
from bot.terminal.upstream import watch_overview
from tests.services.lookups import NOW
from tests.storage.made_threads import THREAD


def drawn(threads: tuple[KnownThread, ...], width: int) -> str:
    """Draw what is watched on a terminal of so many columns."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, legacy_windows=False)
    sources = (WatchedSource("tracking table", ThreadOrigin.TABLE, NOW - timedelta(minutes=4)),)
    console.print(watch_overview(WatchOverview(sources, threads), NOW))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def called(title: str, ref: IssueRef = IssueRef("HypothesisWorks/hypothesis", 4451)) -> KnownThread:  # noqa: B008 — it is frozen
    return replace(THREAD, issue=replace(THREAD.issue, title=title, ref=ref))


@pytest.mark.parametrize("width", [40, 60, 80, 99, 100, 120, 200])
def test_where_a_thread_is_can_always_be_read(width: int) -> None:
    shown = drawn((called("Support free-threaded Python " * 5),), width)
    assert "HypothesisWorks/hypothesis#4451" in shown.replace("\n", "")
    assert all(len(line) <= width for line in shown.splitlines())


@given(st.text(max_size=200), st.integers(40, 160))
def test_no_title_moves_the_cursor_or_colours_anything(title: str, width: int) -> None:
    shown = drawn((called(title),), width)
    assert all(character.isprintable() or character == "\n" for character in shown)


def test_a_package_that_is_a_guess_is_not_shown() -> None:
    known = replace(called("Crash"), package="ken", origin=ThreadOrigin.SEARCH)
    assert "Crash ken" not in " ".join(drawn((known,), 120).split())
    tabled = replace(known, origin=ThreadOrigin.TABLE)
    assert "Crash ken" in " ".join(drawn((tabled,), 120).split())


def test_threads_in_ascii_are_words_that_fit() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), "ascii", SPELLED)
    console = Console(file=stream, width=100, force_terminal=True, color_system=None, legacy_windows=False)
    console.print(watch_overview(WatchOverview((), (called("Crash “here” " * 10), called("Größe – klein"))), NOW))
    stream.seek(0)
    shown = stream.read()
    assert "open  " in shown
    assert "Groe - klein" in shown.replace("?", "")
    assert "\\" not in shown
    assert all(len(line) <= 100 for line in shown.splitlines())


def test_a_replay_of_nothing_says_what_to_do() -> None:
    console = Console(file=io.StringIO(), width=100)
    console.print(replay_report(()))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "No thread is stored yet. Look for the first time with `ftbot upstream poll`.\n"
