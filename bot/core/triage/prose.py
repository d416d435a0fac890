"""What a person says in a comment: its lines without code, quotations and what is hidden, after GitHub's Markdown.

The text is walked once, line by line, so that none takes long.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import islice

LONGEST_COMMENT = 65_536
"""Characters of a comment that are read, which is as many as GitHub takes."""

MOST_LINES = 2_000
"""Lines of a comment that are read; commands stand before, if not instead of, a log."""

MOST_MARKS = 4_000
"""Runs of backticks and beginnings of comments up to which a comment is read."""

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_DELETED = dict.fromkeys(map(ord, _INVISIBLE))
_BLANK = " \t"
_INDENT = 4
_FENCE = 3
_RAW = ("<pre", "<script", "<style", "<textarea")
_RAW_ENDS = ("</pre>", "</script>", "</style>", "</textarea>")
_COMMENT, _COMMENT_END = "<!--", "-->"
_MARK = re.compile("`+|<!--")


def spoken_lines(body: str) -> tuple[str, ...]:
    """Give the lines that are said, without the blanks around them and invisible characters before them.

    Left out are fenced, indented and inline code (where a line begins in it), quoted lines, HTML comments and
    preformatted HTML. What is not closed goes on to the end.
    """
    text = body[:LONGEST_COMMENT].replace("\r\n", "\n").replace("\r", "\n")
    surplus = next(islice(_MARK.finditer(text), MOST_MARKS, None), None)
    text = text if surplus is None else text[: surplus.start()]
    walk = _Walk()
    for line in text.split("\n", MOST_LINES)[:MOST_LINES]:
        if line or walk.paragraph:
            walk.take(line)
    walk.end_paragraph()
    return tuple(walk.said)


def without_invisible(text: str) -> str:
    """Take out the characters that nobody sees."""
    return text.translate(_DELETED)


@dataclass(slots=True)
class _Walk:
    """Takes lines one by one, and remembers in what it is: a fence, something that ends with a word, a paragraph."""

    said: list[str] = field(default_factory=list)
    paragraph: list[str] = field(default_factory=list)
    _fence: str = ""
    _until: tuple[str, ...] = ()
    _in_list: bool = False

    def take(self, line: str) -> None:
        """Take the next line."""
        bare = line.strip(_BLANK)
        if not self._fence and not self._until:
            self._outside(line, bare)
        elif self._fence:
            if bare.startswith(self._fence) and not bare.strip(self._fence[0]):
                self._fence = ""
        elif any(end in bare.lower() for end in self._until):
            self._until = ()

    def end_paragraph(self) -> None:
        """Keep the paragraph's lines that begin outside of code and comments; a comment left open stays open."""
        if not self.paragraph:
            return
        lines, self.paragraph = self.paragraph, []
        hidden, is_open = _hidden("\n".join(lines))
        if is_open:
            self._until = (_COMMENT_END,)
        start, span = 0, 0
        for line in lines:
            while span < len(hidden) and hidden[span][1] <= start:
                span += 1
            if not (span < len(hidden) and hidden[span][0] < start) and not _is_indented(line):
                self.said.append(line.lstrip(_BLANK + _INVISIBLE).rstrip(_BLANK))
            start += len(line) + 1

    def _outside(self, line: str, bare: str) -> None:
        item = _without_bullets(bare)
        self._in_list = item != bare or (self._in_list and line[:1] in {"", *_BLANK})
        is_code = _is_indented(line) and not self.paragraph
        fence = "" if is_code and not self._in_list else _opening(item)
        raw = not fence and item[:1] == "<" and item.lower().startswith(_RAW)
        if bare and not bare.startswith(">") and not fence and not raw:
            if not is_code:
                self.paragraph.append(line)
            return
        self.end_paragraph()
        if self._until:  # the paragraph left a comment open: this line is in it
            self.take(line)
        elif fence:
            self._fence = fence
        elif raw and not any(end in bare.lower() for end in _RAW_ENDS):
            self._until = _RAW_ENDS


def _is_indented(line: str) -> bool:
    """Tell whether a line stands so far in that it is code, or would be."""
    return line.startswith(" " * _INDENT) or "\t" in line[: len(line) - len(line.lstrip(_BLANK))]


def _without_bullets(bare: str) -> str:
    """Take the signs of list items from the beginning of a line; a few, as nobody writes more."""
    for _ in range(3):
        head, _, rest = bare.partition(" ")
        if not (head in {"-", "*", "+"} or (1 < len(head) <= _INDENT and head[-1] in ".)" and head[:-1].isdigit())):
            break
        bare = rest.lstrip(_BLANK)
    return bare


def _opening(bare: str) -> str:
    """Give the fence that a line opens, empty if none."""
    mark = bare[:1]
    if mark not in {"`", "~"}:
        return ""
    length = len(bare) - len(bare.lstrip(mark))
    return mark * length if length >= _FENCE and not (mark == "`" and "`" in bare[length:]) else ""


def _hidden(text: str) -> tuple[list[tuple[int, int]], bool]:
    """Find a paragraph's inline code and comments, as places in it, and whether a comment is left open."""
    marks = list(_MARK.finditer(text))
    ends: dict[int, list[int]] = {}
    for mark in marks:
        if mark[0] != _COMMENT:
            ends.setdefault(len(mark[0]), []).append(mark.start())
    found: list[tuple[int, int]] = []
    at = 0
    for mark in marks:
        if mark.start() < at:
            continue
        if mark[0] == _COMMENT:
            end = text.find(_COMMENT_END, mark.start() + 2)
            if end < 0:
                return [*found, (mark.start(), len(text) + 1)], True
            at = end + len(_COMMENT_END)
        else:
            # Of several after a backslash, the first is a plain character.
            start = mark.start() + _is_escaped(text, mark.start())
            at = _code_end(start, mark.end() - start, ends) or mark.end()
        found.append((mark.start(), at))
    return found, False


def _code_end(start: int, length: int, ends: dict[int, list[int]]) -> int | None:
    """Say where the code ends that begins with these backticks: with the next ones that are as many, if there are."""
    places = ends.get(length, [])
    following = bisect_right(places, start)
    return places[following] + length if following < len(places) else None


def _is_escaped(text: str, at: int) -> bool:
    before = at
    while before > 0 and text[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1
