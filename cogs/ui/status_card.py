"""Nouns as Components V2 cards: colour never alone, text from elsewhere never markup, within Discord's limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

import discord
from discord import ui

from bot.core.github.threads import IssueRef, is_repository, linked_ref
from bot.core.inspection.modules import Gil
from bot.core.text.sentences import LONGEST_PIECE, MOST_LISTED, listed, shortened
from bot.core.verdicts.guide_link import guide_link
from bot.core.verdicts.judge import TargetVerdict
from bot.core.verdicts.modifiers import Modifier, ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.core.verdicts.wording import (
    DISCLAIMER,
    LONGEST_LINE,
    advice,
    awaited_line,
    covered_line,
    floor_lines,
    gil_line,
    headline,
    member_lines,
    missing_line,
    modifier_line,
    other_platforms_line,
    reasons,
    since_line,
    target_phrase,
)
from cogs.ui.buttons import Button

MOST_TEXT = 3_500
"""Characters on a card; Discord takes 4,000, and some 10,000 bytes."""

MOST_BYTES = 9_000

COLOURS = {
    "✅": discord.Colour(0x2DA44E),
    "🟡": discord.Colour(0xD4A72C),
    "⛔": discord.Colour(0xCF222E),
    "⬜": discord.Colour(0x8C959F),
    "❔": discord.Colour(0x8250DF),
}
_WITHOUT_TARGETS = frozenset({Verdict.UNKNOWN, Verdict.NOT_FOUND, Verdict.QUARANTINED, Verdict.NO_FILES})
_LONGEST_REF = 160
_MOST_IN_A_ROW = 5
_MARKUP = re.compile(r"([\\*_~`|>#\[\]<]|:(?=\S))")


def plain(text: str, longest: int = LONGEST_PIECE) -> str:
    """Make text from elsewhere mean nothing to Discord: no markup, no mention, no link, no line break."""
    line = shortened(text, longest)
    line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)
    return _MARKUP.sub(r"\\\1", line).replace("@", "@\N{ZERO WIDTH SPACE}")


def link(ref: IssueRef) -> str:
    """Write a thread as a link; what can be no repository's name is no link."""
    name = plain(str(ref), _LONGEST_REF)
    return f"[{name}](<{ref.url}>)" if is_repository(ref.repository) else name


def moment(time: datetime, style: str = "R") -> str:
    """Write a time so that Discord shows it in the reader's own words and zone."""
    return f"<t:{int(time.timestamp())}:{style}>"


def status_card(status: Status, actions: Sequence[Button]) -> ui.LayoutView:
    """Lay out a package's status, with the buttons that act on it and links to where more is known."""
    words = headline(status)
    head = ui.TextDisplay[ui.LayoutView](_head(status))
    page = ui.Button[ui.LayoutView](label="PyPI", url=status.page)
    container = ui.Container[ui.LayoutView](ui.Section(head, accessory=page), accent_colour=COLOURS[words.glyph])
    body = list(_body(status))
    if body:
        container.add_item(ui.Separator())
    for text in _within(body, MOST_TEXT - len(head.content) - 300):
        container.add_item(ui.TextDisplay(text))
    links = [ui.Button[ui.LayoutView](label=label, url=url) for label, url in _link_buttons(status)]
    rows = [[*actions, *links]] if len(actions) + len(links) <= _MOST_IN_A_ROW else [actions, links]
    for row in rows:
        container.add_item(ui.ActionRow(*row))
    container.add_item(ui.TextDisplay(_foot(status)))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return view


def has_floors(status: Status) -> bool:
    """Return whether the wheels' tags name the oldest systems that they work on."""
    return any(cover.floor is not None for each in status.judgement.targets for cover in each.covered.values())


def floors_card(status: Status) -> ui.LayoutView:
    """Lay out on which systems a package's wheels work, by Python and platform."""
    version = "" if status.judgement.version is None else f" {plain(str(status.judgement.version), 60)}"
    lines = {each.target: floor_lines(each) for each in status.judgement.targets[:MOST_LISTED]}
    texts = ["\n- ".join([f"**{target}**", *map(plain, some)]) for target, some in lines.items() if some]
    head = f"### {plain(status.package)}{version}: the oldest systems"
    return text_card("\n".join(_within([head, *(texts or ["Its wheels name none."])], MOST_TEXT)))


