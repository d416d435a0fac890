"""Badges say in words how a package stands, and again by a sign and a colour; nothing breaks them."""

from __future__ import annotations

import json
from itertools import combinations
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.inspection.modules import Gil
from bot.core.site.badge import Badge, BadgeStanding, badge_of, checking_badge, odd_badge, shields_json, svg, text_width
from bot.core.verdicts.judge import Judgement, TargetVerdict
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from tests.core.pages import T314, T315
from tests.core.strategies import statuses
from tests.services.lookups import NOW, T313

_SVG = "{http://www.w3.org/2000/svg}"


def status(verdict: Verdict, gil: Gil | None = None) -> Status:
    return Status(Judgement("demo", (TargetVerdict(T314, verdict, gil=gil), TargetVerdict(T315, Verdict.NOT_YET))), NOW)


def test_every_verdict_has_a_badge() -> None:
    told = [(each.value, badge_of(status(each)).message, badge_of(status(each)).standing.shields) for each in Verdict]
    assert told == snapshot(
        [
            ("unknown", "could not tell", "lightgrey"),
            ("not-found", "not found", "lightgrey"),
            ("quarantined", "quarantined", "lightgrey"),
            ("no-files", "no files", "lightgrey"),
            ("excluded", "excluded", "red"),
            ("sdist-only", "no wheels", "red"),
            ("pure", "pure Python", "brightgreen"),
            ("no-python-abi", "works as is", "brightgreen"),
            ("supported", "wheels", "brightgreen"),
            ("partial", "partly", "yellow"),
            ("pure-fallback", "pure fallback", "yellow"),
            ("mis-tagged", "mis-tagged", "red"),
            ("abi3-only", "abi3 only", "red"),
            ("not-yet", "no wheel", "red"),
            ("blocked", "blocked", "red"),
        ]
    )


def test_a_wheel_that_turns_the_gil_on_is_no_good_news() -> None:
    for gil, standing, words in (
        (Gil.ON, BadgeStanding.PARTLY, "wheels, GIL back on"),
        (Gil.OFF, BadgeStanding.GOOD, "wheels"),
        (Gil.UNKNOWN, BadgeStanding.GOOD, "wheels"),
    ):
        badge = badge_of(status(Verdict.SUPPORTED, gil))
        assert (badge.message, badge.standing) == (words, standing)


def test_a_badge_is_of_the_python_that_is_asked_about() -> None:
    found = status(Verdict.SUPPORTED)
    assert badge_of(found) == badge_of(found, T314) == Badge("3.14t", "wheels", BadgeStanding.GOOD)
    assert badge_of(found, T315) == Badge("3.15t", "no wheel", BadgeStanding.NOT)
    assert badge_of(found, T313) == Badge("3.13t", "not judged here", BadgeStanding.UNKNOWN)


def test_standings_are_told_apart_without_colours() -> None:
    for one, other in combinations(BadgeStanding, 2):
        assert one.sign != other.sign
        assert one.shields != other.shields


def contrast(colour: str) -> float:
    """Return the contrast of white on a colour (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


@pytest.mark.parametrize("standing", BadgeStanding)
def test_white_words_can_be_read_on_every_colour(standing: BadgeStanding) -> None:
    assert contrast(standing.colour) >= 4.5


def test_a_badge_as_shields_reads_it() -> None:
    assert json.loads(shields_json(checking_badge(T314))) == {
        "schemaVersion": 1,
        "label": "3.14t",
        "message": "checking",
        "color": "lightgrey",
        "cacheSeconds": 30,
    }


@given(statuses(), st.sampled_from([None, T313, T314, T315]))
def test_whatever_a_status_says_its_badge_is_a_picture_with_a_name(found: Status, target: object) -> None:
    badge = badge_of(found, next((each for each in (T313, T314, T315) if each == target), None))
    check_picture(badge)
    shown = json.loads(shields_json(badge))
    assert shown["message"]
    assert 0 < shown["cacheSeconds"] <= 300


@given(st.text(), st.text(), st.sampled_from(BadgeStanding))
def test_no_text_breaks_a_badge(label: str, message: str, standing: BadgeStanding) -> None:
    check_picture(Badge(label, message, standing))
    check_picture(odd_badge(label, message))


def check_picture(badge: Badge) -> None:
    drawn = svg(badge)
    root = fromstring(drawn)
    assert root.tag == f"{_SVG}svg"
    assert root.get("role") == "img"
    name = root.get("aria-label")
    title = root.find(f"{_SVG}title")
    assert name
    assert title is not None
    assert title.text == name
    texts = root.findall(f".//{_SVG}text")
    assert len(texts) == 2
    edge = 0.0
    for text in texts:  # they lie beside each other, within the picture
        start, length = float(text.get("x") or 0), float(text.get("textLength") or 0)
        assert start >= edge
        edge = start + length
    assert edge <= float(root.get("width") or 0)
    assert b"href" not in drawn
    assert b"<style" not in drawn


@given(st.text(), st.text())
def test_what_is_longer_is_wider(one: str, other: str) -> None:
    assert text_width(one + other) == pytest.approx(text_width(one) + text_width(other))
    assert text_width(one) >= 0
