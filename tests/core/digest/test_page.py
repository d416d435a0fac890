from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from inline_snapshot import snapshot

from bot.core.digest.digest import Digest, Issues, Totals
from bot.core.digest.page import page
from bot.core.digest.wording import (
    chart_text,
    sections,
    title,
)
from bot.core.text.sentences import one_line
from tests.core.digest.test_markdown import harmless
from tests.core.digests import BUSY, HOSTILE, QUIET, digests

_WITHOUT_END = frozenset({"meta", "img", "wbr"})
_LINKS = frozenset({"href", "style"})


class _Reader(HTMLParser):
    """Reads a document, and notes what it is made of and where it is not well-formed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.texts: list[tuple[str, str]] = []
        self._goes_on = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        self._goes_on = tag == "wbr"
        if tag not in _WITHOUT_END:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self._goes_on:
            inside, before = self.texts.pop()
            self.texts.append((inside, before + data))
            self._goes_on = False
        elif data.strip():
            self.texts.append((self.open[-1] if self.open else "", data))

    def text(self, tag: str) -> list[str]:
        """Return the texts directly inside a tag."""
        return [text for inside, text in self.texts if inside == tag]

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every such tag."""
        return [dict(attributes) for found, attributes in self.tags if found == tag]


def _read(document: str) -> _Reader:
    reader = _Reader()
    reader.feed(document)
    reader.close()
    return reader


def _structure(document: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    """Return the tags and attributes of a document, but for addresses and widths."""
    return [
        (tag, [(name, None if name in _LINKS else value) for name, value in attributes])
        for tag, attributes in _read(document).tags
        if tag != "wbr"  # wherever a name may break
    ]


@pytest.mark.no_cover  # many examples of what other tests run
@given(digest=digests())
@example(digest=BUSY)
def test_nothing_from_elsewhere_becomes_markup(digest: Digest) -> None:
    reader = _read(page(digest))
    assert (reader.open, reader.wrong) == ([], [])
    assert _structure(page(digest)) == _structure(page(harmless(digest)))


@pytest.mark.no_cover  # many examples of what other tests run
@given(digest=digests())
@example(digest=BUSY)
def test_a_document_needs_nothing_from_elsewhere_and_runs_nothing(digest: Digest) -> None:
    document = page(digest, b"\x89PNG")
    reader = _read(document)
    tags = {tag for tag, _ in reader.tags}
    names = {name for _, attributes in reader.tags for name, _ in attributes}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form", "base"}
    assert not any(name.startswith("on") for name in names)
    assert [image["src"] for image in reader.attributes("img")] == [
        f"data:image/png;base64,{b64encode(bytes([137]) + b'PNG').decode()}"
    ]
    assert all(str(link["href"]).startswith(("https://", "http://")) for link in reader.attributes("a"))
    (style,) = reader.text("style")
    assert re.search(r"url\(|@import|http", style) is None
    document.encode()


@given(digest=digests())
def test_everything_listed_is_in_the_document(digest: Digest) -> None:
    reader = _read(page(digest))
    shown = [text for _, text in reader.texts]
    for section in sections(digest):
        assert section.heading in shown
        for item in section.items:
            assert one_line(item.subject) in shown
            assert one_line(item.words) in shown


def test_a_document_can_be_read_by_everyone() -> None:
    reader = _read(page(BUSY, "digest 2026.png"))
    assert reader.attributes("html") == [{"lang": "en"}]
    assert reader.text("h1") == reader.text("title") == [title(BUSY)]
    assert reader.attributes("img") == [{"src": "digest%202026.png", "alt": chart_text(BUSY)}]
    assert reader.text("h2") == [section.heading for section in sections(BUSY)]
    tables = [tag for tag, _ in reader.tags if tag in {"table", "caption"}]
    assert tables == ["table", "caption"] * len(sections(BUSY))
    assert {attributes["scope"] for attributes in reader.attributes("th")} == {"col"}
    (style,) = reader.text("style")
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style


def test_hostile_text_is_shown_as_it_is() -> None:
    cells = _read(page(BUSY)).text("td")
    assert one_line(HOSTILE) in cells
    assert "<script>" in one_line(HOSTILE)


def test_a_quiet_week_is_a_line() -> None:
    reader = _read(page(replace(QUIET, waiting=(), blocking=0)))
    assert [tag for tag, _ in reader.tags if tag in {"table", "figure"}] == []
    assert reader.text("p") == snapshot(
        [
            "A quiet week: no package gained or lost wheels.",
            "2026-W47 · data read 23 Nov 01:00 UTC · by rules 1.",
            "A wheel shows that a build exists, not that it is thread-safe.",
        ]
    )


def test_a_week_that_is_not_over_says_so() -> None:
    document = page(replace(BUSY, complete=False, issues=Issues()))
    assert "so far</h1>" in document
    assert "so far this week" in document


def test_the_bars_show_the_shares() -> None:
    widths = [attributes["style"] for attributes in _read(page(QUIET)).attributes("i")]
    assert widths == ["width: 50.00%", "width: 11.11%", "width: 27.78%", "width: 5.56%"]


def test_a_list_that_was_cut_says_how_much_is_missing() -> None:
    assert "and 138 more" in _read(page(QUIET)).text("td")


def test_a_repository_breaks_between_its_parts_and_comments_can_be_left_out() -> None:
    document = page(BUSY)
    assert ">lxml/<wbr>lxml#<wbr>7</a>" in document
    assert document.count('<table class="talk">') == 2  # closed and discussed
    (style,) = _read(document).text("style")
    assert ".talk td.note { display: none; }" in style.partition("@media (max-width: 34rem)")[2]


def test_the_heading_of_a_list_that_was_cut_tells_how_many_there_are() -> None:
    digest = replace(BUSY, issues=replace(BUSY.issues, counted=Totals(opened=137)))
    assert "(137)" in _read(page(digest)).text("span")
