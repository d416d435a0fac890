"""The comments that the bot writes on GitHub.

Text from elsewhere is data in them: it mentions nobody, links nothing, and cannot pass for one of the bot's own marks.
Links to threads leave no backlink there. The bot's name stands in code only, where it calls nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from bot.core.classify.thread import Confidence
from bot.core.github.threads import IssueRef, ThreadState
from bot.core.guide.sections import GuideTopic, section_title, section_url
from bot.core.inspection.modules import MOST_NAMED, Gil
from bot.core.text.markdown import plain_markdown
from bot.core.text.sentences import listed, shortened
from bot.core.triage.actions import TOPICS, Action, ActionKind
from bot.core.triage.settings import PATH
from bot.core.triage.snapshot import GilAnswer, Related, WheelAnswer
from bot.core.wheels.platforms import PLATFORM_NAMES, Platform

MARKER = "<!-- ftbot:thread -->"
"""The first line of the one comment that the bot keeps on a thread."""

LONGEST_BODY = 8_000
"""Bytes of a comment in UTF-8, with its mark, at most."""

LONGEST_RATIONALE = 280
"""Characters that GitHub takes as the reason for a suggested label."""

SUGGESTED = Confidence.MEDIUM
"""How sure a label is that is suggested in GitHub's own way: a person is to look at it."""

DOCS = "https://github.com/ftbot-dev/ftbot/blob/main/docs/triage.md"

MOST_RELATED = 3

LONGEST_PIECE = 120
"""Characters of a title or an excerpt."""

MOST_LINES = 10
"""Lines of a list."""

_LONGEST_LINK = 300
_ZERO = "\N{ZERO WIDTH SPACE}"
_CALLING = re.compile(r"([@#<:]|www(?=\.)|\bGH(?=-))", re.IGNORECASE)
_SECTION = re.compile(r"<!-- ftbot:section ([a-z-]{1,30}) -->\n")
_END = "<!-- ftbot:end -->\n"
_MARKS = 100
"""Bytes kept free for the mark of a reply."""


def reply_marker(key: str) -> str:
    """Return the hidden line by which a reply or notice is found again; ``key`` is its action's."""
    return f"<!-- ftbot:reply {key} -->"


def is_marked(body: str, marker: str) -> bool:
    """Return whether a comment of the bot's own has a mark: as its whole first line, where nothing is ever quoted."""
    return body.partition("\n")[0].rstrip("\r") == marker


def written_body(action: Action) -> str:
    """Return the text that goes to GitHub for a COMMENT, REPLY or NOTICE, with the mark by which it is found again."""
    if action.kind is ActionKind.COMMENT:
        return action.body
    return f"{reply_marker(action.key)}\n{action.body}"


