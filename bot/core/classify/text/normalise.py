"""How a thread's text is made plain before it is read.

Terminals and mail wrap lines, so a line's end means nothing: every run of whitespace becomes one space. Control
characters, lone surrogates and invisible characters go the same way. HTML comments go too, for they hold the
repository's template and not the author's words. Of a very long text the first and the last part are kept: a report
opens with what went wrong, a log ends with it.

A body is Markdown, whose paragraphs, list items and headings stand apart: no sentence runs from one into the next. What
stands in a fence or behind `>` is quoted: a log, somebody else's page, a file. It shows what happened, but is not what
the author speaks of.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

HEAD = 24_576
"""Characters kept from the start of a long text."""

TAIL = 8_192
"""Characters kept from the end of a long text."""

BLOCKS = 2_000
"""Blocks that are looked at in one body; no report by a person comes near."""

TITLE = 512
"""Characters kept of a title; GitHub's own limit is 256."""

_GLUED = re.compile(
    r"(?<=[A-Za-z0-9])(?=(?i:freethread|nogil))|(?<=(?i:reethreaded))(?=[A-Z])|(?<=(?i:threading))(?=[A-Z])"
    r"|(?<=(?i:nogil))(?=[A-Z])"
)
"""Where words begin that are glued to others, as in `python313FreeThreading` and `UnixNoGilBuild`."""

_FENCES = ("```", "~~~")
_APART = re.compile(r"(?:[-*+]|\d{1,3}[.)]) +\S|#{1,6} +\S")
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ud800-\udfff\ufeff]+")
_TYPOGRAPHY = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-"})


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item or heading in one line; ``quoted`` where it is code or somebody else's words."""

    text: str
    quoted: bool = False
    heading: bool = False


@dataclass(slots=True)
class _Page:
    """Markdown as it is read, line by line."""

    lines: list[str] = field(default_factory=list)
    fence: str = ""
    quoting: bool = False

    def read(self, text: str) -> Iterator[Block]:
        """Return the blocks of a text."""
        for line in text.splitlines():
            yield from self._take(_one_line(line))
        yield from self._end()

    def _take(self, line: str) -> Iterator[Block]:
        mark = line[:3]
        if mark == self.fence or (not self.fence and mark in _FENCES and mark not in line[3:]):
            yield from self._end()
            self.fence = "" if self.fence else mark
            return
        quoting = bool(self.fence) or line.startswith(">")
        apart = not self.fence and _APART.match(line) is not None
        if not line or apart or quoting != self.quoting:
            yield from self._end()
        self.quoting = quoting
        if line := line.lstrip("> ") if not self.fence and quoting else line:
            self.lines.append(line)
        if apart and line.startswith("#"):
            yield from self._end(heading=True)

    def _end(self, *, heading: bool = False) -> Iterator[Block]:
        if self.lines:
            yield Block(" ".join(self.lines), self.quoting, heading)
            self.lines.clear()


def normalise(text: object, head: int = HEAD, tail: int = TAIL) -> str:
    """Return one line of readable text for anything; what is not a string is empty."""
    return _one_line(_readable(text, head, tail))


def blocks(text: object) -> tuple[Block, ...]:
    """Return the paragraphs of a body, each one line of readable text; of what is not a string there are none."""
    return tuple(islice(_Page().read(_readable(text, HEAD, TAIL)), BLOCKS))


def lowered(text: str) -> str:
    """Return the text in lower case, every character in its place, so that an excerpt can be cut from the original."""
    return text.replace("\u0130", "i").lower()  # the one character that is longer in lower case


def _readable(text: object, head: int, tail: int) -> str:
    """Leave out what nobody reads."""
    if not isinstance(text, str):
        return ""
    if len(text) > head + tail:
        text = f"{text[:head]} {text[len(text) - tail :]}"
    if "<!--" in text:
        text = _without_comments(text)
    return text if text.isascii() else text.translate(_TYPOGRAPHY)


def _one_line(text: str) -> str:
    return " ".join(_GLUED.sub(" ", _UNREADABLE.sub(" ", text)).split())


def _without_comments(text: str) -> str:
    """Drop `<!-- … -->`; a comment that is never closed is kept, for its words may be the author's."""
    kept: list[str] = []
    start = 0
    while (opened := text.find("<!--", start)) >= 0 and (closed := text.find("-->", opened + 4)) >= 0:
        kept.append(text[start:opened])
        start = closed + 3
    kept.append(text[start:])
    return " ".join(kept)
