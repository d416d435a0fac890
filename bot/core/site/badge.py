"""Badges: a Python and a verdict in a word or two, as SVG and as what shields makes one of.

The picture needs no font and no file besides itself. How it stands is told by the word, and again by a sign and a
colour.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from xml.sax.saxutils import escape, quoteattr

from bot.core.inspection.modules import Gil
from bot.core.text.sentences import one_line
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.core.verdicts.wording import target_phrase
from bot.core.wheels.targets import Target


class BadgeStanding(Enum):
    """How good the news is: the colour of the badge, what shields calls it, and the sign beside the word."""

    GOOD = ("#1a7f37", "brightgreen", "M3 7.5 6 10.5 11 4")
    PARTLY = ("#9a6700", "yellow", "M2.5 8.5c1.6-2.6 3-2.6 4.5-1s2.9 1.6 4.5-1")
    NOT = ("#cf222e", "red", "M3.5 3.5l7 7m0-7l-7 7")
    UNKNOWN = ("#57606a", "lightgrey", "M3 7.5h.1m3.9 0h.1m3.9 0h.1")

    @property
    def colour(self) -> str:
        """Return the ground, on which white text has a contrast of 4.5 at least."""
        return self.value[0]

    @property
    def shields(self) -> str:
        """Return what shields calls the colour."""
        return self.value[1]

    @property
    def sign(self) -> str:
        """Return the path of the sign, within 14 by 14."""
        return self.value[2]


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says: what is looked at, how it stands, and for how many seconds that is believed."""

    label: str
    message: str
    standing: BadgeStanding
    seconds: int = 300


_CHECKING_SECONDS = 30
_PARTLY = frozenset({Verdict.PARTIAL, Verdict.PURE_FALLBACK})


def badge_of(status: Status, target: Target | None = None) -> Badge:
    """Return the badge of a package for a target, by default the headline's; one that was not judged says so."""
    verdict = next((each for each in status.judgement.targets if target in {None, each.target}), None)
    if verdict is None:
        return Badge(str(target), "not judged here", BadgeStanding.UNKNOWN)
    ok = verdict.verdict.ok
    if ok is None:
        standing = BadgeStanding.UNKNOWN
    elif not ok:
        standing = BadgeStanding.NOT
    elif verdict.verdict in _PARTLY or verdict.gil is Gil.ON:
        standing = BadgeStanding.PARTLY
    else:
        standing = BadgeStanding.GOOD
    return Badge(str(verdict.target), target_phrase(verdict).word, standing)


def checking_badge(target: Target) -> Badge:
    """Return the badge of a package that is being looked up."""
    return Badge(str(target), "checking", BadgeStanding.UNKNOWN, _CHECKING_SECONDS)


def odd_badge(label: str, message: str) -> Badge:
    """Return the badge for a question that has no answer, such as about a name that no package has."""
    return Badge(label, message, BadgeStanding.UNKNOWN)


def shields_json(badge: Badge) -> bytes:
    """Return a badge as shields reads it from an address (its endpoint badge, schemaVersion 1)."""
    content = {
        "schemaVersion": 1,
        "label": badge.label,
        "message": badge.message,
        "color": badge.standing.shields,
        "cacheSeconds": badge.seconds,
    }
    return json.dumps(content).encode()


def svg(badge: Badge) -> bytes:
    """Draw a badge; the same badge gives the same bytes."""
    label, message = one_line(badge.label), one_line(badge.message)
    left, right = text_width(label), text_width(message)
    edge, width = round(left + 2 * _PAD), round(left + right + 4 * _PAD + _SIGN)
    spoken = f"Free-threaded Python {label}: {message}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img"'
        f" aria-label={quoteattr(spoken)}><title>{escape(spoken)}</title>"
        # Two halves with round ends, without a clip path: badges side by side in one page would share its name.
        f'<path fill="#24292f" d="M{edge} 0H3a3 3 0 0 0-3 3v14a3 3 0 0 0 3 3h{edge - 3}z"/>'
        f'<path fill="{badge.standing.colour}" d="M{edge} 0H{width - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{edge}z"/>'
        f'<path fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"'
        f' transform="translate({edge + _PAD - 1} 3)" d="{badge.standing.sign}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f"{_text(_PAD, left, label)}{_text(edge + _PAD + _SIGN, right, message)}</g></svg>"
    ).encode()


def _text(x: int, width: float, words: str) -> str:
    """Write words to be as wide as measured, whatever font there is."""
    return f'<text x="{x}" y="14" textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs">{escape(words)}</text>'


_PAD = 6
_SIGN = 16
"""The place of the sign, and what is between it and the word."""

_SIZE = 11
_WIDEST = 1000
_ADVANCES: Mapping[str, int] = MappingProxyType(
    {
        sign: advance
        for advance, signs in (
            (275, "'"),
            (278, "ijl"),
            (295, "IJ"),
            (318, " ,."),
            (337, "/:;\\|"),
            (352, "f"),
            (361, "-"),
            (390, "()[]"),
            (392, "t"),
            (401, "!"),
            (411, "r"),
            (460, '"'),
            (500, "*_`"),
            (523, "sz"),
            (531, "?"),
            (550, "c"),
            (566, "FL"),
            (579, "k"),
            (592, "vxy"),
            (607, "PTY"),
            (614, "aeo"),
            (634, "EShnubdgpq"),
            (636, "$0123456789{}"),
            (656, "K"),
            (685, "ABVXZ"),
            (697, "CR"),
            (732, "U"),
            (750, "HN"),
            (772, "DG"),
            (784, "&OQ"),
            (818, "w"),
            (838, "#+<=>^~"),
            (863, "M"),
            (950, "%"),
            (974, "m"),
            (989, "W"),
        )
        for sign in signs
    }
)
"""How wide signs are in DejaVu Sans, in thousandths of the size of the font; Verdana's differ by a few."""


def text_width(text: str) -> float:
    """Return how wide a text is in a badge, in pixels; what is not in the table counts as the widest there is."""
    return sum(_ADVANCES.get(sign, _WIDEST) for sign in text) * _SIZE / 1000
