"""Which platforms a thread is about."""

from collections.abc import Iterator, Sequence

from bot.core.classify.text.clauses import Clause, ParsedThread, Part
from bot.core.classify.thread import Reason

PLATFORMS = ("linux", "musllinux", "macos", "windows", "aarch64")
"""The platforms told apart; aarch64 is said beside the system that it runs."""

_SYSTEMS = frozenset(PLATFORMS) - {"aarch64"}


def find_platforms(parsed: ParsedThread) -> tuple[Reason, ...]:
    """Name the platforms that the thread is about; a title that names any leaves the rest of the text no say in it."""
    title = [clause for clause in parsed.clauses if clause.part is Part.TITLE]
    body = [clause for clause in parsed.clauses if clause.part in (Part.OPENING, Part.BODY)]
    named = {reason.value: reason for reason in _platforms(title)}
    settled = not _SYSTEMS.isdisjoint(named)
    for reason in _platforms(body):
        if not (settled and reason.value in _SYSTEMS):
            named.setdefault(reason.value, reason)
    return tuple(named[value] for value in PLATFORMS if value in named)


def _platforms(clauses: list[Clause]) -> Iterator[Reason]:
    for clause in clauses:
        if "both" in clause.terms:
            continue
        for value in PLATFORMS:
            place = clause.terms.get(value)
            if place and not _set_apart(clause.words, place):
                yield Reason("platform", value, clause.excerpt([value]))


def _set_apart(words: Sequence[str], place: tuple[int, int]) -> bool:
    """Return whether a platform is where all is well ("macOS only"), or where the reporter happens to be."""
    if "whl" in words[place[1] + 1 : place[1] + 5] or words[max(0, place[0] - 1) : place[0]] == ("platform",):
        return True
    return words[place[1] + 1 : place[1] + 2] == ("only",) or "only" in words[max(0, place[0] - 2) : place[0]]
