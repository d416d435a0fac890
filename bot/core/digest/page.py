"""A digest as one HTML document that needs nothing else: no script, no request, light or dark as the reader has it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from urllib.parse import quote

from bot.core.digest.digest import Digest, Share
from bot.core.digest.wording import (
    COMMENTS,
    Item,
    Section,
    Where,
    chart_text,
    listed_unread,
    nowhere,
    percent,
    quiet_line,
    sections,
    source_line,
    target_line,
    title,
)
from bot.core.text.sentences import one_line
from bot.core.text.whole_list import UNKNOWN, WholeList, more
from bot.core.verdicts.wording import DISCLAIMER

_PIECES = re.compile(r"[^-_/#\s]{1,16}[-_/#\s]?|[-_/#\s]")
"""What of a subject stays together: it breaks between its words, and within one only where that is very long."""

_STYLE = """\
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --rule: #d1d9e0; --ground: #fff; --link: #0a5cb8;
  --some: #9cc9ee; --all: #1e79c4; --none: #e6eaef; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --soft: #a0a8b3; --rule: #3b424b; --ground: #16191d; --link: #79b8ff;
    --some: #2b5f8f; --all: #58a6e8; --none: #2a3038; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 50rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 1.25rem; }
a { color: var(--link); text-underline-offset: .15em; }
.shares { list-style: none; margin: 0; padding: 0; display: grid; gap: 1.25rem 2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)); }
.shares strong { display: block; font-size: 1.25rem; }
.shares span { color: var(--soft); }
.bar { display: flex; height: .5rem; margin: .35rem 0; border-radius: .25rem; overflow: hidden;
  background: var(--none); }
.bar i { background: var(--all); }
.bar i + i { background: var(--some); }
figure { margin: 1.75rem 0; }
figure img { display: block; width: 100%; height: auto; }
.quiet { font-size: 1.1rem; }
table { width: 100%; margin: 2rem 0; border-collapse: collapse; }
caption { padding-bottom: .4rem; text-align: left; }
caption h2 { display: inline; font-size: 1.15rem; }
caption span, th, td.note { color: var(--soft); }
th { font-size: .85rem; font-weight: 600; }
th, td { padding: .4rem 1rem .4rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
th:last-child, td:last-child { padding-right: 0; }
td:first-child { width: 34%; font-weight: 600; }
td:nth-child(2) { min-width: 6.5rem; }
th, td:first-child, td.note { overflow-wrap: break-word; }
td.note { width: 8.5rem; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .9rem; }
@media (max-width: 34rem) {
  td:first-child { width: 33%; }
  th, td { padding-right: .6rem; }
  td:first-child, td.note { font-size: .9rem; }
  td.note { width: 5rem; }
  .talk thead th:nth-child(3), .talk td.note { display: none; }
}
@media print {
  :root { --ink: #000; --soft: #444; --rule: #bbb; --ground: #fff; --link: #000; --some: #9cc9ee; --all: #1e79c4;
    --none: #e6eaef; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .bar { print-color-adjust: exact; }
  a { text-decoration: none; }
  tr, figure, .shares li { break-inside: avoid; }
  caption { break-after: avoid; }
}
"""


def page(
    digest: Digest, chart: bytes | str | None = None, where: Where = nowhere, packages: WholeList = UNKNOWN
) -> str:
    """Write a digest as an HTML document; ``chart`` is its image, to be built in, or a relative path to it.

    ``where`` tells where all of a section is, ``packages`` where all packages are.
    """
    return "\n".join(_lines(digest, chart, where, packages)) + "\n"


def _lines(digest: Digest, chart: bytes | str | None, where: Where, packages: WholeList) -> Iterator[str]:
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(title(digest))}</title>"
    yield f"<style>\n{_STYLE}</style>"
    yield "</head>"
    yield "<body>"
    yield "<main>"
    yield f"<h1>{escape(title(digest))}</h1>"
    yield '<ul class="shares">'
    for share in digest.shares:
        yield from _share(digest, share)
    yield "</ul>"
    if all_packages := _leading(packages):
        yield f"<p>One by one: {all_packages}.</p>"
    if chart is not None:
        yield f'<figure><img src="{_source(chart)}" alt="{_text(chart_text(digest))}"></figure>'
    if (quiet := quiet_line(digest)) is not None:
        yield f'<p class="quiet">{_text(quiet)}</p>'
    for section in sections(digest):
        yield from _table(section, where(section))
    yield "</main>"
    yield "<footer>"
    yield f"<p>{_text(source_line(digest))}{_text(listed_unread(digest))}.</p>"
    yield f"<p>{_text(DISCLAIMER)}</p>"
    yield "</footer>"
    yield "</body>"
    yield "</html>"


def _share(digest: Digest, share: Share) -> Iterator[str]:
    yield "<li>"
    yield f"<strong>{share.target}: {percent(share.percent)}</strong>"
    yield f'<div class="bar">{_bar(share.supported, share.packages)}{_bar(share.partial, share.packages)}</div>'
    yield f"<span>{_text(target_line(digest, share))}</span>"
    yield "</li>"


def _bar(part: int, whole: int) -> str:
    return f'<i style="width: {100 * part / max(1, whole):.2f}%"></i>'


def _table(section: Section, whole: WholeList) -> Iterator[str]:
    noted = any(item.note for item in section.items)
    columns = section.columns if noted else section.columns[:2]
    yield '<table class="talk">' if columns[-1] == COMMENTS else "<table>"
    yield f"<caption><h2>{_text(section.heading)}</h2> <span>({section.total})</span></caption>"
    heads = "".join(f'<th scope="col">{_text(column)}</th>' for column in columns)
    yield f"<thead><tr>{heads}</tr></thead>"
    yield "<tbody>"
    for item in section.items:
        note = f'<td class="note">{_text(item.note)}</td>' if noted else ""
        yield f"<tr><td>{_subject(item)}</td><td>{_text(item.words)}</td>{note}</tr>"
    if section.rest:
        yield f'<tr><td colspan="{len(columns)}">{more(section.rest, _leading(whole))}</td></tr>'
    yield "</tbody>"
    yield "</table>"


def _leading(whole: WholeList) -> str:
    """Return what leads to all of a list."""
    if whole.address:
        return f'<a href="{escape(whole.address)}">all of them</a>'
    return f"<code>{escape(whole.command)}</code>" if whole.command else ""


def _subject(item: Item) -> str:
    subject = "<wbr>".join(map(escape, _PIECES.findall(one_line(item.subject))))
    return f'<a href="{escape(item.url)}">{subject}</a>' if item.url else subject


def _source(chart: bytes | str) -> str:
    return quote(chart) if isinstance(chart, str) else f"data:image/png;base64,{b64encode(chart).decode()}"


def _text(text: str) -> str:
    return escape(one_line(text))
