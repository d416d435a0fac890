"""How a thread's text is made plain before it is read.

Terminals and mail wrap lines, so line ends mean nothing here: every run of whitespace becomes one space. Control
characters, lone surrogates and invisible characters go the same way. HTML comments go too, for they hold the
repository's template and not the author's words. Of a very long text the first and the last part are kept: a report
opens with what went wrong, a log ends with it.
"""

import re

HEAD = 24_576
"""Characters kept from the start of a long text."""

TAIL = 8_192
"""Characters kept from the end of a long text."""

TITLE = 512
"""Characters kept of a title; GitHub's own limit is 256."""

_UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ud800-\udfff\ufeff]+")
_TYPOGRAPHY = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-"})


def normalise(text: object, head: int = HEAD, tail: int = TAIL) -> str:
    """Return one line of readable text for anything; what is not a string is empty."""
    if not isinstance(text, str):
        return ""
    if len(text) > head + tail:
        text = f"{text[:head]} {text[len(text) - tail :]}"
    if "<!--" in text:
        text = _without_comments(text)
    if not text.isascii():
        text = text.translate(_TYPOGRAPHY)
    return " ".join(_UNREADABLE.sub(" ", text).split())


def lowered(text: str) -> str:
    """Return the text in lower case, every character in its place, so that an excerpt can be cut from the original."""
    return text.replace("\u0130", "i").lower()  # the one character that is longer in lower case


def _without_comments(text: str) -> str:
    """Drop `<!-- … -->`; a comment that is never closed is kept, for its words may be the author's."""
    kept: list[str] = []
    start = 0
    while (opened := text.find("<!--", start)) >= 0 and (closed := text.find("-->", opened + 4)) >= 0:
        kept.append(text[start:opened])
        start = closed + 3
    kept.append(text[start:])
    return " ".join(kept)
