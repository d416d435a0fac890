# ruff: noqa: E501 - the sentences are written here as people get them
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.digest.digest import Digest, DigestThread, Issues, Point, Share
from bot.core.digest.weeks import Week, week_of
from bot.core.digest.wording import (
    chart_text,
    dates,
    listed_unread,
    percent,
    quiet_line,
    sections,
    share_line,
    source_line,
    title,
)
from bot.core.text.sentences import one_line
from tests.core.digests import BUSY, HOSTILE, QUIET, digests
from tests.core.pages import T314


@pytest.mark.parametrize(
    ("week", "written"),
    [
        (Week(2026, 47), "16–22 November 2026"),
        (Week(2026, 49), "30 November – 6 December 2026"),
        (Week(2026, 53), "28 December 2026 – 3 January 2027"),
    ],
)
def test_the_days_of_a_week_are_written_shortly(week: Week, written: str) -> None:
    assert dates(week) == written


def test_a_title_says_that_the_week_is_not_over() -> None:
    assert title(QUIET) == "Free-threaded Python, 16–22 November 2026"
    assert title(replace(QUIET, complete=False)) == "Free-threaded Python, 16–22 November 2026, so far"


@given(part=st.integers(0, 15_000), rest=st.integers(0, 15_000))
def test_only_nothing_and_all_are_written_as_0_and_100_percent(part: int, rest: int) -> None:
    whole = part + rest
    written = percent(100 * part / whole) if whole else "0 %"
    assert (written == "0 %") == (part == 0)
    assert (written == "100 %") == (rest == 0 < part)


@pytest.mark.parametrize(
    ("share", "complete", "line"),
    [
        (
            Share(T314, 360, 180, 40, 217),
            True,
            "61 % of 360 packages have wheels (220, +3 this week), 180 everywhere, 40 on some platforms",
        ),
        (
            Share(T314, 360, 0, 1, 3),
            True,
            "less than 1 % of 360 packages have wheels (1, \N{MINUS SIGN}2 this week), 1 on some platforms",
        ),
        (
            Share(T314, 9, 9, 0, 9),
            False,
            "100 % of 9 packages have wheels (9, no change so far this week), 9 everywhere",
        ),
        (Share(T314, 1, 1, 0, 0), False, "100 % of 1 package has wheels (1, +1 so far this week), 1 everywhere"),
        (Share(T314, 9, 0, 0, 0), True, "0 % of 9 packages have wheels (0, no change this week)"),
        (Share(T314, 0, 0, 0, 0), True, "no package could be read"),
    ],
)
def test_a_share_is_said_with_its_change(share: Share, complete: bool, line: str) -> None:
    assert share_line(share, complete=complete) == line


def test_a_quiet_week_is_one_honest_line() -> None:
    nothing = replace(QUIET, shares=(Share(T314, 0, 0, 0, 0),))
    assert quiet_line(BUSY) is None
    assert quiet_line(QUIET) == "A quiet week: no package gained or lost wheels."
    assert quiet_line(replace(QUIET, complete=False)) == "No package has gained or lost wheels so far this week."
    assert quiet_line(nothing) == "No package could be read, so nothing can be said about this week."


def test_sections_that_would_be_empty_are_left_out() -> None:
    assert [section.heading for section in sections(QUIET)] == ["Still waiting for 3.14t, most downloaded first"]
    assert sections(replace(QUIET, waiting=(), blocking=0)) == ()


def test_sections_come_in_the_order_in_which_they_are_read() -> None:
    assert [(section.heading, len(section.items), section.rest) for section in sections(BUSY)] == snapshot(
        [
            ("Newly supported on 3.14t", 4, 0),
            ("New Python support", 2, 0),
            ("Now on every platform", 1, 0),
            ("Lost", 2, 0),
            ("Still waiting for 3.14t, most downloaded first", 2, 138),
            ("Issues answered by wheels", 1, 0),
            ("Issues opened", 1, 0),
            ("Issues closed", 1, 0),
            ("Most discussed issues", 1, 0),
        ]
    )


def test_what_moved_is_said_in_a_sentence() -> None:
    said = [f"{item.subject}{section.joint}{item.words}" for section in sections(BUSY)[:5] for item in section.items]
    assert said == snapshot(
        [
            "numpy 2.5.5 has cp314t wheels, none for musl arm64, Windows arm64",
            "lxml 6.1.3 has abi3t and cp314t wheels for 3.14t on every platform",
            "ruff 0.17.6 has py3-none wheels for 3.14t on every platform",
            "idna 4.0 is pure Python: nothing to build for 3.14t",
            "cryptography 50.0.2 has abi3t wheels for 3.15t on every platform",
            "torch 2.15.0 has cp315t wheels on every platform",
            "psutil 7.3.0 has 3.14t wheels for every platform now",
            "lmdb 2.0.0 has no 3.14t wheels; 1.8.1 had them",
            "rare 3.0 does not admit 3.15t any more",
            "grpcio: no wheel",
            "orjson: abi3 only",
        ]
    )


