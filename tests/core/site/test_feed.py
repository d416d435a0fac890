"""Feeds are Atom whatever is in them, and their ids are what happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import fromstring, indent, tostring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.digest.digest import Digest
from bot.core.site.feed import MOST_ENTRIES, atom, digests_feed, moves_feed, package_feed
from bot.core.site.moves import MoveKind, SiteMove, newest_first, told_of
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from tests.core.digests import BUSY, HOSTILE, QUIET, digests, move
from tests.core.site.atom import check_feed

NOW = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
BASE = "https://ftbot.example"

_MOVES = newest_first(told_of(BUSY))


def said(moves: tuple[SiteMove, ...]) -> list[tuple[str, str, str]]:
    return [(told.key, told.title, told.detail) for told in moves]


def test_a_move_is_told_in_words_and_with_an_id_that_says_what_it_is() -> None:
    gained = move("numpy", "2.5.5")
    narrowed = replace(gained, lost=(Platform.WIN_ARM64,), previous="2.5.4")
    pure = replace(gained, verdict=Verdict.PURE, covered=(), missing=(), how=())
    native = replace(pure, verdict=Verdict.NOT_YET)
    kinds = (
        SiteMove(MoveKind.GAINED, gained),
        SiteMove(MoveKind.COMPLETED, gained),
        SiteMove(MoveKind.LOST, replace(narrowed, covered=(), how=())),
        SiteMove(MoveKind.NARROWED, narrowed),
        SiteMove(MoveKind.PURE, pure),
        SiteMove(MoveKind.PURE, native),
    )
    assert said(kinds) == snapshot(
        [
            ("gained/numpy/3.14t/2.5.5", "numpy 2.5.5 has wheels for 3.14t", "Wheels (cp314t): Linux x86-64."),
            (
                "completed/numpy/3.14t/2.5.5",
                "numpy 2.5.5 has wheels for 3.14t on every platform",
                "Wheels (cp314t): Linux x86-64.",
            ),
            (
                "lost/numpy/3.14t/2.5.5",
                "numpy 2.5.5 has no wheels for 3.14t any more",
                "Lost: Windows arm64. The release before was 2.5.4.",
            ),
            (
                "narrowed/numpy/3.14t/2.5.5",
                "numpy 2.5.5 has fewer wheels for 3.14t",
                "Wheels (cp314t): Linux x86-64. Lost: Windows arm64. The release before was 2.5.4.",
            ),
            ("pure/numpy/3.14t/2.5.5", "numpy 2.5.5 is now pure Python on 3.14t", ""),
            ("pure/numpy/3.14t/2.5.5", "numpy 2.5.5 is no longer pure Python on 3.14t", ""),
        ]
    )


def test_the_feed_of_all_moves() -> None:
    root = fromstring(atom(moves_feed(_MOVES[:1], NOW), BASE))
    indent(root)
    assert tostring(root, encoding="unicode").replace("ns0:", "") == snapshot("""\
<feed xmlns:ns0="http://www.w3.org/2005/Atom" xml:lang="en">
  <id>tag:ftbot-dev.github.io,2026:feed.xml</id>
  <title>Free-threaded Python: packages that moved</title>
  <updated>2026-11-18T00:00:00Z</updated>
  <author>
    <name>ftbot</name>
  </author>
  <link rel="self" type="application/atom+xml" href="https://ftbot.example/feed.xml" />
  <link rel="alternate" type="text/html" href="https://ftbot.example/" />
  <entry>
    <id>tag:ftbot-dev.github.io,2026:completed/psutil/3.14t/7.3.0</id>
    <title>psutil 7.3.0 has wheels for 3.14t on every platform</title>
    <updated>2026-11-18T00:00:00Z</updated>
    <link rel="alternate" type="text/html" href="https://ftbot.example/packages/psutil/" />
    <summary>Wheels (cp314t): Linux x86-64.</summary>
  </entry>
</feed>\
""")


def test_a_feed_without_entries_was_made_when_its_data_was_read() -> None:
    feed = atom(package_feed("numpy", (), NOW), BASE)
    assert check_feed(feed, whole=True) == []
    assert b"<updated>2026-11-23T04:05:06Z</updated>" in feed


def test_a_feed_has_the_newest_entries_and_not_all_there_ever_were() -> None:
    many = tuple(
        SiteMove(MoveKind.GAINED, replace(move("numpy", f"1.{number}"), day=NOW.date() - timedelta(days=number)))
        for number in range(3 * MOST_ENTRIES)
    )
    entries = check_feed(atom(moves_feed(newest_first(many), NOW), BASE), whole=True)
    assert len(entries) == MOST_ENTRIES
    assert "1.0" in (entries[0][0].text or "")


def test_a_week_that_is_not_over_is_no_entry() -> None:
    assert len(check_feed(atom(digests_feed([replace(QUIET, complete=False), BUSY], NOW), BASE), whole=True)) == 1


@pytest.mark.parametrize("base", [None, BASE, f"{BASE}/under/here/"])
@given(digests())
def test_whatever_a_week_holds_its_feeds_are_atom(base: str | None, digest: Digest) -> None:
    week = replace(digest, complete=True)
    for feed in (moves_feed(newest_first(told_of(digest)), NOW), digests_feed([week], NOW)):
        check_feed(atom(feed, base), whole=base is not None)


@given(st.text(max_size=60), st.text(max_size=20))
def test_no_name_and_no_version_breaks_a_feed(package: str, version: str) -> None:
    made = SiteMove(MoveKind.GAINED, replace(move(package, version), previous=HOSTILE))
    for feed in (moves_feed([made], NOW), package_feed(package, [made], NOW)):
        check_feed(atom(feed, None), whole=False)


@given(digests())
def test_the_order_of_moves_is_by_day_whatever_order_they_come_in(digest: Digest) -> None:
    told = tuple(told_of(digest))
    assert newest_first(told) == newest_first(told[::-1])
    days = [each.move.day for each in newest_first(told)]
    assert days == sorted(days, reverse=True)
