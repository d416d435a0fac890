"""What a digest says about the GIL: of wheels that were read, and a move only between two releases that were."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from packaging.version import Version

from bot.core.digest.digest import Digest, Share
from bot.core.digest.imported import GilMove, GilOn, ImportedGil, WheelsRead, imported_gil
from bot.core.digest.markdown import markdown
from bot.core.digest.page import page
from bot.core.digest.weeks import parse_week
from bot.core.digest.wording import target_line
from bot.core.history.shares import GilShare
from bot.core.inspection.inspection import Inspection, ReadWheel
from bot.core.inspection.modules import Declaration, ExtensionModule, Gil
from bot.core.schema.digest import digest_json
from bot.core.wheels.targets import Target

T314, T315 = Target(14), Target(15)
WEEK = parse_week("2026-W47")
IN_WEEK = WEEK.start + timedelta(days=2)
EARLIER = WEEK.start - timedelta(days=9)
OFF, ON, UNKNOWN = Declaration.NOT_USED, Declaration.USED, Declaration.UNKNOWN


def wheel(name: str, version: str, minor: int = 14) -> str:
    return f"{name}-{version}-cp3{minor}-cp3{minor}t-manylinux_2_28_x86_64.whl"


def read(name: str, version: str, declared: Declaration, when: datetime = IN_WEEK, minor: int = 14) -> ReadWheel:
    modules = (ExtensionModule(f"{name}.m", f"{name}/m.so", declared, reason="No." if declared is UNKNOWN else None),)
    file = wheel(name, version, minor)
    return ReadWheel(name, Version(version), Inspection(file, "0", False, 1, 1, 1, modules), when)


def told(*readings: ReadWheel, newest: dict[str, str], targets: tuple[Target, ...] = (T314,)) -> ImportedGil:
    """Return what is said of packages whose newest releases have wheels, ranked in this order."""
    wanted = {
        name: {str(each): wheel(name, version, each.minor) for each in targets} for name, version in newest.items()
    }
    ranked = [(name, rank) for rank, name in enumerate(newest, start=1)]
    return imported_gil(dict.fromkeys(targets, ranked), WheelsRead(wanted, readings), WEEK.start, WEEK.end)


def test_what_was_read_is_counted_and_what_was_not_is_said() -> None:
    found = told(
        read("a", "1.0", OFF), read("b", "1.0", ON), read("d", "1.0", UNKNOWN), newest=dict.fromkeys("abcd", "1.0")
    )
    assert found.shares == (GilShare(T314, off=1, unread=1),)
    assert found.on == (GilOn("b", 2, T314, ("b.m",), 1),)
    assert (found.turning_on, found.moves) == (1, ())


@pytest.mark.parametrize(
    ("before", "now", "gil"),
    [
        (ON, OFF, Gil.OFF),
        (OFF, ON, Gil.ON),
        (OFF, OFF, None),
        (ON, ON, None),
        (UNKNOWN, OFF, None),
        (ON, UNKNOWN, None),
    ],
)
def test_a_move_needs_two_releases_that_were_read_and_differ(
    before: Declaration, now: Declaration, gil: Gil | None
) -> None:
    found = told(read("a", "1.0", before, EARLIER), read("a", "2.0", now), newest={"a": "2.0"})
    assert found.moves == (() if gil is None else (GilMove("a", 1, T314, "2.0", "1.0", gil),))


def test_a_first_reading_is_no_news() -> None:
    assert told(read("a", "1.0", OFF), newest={"a": "1.0"}).moves == ()
    other_target = read("a", "1.0", ON, EARLIER, minor=15)
    assert told(other_target, read("a", "2.0", OFF), newest={"a": "2.0"}).moves == ()


def test_what_was_read_in_another_week_is_no_move_of_this_one() -> None:
    both = (read("a", "1.0", ON, EARLIER - timedelta(days=9)), read("a", "2.0", OFF, EARLIER))
    assert told(*both, newest={"a": "2.0"}).moves == ()


def test_what_was_read_of_an_older_release_says_nothing_of_the_newest() -> None:
    found = told(read("a", "1.0", OFF), newest={"a": "2.0"})
    assert found.shares == (GilShare(T314, off=0, unread=1),)


def digest(imported: ImportedGil | None) -> Digest:
    share = Share(T314, packages=5, supported=3, partial=1, before=4)
    return Digest(WEEK, True, WEEK.end, 5, (), (share,), (), (), (), (), 0, (), rules="2", imported=imported)


FOUND = ImportedGil(
    (GilShare(T314, 2, 1),),
    (GilOn("lxml", 3, T314, ("lxml.etree", "lxml.sax"), 7),),
    1,
    (GilMove("a", 1, T314, "2.0", "1.0", Gil.OFF), GilMove("b", 2, T314, "3.0", "2.9", Gil.ON)),
)


def test_every_form_says_it() -> None:
    text = markdown(digest(FOUND))
    assert "; of these, 2 keep the GIL off when imported (1 not read yet)" in text
    assert "## Newly keeps the GIL off when imported (1)" in text
    assert "2.0 on 3.14t (1.0 did not)" in text
    assert "## Turns the GIL on again (1)" in text
    assert "lxml.etree and 6 more" in text
    assert "A quiet week" not in text
    assert "of these, 2 keep the GIL off" in page(digest(FOUND), "chart.png")
    answer = digest_json(digest(FOUND))["imported"]
    assert isinstance(answer, dict)
    assert answer["shares"] == [{"python": "3.14t", "gil_off": 2, "unread": 1}]
    assert [move["gil"] for move in answer["moves"]] == ["off", "on"]


@pytest.mark.parametrize(
    "imported", [None, replace(FOUND, shares=(GilShare(T314, 0, 4),), on=(), turning_on=0, moves=())]
)
def test_where_nothing_was_read_nothing_is_said(imported: ImportedGil | None) -> None:
    found = digest(imported)
    assert "GIL" not in target_line(found, found.shares[0])
    assert "GIL" not in markdown(found).replace("thread-safe", "")
