"""Who is spoken to in a comment: lines that begin with `@`, each in a paragraph where nothing else stands before it.

GitHub's Markdown and HTML have many ways to quote, to show code and to hide. They are not emulated: a line is read only
where it is plain that it is in none of them, and what may be open hides the rest. The text is walked once, line by
line, so that none takes long.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType

LONGEST_COMMENT = 65_536
"""Characters of a comment that are read, which is as many as GitHub takes."""

MOST_LINES = 2_000
"""Lines of a comment that are read; commands stand before, if not instead of, a log."""

MOST_MARKS = 4_000
"""Runs of backticks, and of what could be HTML, up to which a comment is read."""

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_DELETED = dict.fromkeys(map(ord, _INVISIBLE))
_BLANK = " \t"
_INDENT = 4
_FENCE = 3
_LONGEST_NUMBER = 10

_HIDING = frozenset(
    [
        *("pre", "code", "kbd", "samp", "tt", "var", "xmp", "listing", "plaintext"),
        *("blockquote", "q", "cite", "s", "strike", "del", "script", "style", "textarea", "title"),
        *("noscript", "noembed", "noframes", "iframe", "object", "template", "select", "svg", "math"),
    ]
)
"""HTML in which nobody speaks: code, quotations, what is struck out or not shown."""

_RAW_ENDS = ("</pre>", "</script>", "</style>", "</textarea>")
_RAW = re.compile(r"<(?:pre|script|style|textarea)(?=[\s>]|$)", re.IGNORECASE)
_ENDS: Mapping[str, str] = MappingProxyType({"<!--": "-->", "<![cdata[": "]]>", "<?": "?>", "<!": ">"})
"""How HTML ends that is no element, by how it begins."""

_NO_ELEMENT = re.compile(r"<!--|<!\[CDATA\[|<\?|<!(?=[a-z])", re.IGNORECASE)
_MARK = re.compile(rf"`+|{_NO_ELEMENT.pattern}|</?[a-z][a-z0-9-]*+", re.IGNORECASE)
_ELEMENT = re.compile(r"</?[a-z][a-z0-9-]*+(?=[\s/>]|$)", re.IGNORECASE)
_TAG = re.compile(
    r"</?[a-z][a-z0-9-]*+"
    r"(?:\s++[a-z_:][\w.:-]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'=<>`]++))?+)*+"
    r"\s*+/?>",
    re.IGNORECASE,
)
_GOING_ON = frozenset("<[$~\\")
"""What may begin something that goes on in the next line, or make a backtick none."""


def addressed_lines(body: str) -> tuple[str, ...]:
    """Return the lines that speak to somebody, without blanks around them and invisible characters before them.

    They begin with `@` and are the first in their paragraph, or follow others of the kind. Left out is what may stand
    in code, a list, a quotation or anything of HTML that is open; what is not closed for sure goes on to the end.
    """
    text = body[:LONGEST_COMMENT].replace("\r\n", "\n").replace("\r", "\n")
    surplus = next(islice(_MARK.finditer(text), MOST_MARKS, None), None)
    text = text if surplus is None else text[: surplus.start()]
    walk = _Walk()
    for line in text.split("\n", MOST_LINES)[:MOST_LINES]:
        walk.take(line)
    return tuple(walk.said)


def without_invisible(text: str) -> str:
    """Take out the characters that nobody sees."""
    return text.translate(_DELETED)


@dataclass(frozen=True, slots=True)
class _Fence:
    """What a fence began with; ``column`` is where it stands if it may be in a list, which may end before it."""

    mark: str
    column: int | None


@dataclass(slots=True)
class _Walk:
    """Takes lines one by one, and remembers in what it is; once that is not plain, it is ``lost``.

    ``open_`` counts the elements of HTML that are open and hide what is in them.
    """

    said: list[str] = field(default_factory=list)
    lost: bool = False
    open_: Counter[str] = field(default_factory=Counter)
    _lines: list[str] = field(default_factory=list)
    _quoted: list[str] = field(default_factory=list)
    _fence: _Fence | None = None
    _until: tuple[str, ...] = ()
    _at_start: bool = True
    _speaking: bool = False
    _is_block: bool = False
    _in_list: bool = False

    def take(self, line: str) -> None:
        """Take the next line."""
        if self.lost:
            return
        line = line.expandtabs(_INDENT)
        bare = line.strip(_BLANK)
        indent = len(line) - len(line.lstrip(_BLANK))
        if self._fence is not None:
            self._in_fence(self._fence, bare, indent)
        elif self._until:
            self._in_html(bare)
        elif not bare:
            self._end()
            self._at_start = True
        else:
            self._outside(line, bare, indent)

    def finish(self) -> None:
        """Return what is left open, where the text is a quotation that ends."""
        self.lost = self.lost or bool(self._until and self._until != _RAW_ENDS)
        self._end()

    def _in_fence(self, fence: _Fence, bare: str, indent: int) -> None:
        closes = bare.startswith(fence.mark) and not bare.strip(fence.mark[0])
        if fence.column is None:
            if closes and indent < _INDENT:
                self._fence, self._at_start = None, True
        elif closes and indent == fence.column:
            self._fence = None
        elif bare and (closes or indent < fence.column):
            self.lost = True
        elif _HIDING.intersection(mark[0].strip("</").lower() for mark in _ELEMENT.finditer(bare)):
            self.lost = True  # should it be no fence after all

    def _in_html(self, bare: str) -> None:
        """Take a line of HTML that goes on to a certain end, whatever stands in it."""
        self._lines.append(bare)
        if any(end in bare.lower() for end in self._until):
            is_raw, self._until = self._until == _RAW_ENDS, ()
            self._scan("\n".join(self._lines), is_block=not is_raw, has_code=False)
            self._lines = []

    def _outside(self, line: str, bare: str, indent: int) -> None:
        item = _without_bullets(bare)
        begins, self._at_start = self._at_start, False
        if item != bare or bare.startswith("[^"):  # footnotes go on like lists
            self._in_list = True
        elif begins and not indent:
            self._in_list = False
        if item.startswith(">"):
            if self._lines:
                self._end()
            self._quoted.append(_unquoted(item))
            return
        if self._quoted:
            self._end()
        is_deep = indent >= _INDENT and not self._in_list
        if is_deep and begins:
            self._at_start = True  # it is code, and no paragraph
        elif not is_deep and (mark := _opening(item)):
            self._open_fence(mark, len(line.rstrip(_BLANK)) - len(item))
        elif not is_deep and not self._in_list and not self._is_block and (ends := _html_ends(item)):
            self._end()
            self._until = ends
            self._in_html(bare)
        else:
            self._lines.append(line)
            self._is_block = self._is_block or _ELEMENT.match(item) is not None
            self._listen(line, indent, may_begin=begins or self._speaking)

    def _open_fence(self, mark: str, column: int) -> None:
        self.lost = self.lost or self._is_block  # in HTML it would be none
        self._end()
        self._fence = _Fence(mark, column if self._in_list else None)

    def _listen(self, line: str, indent: int, *, may_begin: bool) -> None:
        """Keep a line that speaks to somebody."""
        spoken = line.lstrip(_BLANK + _INVISIBLE).rstrip(_BLANK)
        is_plain = indent < _INDENT and not (indent and self._in_list) and not self.open_.total() and not self.lost
        self._speaking = may_begin and is_plain and spoken.startswith("@")
        if self._speaking:
            self.said.append(spoken)
            self._speaking = _is_complete(spoken)

    def _end(self) -> None:
        """End a paragraph or a quotation, and see what it leaves open."""
        lines, self._lines = self._lines, []
        quoted, self._quoted = self._quoted, []
        is_block, self._is_block = self._is_block, False
        self._speaking = False
        if lines:
            self._scan("\n".join(lines), is_block=is_block)
        if quoted:
            inner = _Walk()
            for line in quoted:
                inner.take(line)
            inner.finish()
            self.lost = self.lost or inner.lost
            self.open_ += inner.open_

    def _scan(self, text: str, *, is_block: bool, has_code: bool = True) -> None:
        """Count the elements that a text opens and closes; from where that is not sure, closing does not count.

        ``is_block`` is that it may be HTML as a whole, ``has_code`` that backticks may mean something in it.
        """
        code = _Code(text) if has_code else None
        doubtful: Counter[str] = Counter()
        counted, seen, at = self.open_, False, 0
        for mark in _MARK.finditer(text):
            start, begin = mark.start(), mark[0].lower()
            if start < at:
                continue
            if begin[0] == "`":
                if code is not None and (seen or is_block):  # it may be an attribute's
                    counted = doubtful
                elif code is not None:
                    at = code.end(start, mark.end())
            elif (end := _ENDS.get(begin)) is not None:
                if text.rfind(end, start + 2) < 0:
                    self.lost = True
                    return
                if seen:
                    counted = doubtful
                else:
                    at = text.find(end, start + 2) + len(end)
                seen = True
            else:
                tag, seen = _TAG.match(text, start), True
                if tag is None:
                    self.lost = self.lost or (is_block and _ELEMENT.match(text, start) is not None)
                    counted = doubtful
                at = mark.end() if tag is None else tag.end()
                _count(begin, counted)
        self.open_ += doubtful


def _count(begin: str, counted: Counter[str]) -> None:
    name = begin.strip("</")
    if name not in _HIDING:
        return
    if not begin.startswith("</"):
        counted[name] += 1
    elif counted[name]:
        counted[name] -= 1


def _is_complete(spoken: str) -> bool:
    """Return whether a line leaves nothing open that could go on in the next."""
    return _GOING_ON.isdisjoint(spoken) and "``" not in spoken and spoken.count("`") % 2 == 0


def _html_ends(item: str) -> tuple[str, ...]:
    """Return how HTML ends that begins with a line and goes on over blank ones; nothing if it is none."""
    if _RAW.match(item):
        return _RAW_ENDS
    found = _NO_ELEMENT.match(item)
    return () if found is None else (_ENDS[found[0].lower()],)


def _without_bullets(bare: str) -> str:
    """Take the signs of list items from the beginning of a line; a few, as nobody writes more."""
    for _ in range(3):
        head, _, rest = bare.partition(" ")
        is_number = 1 < len(head) <= _LONGEST_NUMBER and head[-1] in ".)" and head[:-1].isdigit()
        if not (head in {"-", "*", "+"} or is_number):
            break
        bare = rest.lstrip(_BLANK)
    return bare


def _unquoted(item: str) -> str:
    """Take the signs of quotation from the beginning of a line, with one blank after them."""
    signs = item[: len(item) - len(item.lstrip("> "))]
    return item[signs.rindex(">") + 1 :].removeprefix(" ")


def _opening(bare: str) -> str:
    """Return the fence that a line opens, empty if none."""
    mark = bare[:1]
    if mark not in {"`", "~"}:
        return ""
    length = len(bare) - len(bare.lstrip(mark))
    return mark * length if length >= _FENCE and not (mark == "`" and "`" in bare[length:]) else ""


class _Code:
    """A paragraph's inline code."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[int, list[int]] = {}
        for found in re.finditer("`+", text):
            self._ends.setdefault(len(found[0]), []).append(found.start())

    def end(self, start: int, after: int) -> int:
        """Return where what begins with these backticks ends: with the next ones that are as many, or at once."""
        start += _is_escaped(self._text, start)  # of several after a backslash, the first is a plain character
        places = self._ends.get(after - start, [])
        following = bisect_right(places, start)
        return places[following] + after - start if following < len(places) else after


def _is_escaped(text: str, at: int) -> bool:
    before = at
    while before > 0 and text[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1