def test_a_long_list_of_issues_is_cut_and_says_how_many_there_are() -> None:
    threads = tuple(
        DigestThread("numpy/numpy", number, "Crash", "https://example.org", number) for number in range(1, 31)
    )
    (section,) = sections(replace(QUIET, waiting=(), blocking=0, issues=Issues(opened=threads)))
    assert [item.subject for item in section.items] == [f"numpy/numpy#{number}" for number in range(1, 11)]
    assert (section.total, section.rest) == (30, 20)


def test_an_issue_is_noted_with_its_comments_or_with_the_release_that_answers_it() -> None:
    notes = {item.subject: item.note for section in sections(BUSY) for item in section.items}
    assert notes["numpy/numpy#30512"] == ""
    assert notes["lxml/lxml#7"] == "1 comment"
    assert notes["python/cpython#9"] == "48 comments"
    assert notes["lxml/lxml#8"] == "lxml 6.1.3 for 3.14t"


def test_only_ordinary_addresses_are_linked() -> None:
    urls = {item.subject: item.url for section in sections(BUSY) for item in section.items}
    assert urls["lxml/lxml#7"] == "https://github.com/lxml/lxml/issues/7"
    assert urls["python/cpython#9"] == ""
    assert urls["numpy 2.5.5"] == "https://pypi.org/project/numpy/2.5.5/"


@given(digest=digests())
def test_addresses_are_ascii_without_anything_that_ends_a_link(digest: Digest) -> None:
    for section in sections(digest):
        for item in section.items:
            assert item.url.isascii()
            assert not set(item.url) & set(' "<>()[]\\`\n')


def test_the_chart_is_said_in_numbers() -> None:
    assert chart_text(QUIET) == snapshot(
        "Share of tracked packages with wheels. 3.14t: 2 % in December 2024, 30 % in November 2025, 61 % on 22 November 2026. 3.15t: 0 % in December 2024, less than 1 % in November 2025, 33 % on 22 November 2026."
    )
    assert chart_text(replace(QUIET, chart=QUIET.chart[-1:])) == snapshot(
        "Share of tracked packages with wheels. 3.14t: 61 % on 22 November 2026. 3.15t: 33 % on 22 November 2026."
    )
    assert chart_text(replace(QUIET, chart=())) == snapshot("Share of tracked packages with wheels: nothing to show.")


@given(digest=digests())
def test_the_chart_is_said_of_every_target(digest: Digest) -> None:
    text = chart_text(digest)
    assert all(f"{share.target}: " in text for share in digest.shares if digest.chart)


def test_the_source_says_week_age_and_what_could_not_be_read() -> None:
    read = datetime(2026, 11, 22, 22, tzinfo=UTC)
    digest = replace(BUSY, read=read)
    assert (
        source_line(digest)
        == "2026-W47 · data read 22 Nov 22:00 UTC · by rules 1 · 3 of 360 packages could not be read or dated"
    )
    assert source_line(replace(QUIET, read=read)) == "2026-W47 · data read 22 Nov 22:00 UTC · by rules 1"
    assert source_line(replace(QUIET, read=read, week=week_of(date(2025, 11, 22)))) == (
        "2025-W47 · data read 22 Nov 2026 22:00 UTC · by rules 1"
    )
    assert listed_unread(digest) == ": broken, slow-index, unlucky"
    assert listed_unread(replace(digest, unread=tuple("abcdefghijkl")), str.upper) == (
        ": A, B, C, D, E, F, G, H, I, J and 2 more (all are in the digest as JSON)"
    )
    assert listed_unread(QUIET) == ""


@given(text=st.text() | st.just(HOSTILE))
def test_text_from_elsewhere_stays_on_its_line(text: str) -> None:
    shown = one_line(text)
    assert shown.isprintable()
    assert shown == shown.strip()
    assert one_line(shown) == shown


def test_the_last_point_of_the_chart_is_its_own_day() -> None:
    digest = replace(QUIET, chart=(Point(date(2026, 11, 22), (99.99, 0.01)),))
    assert chart_text(digest) == snapshot(
        "Share of tracked packages with wheels. 3.14t: more than 99 % on 22 November 2026. 3.15t: less than 1 % on 22 November 2026."
    )
