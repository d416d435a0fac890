"""What happened upstream in a week, for its digest: each thread once a list, the most talked about first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from bot.core.digest.digest import DigestThread, Issues, Totals
from bot.core.upstream.threads import EventKind, ThreadEvent, wheels_of

MOST_THREADS = 100
"""Threads in a list of a digest; of a week in which more happens the others are counted."""

TALK = 3
"""Comments of one week from which on a thread was discussed."""

_ENDS = frozenset({EventKind.CLOSED, EventKind.MERGED})
_TURNS = _ENDS | {EventKind.REOPENED}


def issues_of(events: Iterable[ThreadEvent]) -> Issues:
    """Sum up the events of a week, in the order in which they happened.

    What was closed and opened again was not closed. ``discussed`` counts the comments of the week, the others all.
    """
    threads: defaultdict[str, list[ThreadEvent]] = defaultdict(list)
    for event in events:
        threads[event.node_id].append(event)
    every = list(threads.values())
    opened, closed = list(filter(_was_opened, every)), list(filter(_was_closed, every))
    discussed = [story for story in every if _comments(story) >= TALK]
    answered = [story for story in every if _answer(story)]
    return Issues(
        opened=_listed(opened, _all_comments),
        closed=_listed(closed, _all_comments),
        discussed=_listed(discussed, _comments),
        answered=_listed(answered, _all_comments, answered=True),
        counted=Totals(len(opened), len(closed), len(discussed), len(answered)),
    )


def _listed(
    stories: Iterable[Sequence[ThreadEvent]],
    comments: Callable[[Sequence[ThreadEvent]], int],
    *,
    answered: bool = False,
) -> tuple[DigestThread, ...]:
    ordered = sorted(stories, key=lambda story: (-comments(story), story[-1].ref))
    return tuple(
        DigestThread(
            repository=story[-1].ref.repository,
            number=story[-1].ref.number,
            title=story[-1].title,
            url=story[-1].ref.url,
            comments=comments(story),
            answer=_answer(story) if answered else "",
        )
        for story in ordered[:MOST_THREADS]
    )


def _was_opened(story: Sequence[ThreadEvent]) -> bool:
    return any(event.kind is EventKind.OPENED for event in story)


def _was_closed(story: Sequence[ThreadEvent]) -> bool:
    turns = [event.kind for event in story if event.kind in _TURNS]
    return bool(turns) and turns[-1] in _ENDS


def _all_comments(story: Sequence[ThreadEvent]) -> int:
    return story[-1].comments


def _comments(story: Sequence[ThreadEvent]) -> int:
    said = (event.detail for event in story if event.kind is EventKind.COMMENTED)
    return sum(int(detail) for detail in said if detail.isdecimal())


def _answer(story: Sequence[ThreadEvent]) -> str:
    """Name the release with the wheels, the last one if there are several, and the Pythons that it has them for."""
    told = [wheels_of(event) for event in story if event.kind is EventKind.WHEELS]
    if not told:
        return ""
    newest = [each for each in told if each.version == told[-1].version]
    has = " and ".join(sorted({each.target for each in newest if not each.gil_off}))
    off = " and ".join(sorted({each.target for each in newest if each.gil_off}))
    release = f"{story[-1].package or ''} {told[-1].version}".strip()
    return f"{release}{f' for {has}' if has else ''}{f', which keeps the GIL off on {off}' if off else ''}"