def rationale(action: Action) -> str:
    """Return why a label is suggested, for SUGGEST_LABEL; text that means nothing more wherever it is shown."""
    words = _CALLING.sub(rf"\1{_ZERO}", shortened(_visible(action.evidence), LONGEST_RATIONALE // 2))
    return f"“{words}” (rule {action.rule}, version {action.version})"[:LONGEST_RATIONALE]


def quoted(text: str, longest: int = 300) -> str:
    """Make text from elsewhere mean nothing in a line of Markdown, and cut it."""
    return plain_markdown(shortened(_visible(text), longest))


# -- the comment that is kept


def sections_of(body: str) -> dict[str, str]:
    """Take a comment that was written here apart again: name of each section → its text."""
    start = body.partition(_END)[0]
    pieces = _SECTION.split(start)
    return {name: text.strip("\n") for name, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def thread_comment(sections: Mapping[str, str], name: str, *, labelled: bool) -> str:
    """Write the comment that is kept on a thread; without sections, all that it said is settled.

    ``labelled`` is that the bot also puts labels on the thread, or did.
    """
    texts = [f"<!-- ftbot:section {section} -->\n{text}" for section, text in sections.items()]
    return "\n\n".join([MARKER, *(texts or ["What stood here is settled."]), _END + _foot(name, labelled=labelled)])


def duplicate_section(ref: IssueRef) -> str:
    """Return which thread this one is a duplicate of."""
    return f"A maintainer says that this is a duplicate of {_thread_link(ref)}."


def upstream_section(ref: IssueRef) -> str:
    """Return where the problem is dealt with."""
    return f"A maintainer says that this is dealt with upstream, in {_thread_link(ref)}."


def wheels_section(answer: WheelAnswer) -> str:
    """Return which wheels there are; that it installs, never how it behaves."""
    release = f"{quoted(answer.package, 100)} {quoted(answer.version, 60)}"
    target = quoted(answer.target, 20)
    is_newest = answer.since_version in {None, answer.version}
    name = release if is_newest else quoted(answer.package, 100)
    linked = f"**[{name}]({answer.url})**" if _is_plain_link(answer.url) else f"**{name}**"
    day = "" if answer.since is None else f"{answer.since:%Y-%m-%d}"
    missing = quoted(listed([_platform(name) for name in answer.missing]))
    where = " on some platforms"
    if answer.everywhere:
        where = " on every platform that this release has wheels for"
    elif missing:
        where = f", except on {missing}, where there is none yet"
    if is_newest:
        said = f"{linked} has wheels for {target}{f' since {day}' if day else ''}: it installs"
    else:
        first = quoted(answer.since_version or "", 60) + (f" ({day})" if day else "")
        newest = quoted(answer.version, 60)
        said = f"{linked} has wheels for {target} since {first}; the newest release is {newest}, and installs"
    caution = "A wheel shows that a build exists, and nothing about how it behaves."
    return f"{said} on {target}{where}. {caution}"


def gil_section(answer: GilAnswer) -> str:
    """Return what a wheel declares about the GIL: that it was read, never how what it holds behaves."""
    package, target = quoted(answer.package, 100), quoted(answer.target, 20)
    name = f"{package} {quoted(answer.version, 60)}"
    linked = f"**[{name}]({answer.url})**" if _is_plain_link(answer.url) else f"**{name}**"
    since = "" if answer.since in {None, answer.version} else f", as since {quoted(answer.since or '', 60)}"
    before = quoted(answer.before or "", 60)
    if answer.gil is Gil.ON:
        what = f"does not declare that {_modules(answer.modules)} can do without the GIL"
        said = f"{linked} turns the GIL back on when imported on {target}{since}: its wheel {what}."
        earlier = f" Before, {package} {before} kept it off." if before else ""
        earlier += f" [How modules declare it]({section_url(GuideTopic.DECLARING)})."
    else:
        tests = ", tests left aside," if answer.but_tests else ""
        said = f"{linked} declares that its extension modules{tests} do without the GIL on {target}{since}."
        earlier = f" Before, in {package} {before}, {_modules(answer.modules_before)} turned it on." if before else ""
    caution = "was read and not run: that says nothing about what else is imported, or how it behaves."
    return f"{said}{earlier} The file {quoted(answer.wheel)} {caution}"


def _modules(names: Sequence[str]) -> str:
    return listed([quoted(name, LONGEST_PIECE) for name in names], MOST_NAMED)


_CHECKLIST: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "versions": (
            "the output of `python -VV`",
            'the output of `python -c "import sys; print(sys._is_gil_enabled())"`, your imports before the `print`',
            "the output of `python -m pip list`",
        ),
        "repro": (
            "the shortest code that shows it",
            "whether it happens on the ordinary build, the one with the GIL, too",
        ),
        "log": (
            "the whole traceback or report; for a crash, from `python -X faulthandler your_script.py`",
            f"for a data race, what [ThreadSanitizer]({section_url(GuideTopic.RACES)}) reports",
        ),
    }
)


def needs_info_section(topics: Sequence[str]) -> str:
    """Ask the author for what a report lacks."""
    asked = [f"- [ ] {line}" for topic in TOPICS if topic in topics for line in _CHECKLIST[topic]]
    lead = "To look into this, somebody will need a little more. Please add, here or in the description:"
    return "\n".join([lead, "", *asked])


def guide_section(topic: GuideTopic) -> str:
    """Link the section of the guide that helps."""
    return f"The free-threading guide has a section on this: [{section_title(topic)}]({section_url(topic)})."


def related_section(related: Sequence[Related]) -> str:
    """Link known threads about the same."""
    lines = [
        f"- {_thread_link(each.ref)}: {quoted(each.title, LONGEST_PIECE)}{_STATES[each.state]}"
        for each in related[:MOST_RELATED]
    ]
    return "\n".join(["Known threads that may be related:", "", *lines])


_STATES: Mapping[ThreadState, str] = MappingProxyType(
    {ThreadState.OPEN: "", ThreadState.CLOSED: " (closed)", ThreadState.MERGED: " (merged)"}
)


# -- what is said once


def notice(problems: Sequence[str]) -> str:
    """Return what is wrong with a repository's settings, and what holds meanwhile."""
    lead = f"`{PATH}` cannot be used, so nothing is labelled or suggested here until it is mended:"
    lines = [f"- {coded(problem)}" for problem in problems[:MOST_LINES]]
    foot = f"This is said once for each content of the file. [Every key it may have]({DOCS}#the-file)"
    return bounded([lead, "", *lines], ["", f"<sub>{foot}</sub>"])


# -- pieces


def _foot(name: str, *, labelled: bool) -> str:
    """End the comment that is kept: what wrote it, how to correct it, where to read more."""
    taking_off = "Take its label off and it stays off. " if labelled else ""
    silence = f"Give this a \N{THUMBS DOWN SIGN}, or say `@{name} ignore`."
    return f"<sub>Written by a program. Wrong? {taking_off}{silence} [How this works]({DOCS})</sub>"


REPLY_FOOT = f"<sub>[How this works]({DOCS})</sub>"
"""Ends an answer to a command."""


def _thread_link(ref: IssueRef) -> str:
    return f"[{quoted(str(ref))}]({ref.quiet_url})"


def _platform(name: str) -> str:
    return PLATFORM_NAMES[Platform(name)] if name in set(Platform) else name


def _is_plain_link(url: str) -> bool:
    """Return whether an address can stand in a link as it is, and is on the package index, not on GitHub."""
    return len(url) <= _LONGEST_LINK and re.fullmatch(r"https://pypi\.org/[A-Za-z0-9._~%/-]*", url) is not None


def coded(text: str) -> str:
    """Show a sentence of the bot's own in which pieces from elsewhere stand between backticks, as code."""
    pieces = shortened(text, 500).split("`")
    if len(pieces) % 2 == 0:
        return quoted(text)
    return "".join(_code(piece) if number % 2 else _spaced(piece) for number, piece in enumerate(pieces))


def _spaced(text: str) -> str:
    """Quote a piece and leave the blanks around it, which part it from what stands beside it."""
    before, after = (" " if part else "" for part in (text[:1].isspace(), text.strip() and text[-1:].isspace()))
    return f"{before}{quoted(text)}{after}"


def _code(text: str) -> str:
    words = _CALLING.sub(rf"\1{_ZERO}", _visible(text))
    return f"`{words}`" if words.strip() else words


def _visible(text: str) -> str:
    """Leave out what is not shown, and what could turn the direction of the text around."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def bounded(lines: Iterable[str], tail: Sequence[str]) -> str:
    """Join lines as far as a comment may be long, and what it ends with."""
    room = LONGEST_BODY - _MARKS - sum(_size(line) for line in tail)
    kept: list[str] = []
    for line in lines:
        room -= _size(line)
        if room < _size("…"):
            kept.append("…")
            break
        kept.append(line)
    return "\n".join([*kept, *tail])


def _size(line: str) -> int:
    return len(line.encode("utf-8", "replace")) + 1