def text_card(text: str, actions: Sequence[Button] = ()) -> ui.LayoutView:
    """Lay out a text of ours, with buttons where there are any."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    if actions:
        view.add_item(ui.ActionRow(*actions))
    return view


def _head(status: Status) -> str:
    words = headline(status)
    version = "" if status.judgement.version is None else f" {plain(str(status.judgement.version), 60)}"
    sentence = words.sentence.format(target=f"free-threaded Python {status.headline.target}")
    word = words.word[0].upper() + words.word[1:]
    lines = [f"### {words.glyph} {plain(status.package)}{version}", f"**{word}**: it {sentence}."]
    if status.stale:
        lines.insert(0, f"The index could not be read now. This is what I knew {moment(status.checked)}:")
    return "\n".join(lines)


def _body(status: Status) -> Iterator[str]:
    if status.headline.verdict not in _WITHOUT_TARGETS:
        targets = status.judgement.targets
        for verdict in targets[:MOST_LISTED]:
            yield _target_lines(verdict)
        if len(targets) > MOST_LISTED:
            yield f"-# and {len(targets) - MOST_LISTED} more Pythons: ftbot status {plain(status.package, 100)}"
    if status.open_issues is not None:
        which = f" · all: /ftissues package: {plain(status.package, 100)}" if status.open_issues else ""
        yield f"**Open free-threading issues:** {status.open_issues}{_tracked(status.tracking_issue)}{which}"
    notes = list(_notes(status))
    if notes:
        yield "\n".join(notes)


def _target_lines(verdict: TargetVerdict) -> str:
    words = target_phrase(verdict)
    covered = covered_line(verdict)
    lines = [f"{words.glyph} **{verdict.target}** — {covered or words.word}"]
    if verdict.covered and verdict.missing:
        lines.append(f"-# no wheel: {missing_line(verdict)}")
    if gil := gil_line(verdict):
        lines.append(f"-# {'⚠️ ' if verdict.gil is Gil.ON else ''}{gil}")
    if since := since_line(verdict):
        lines.append(f"-# {plain(since)}")
    return "\n".join(lines)


def _tracked(address: str | None) -> str:
    """Name the tracking issue with a link to it; what is no address of a thread has its button only."""
    ref = None if address is None else linked_ref(address)
    return "" if ref is None else f" · tracked in {link(ref)}"


def _notes(status: Status) -> Iterator[str]:
    targets = status.judgement.targets
    # What is about one target was read from files, names of modules included: never markup.
    about_targets = dict.fromkeys(modifier_line(modifier) for verdict in targets for modifier in verdict.modifiers)
    lines = [plain(line, LONGEST_LINE) for line in about_targets]
    awaited = awaited_line(status)
    about = (*reasons(status), *advice(status), *member_lines(status), *(() if awaited is None else (awaited,)))
    for line in (*lines, *map(plain, about), *map(_modifier, status.judgement.modifiers)):
        yield f"- {line}"
    if status.judgement.other_platforms:
        names = listed([plain(name, 40) for name in status.judgement.other_platforms], 5)
        yield f"-# {other_platforms_line(names)}"


def _modifier(modifier: Modifier) -> str:
    if modifier.kind in {ModifierKind.GIL_REENABLED, ModifierKind.FAMILY}:
        return modifier_line(modifier)  # with a link, from our own list
    return plain(modifier_line(modifier), LONGEST_LINE)


def _link_buttons(status: Status) -> Iterator[tuple[str, str]]:
    if status.tracking_issue is not None:
        yield "Tracking issue", status.tracking_issue
    if status.source is not None:
        yield "Source", status.source
    yield "Guide", guide_link(status)


def _foot(status: Status) -> str:
    return f"-# PyPI data from {moment(status.checked)} · {DISCLAIMER}"


def _within(texts: Sequence[str], most: int) -> Iterator[str]:
    """Return texts as long as they fit, in characters and bytes; the last one is cut at a line."""
    characters, size = most, MOST_BYTES - 1_000
    for text in texts:
        kept: list[str] = []
        for line in text.split("\n"):
            characters -= len(line) + 1
            size -= len(line.encode()) + 1
            if characters < 0 or size < 0:
                break
            kept.append(line)
        if kept:
            yield "\n".join(kept)
        if characters < 0 or size < 0:
            return
        size -= 12  # what Discord counts for each text besides its bytes
