"""The answer about an application, at the widths and in the alphabets that terminals have."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from bot.core.dependencies.files import UnreadLine
from bot.core.dependencies.judged import NeededPackage
from bot.core.dependencies.report import DependencyReport
from bot.core.text.alphabet import SPELLED
from bot.core.verdicts.rules import Verdict
from bot.terminal.dependencies import dependency_table, dependency_tree
from tests.core.dependencies.reports import EVERYTHING, LINUX, dependency, report

LONG = "a-package-with-a-name-that-is-longer-than-the-names-of-most-packages-on-the-index-are"
HOSTILE = "\x1b[31mred[/red] [link=https://evil.example]y[/link] :bomb:\u202e"
WIDE = report(
    *EVERYTHING.dependencies,
    dependency(LONG, "1.0", Verdict.ABI3_ONLY, "app", *(f"step-{number}" for number in range(30)), missing=(LINUX,)),
    dependency("demo", "1.0", Verdict.NOT_FOUND, "app", reason=HOSTILE * 3),
    not_read=(UnreadLine("requirements.txt", 3, HOSTILE, HOSTILE),),
)
DRAWINGS = (dependency_table, dependency_tree)


def drawn(drawing: RenderableType, width: int, encoding: str = "utf-8", *, colour: bool = False) -> str:
    """Draw for a terminal, and read what arrives there."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding, SPELLED, newline="\n")
    console = Console(
        file=stream,
        width=width,
        highlight=False,
        emoji=False,
        markup=False,
        color_system="standard" if colour else None,
        force_terminal=colour,
    )
    console.print(drawing, crop=False)
    stream.flush()
    return written.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("number", range(len(DRAWINGS)))
def test_no_line_is_wider_than_the_terminal_and_each_package_has_one(width: int, number: int) -> None:
    lines = drawn(DRAWINGS[number](WIDE), width).splitlines()
    assert max(map(cell_len, lines)) <= width
    for name in ("tornado 6.5.4", "pylsqpack", "attrs", "demo 1.0"):
        assert len([line for line in lines if name in line and not line.startswith("app on")]) == 1
    assert not any("\x1b" in line or "\u202e" in line for line in lines)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1"])
@pytest.mark.parametrize("number", range(len(DRAWINGS)))
def test_terminals_of_other_alphabets_are_told_the_same(encoding: str, number: int) -> None:
    drawing = DRAWINGS[number](EVERYTHING)
    text, whole = drawn(drawing, 80, encoding), drawn(drawing, 80)
    assert len(text.splitlines()) == len(whole.splitlines())
    assert "tornado 6.5.4" in text
    assert "works from 6.6" in text
    if encoding == "ascii":
        assert text.isascii()


def test_without_colours_nothing_but_text_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    red = re.compile(r"\x1b\[(?:\d+;)*31m")
    assert "\x1b" not in drawn(dependency_table(EVERYTHING), 80)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert red.search(drawn(dependency_table(EVERYTHING), 80, colour=True))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not red.search(drawn(dependency_table(EVERYTHING), 80, colour=True))


def test_a_name_that_is_long_leaves_room_for_how_the_package_stands() -> None:
    lines = drawn(dependency_table(WIDE), 60).splitlines()
    (line,) = [line for line in lines if "tornado 6.5.4" in line]
    assert "abi3 only" in line or "only abi3" in line.lower()
    assert "works from 6.6" in line


def test_packages_that_require_each_other_without_end_are_drawn_once() -> None:
    ring = [f"p{number}" for number in range(500)]
    found = [
        dependency(name, "1.0", Verdict.PURE, needed=_in_a_ring(name, ring[(number + 1) % len(ring)]))
        for number, name in enumerate(ring)
    ]
    lines = drawn(dependency_tree(report(*found)), 80).splitlines()
    assert len(lines) < 3 * len(ring)
    assert {line.strip().split()[1] for line in lines if line.strip().startswith("✅")} == set(ring)


def _in_a_ring(name: str, after: str) -> NeededPackage:
    return NeededPackage(name, None, (LINUX,), requires=(after,))


def test_an_answer_about_nothing_is_a_sentence() -> None:
    empty: DependencyReport = report()
    assert (
        drawn(dependency_table(empty), 80) == "app on 3.14t, Linux x86-64: there is nothing from an index to judge.\n"
    )
