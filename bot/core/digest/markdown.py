"""A digest as Markdown, for an issue or a mail. Text from elsewhere is never markup in it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.digest.digest import Digest
from bot.core.digest.wording import (
    Item,
    Section,
    Where,
    chart_text,
    listed_unread,
    nowhere,
    quiet_line,
    sections,
    source_line,
    target_line,
    title,
)
from bot.core.text.markdown import plain_markdown
from bot.core.text.whole_list import UNKNOWN, WholeList, more
from bot.core.verdicts.wording import DISCLAIMER


def markdown(digest: Digest, chart: str | None = None, where: Where = nowhere, packages: WholeList = UNKNOWN) -> str:
    """Write a digest as Markdown (CommonMark); ``chart`` is the address or relative path of its image.

    ``where`` tells where all of a section is, ``packages`` where all packages are.
    """
    return "\n".join(_lines(digest, chart, where, packages.in_markdown()))


def _lines(digest: Digest, chart: str | None, where: Where, packages: str) -> Iterator[str]:
    yield f"# {title(digest)}"
    yield ""
    for share in digest.shares:
        yield f"- **{share.target}**: {target_line(digest, share)}"
    if packages:
        yield ""
        yield f"One by one: {packages}."
    if chart is not None:
        yield ""
        yield f"![{chart_text(digest)}](<{chart}>)"
    if (quiet := quiet_line(digest)) is not None:
        yield ""
        yield quiet
    for section in sections(digest):
        yield ""
        yield from _section(section, where)
    yield ""
    yield "---"
    yield ""
    yield f"{source_line(digest)}{listed_unread(digest, plain_markdown)}. {DISCLAIMER}"
    yield ""


def _section(section: Section, where: Where) -> Iterator[str]:
    yield f"## {section.heading} ({section.total})"
    yield ""
    for item in section.items:
        yield f"- {_item(item, section.joint)}"
    if section.rest:
        yield f"- {more(section.rest, where(section).in_markdown())}"


def _item(item: Item, joint: str) -> str:
    subject = plain_markdown(item.subject)
    linked = f"[{subject}]({item.url})" if item.url else subject
    note = f" ({plain_markdown(item.note)})" if item.note else ""
    return f"**{linked}**{joint}{plain_markdown(item.words)}{note}"
