"""The one comment that the bot keeps on a thread: which sections it should have now, beside what it says already.

In dry-run only commands change it; a checklist that was posted stays as it is, and a guide is linked at first or never.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.classify.rules.question import ABOUT_SUPPORT
from bot.core.classify.thread import Confidence, KindName
from bot.core.errors import UserError
from bot.core.github.events import Trigger
from bot.core.github.threads import IssueRef, parse_ref
from bot.core.triage.actions import Action, ActionKind, Decision, Mode, Outcome
from bot.core.triage.changeset import MarkKind, Progress
from bot.core.triage.decide import texts as comments
from bot.core.triage.decide.guide import guide_beside
from bot.core.triage.decide.policy import against_asking, against_comment
from bot.core.triage.decide.proposals import asking_mode, concerns, concerns_for_sure, is_used, sure_kinds
from bot.core.triage.snapshot import Snapshot, counts
from bot.core.upstream.threads import WAITING_FOR_WHEELS

RULE = "comment"

_DUPLICATE, _UPSTREAM, _WHEELS, _GIL, _ASKED, _GUIDE, _RELATED = (
    "duplicate",
    "upstream",
    "wheels",
    "gil",
    "needs-info",
    "guide",
    "related",
)
_BESIDE = frozenset({_GUIDE, _RELATED})
"""Sections that help beside others, and are not worth a comment of their own."""

_ASKING_FOR_WHEELS = frozenset({KindName.MISSING_WHEEL, KindName.QUESTION})
ANSWERED_BY_WHEELS = WAITING_FOR_WHEELS | _ASKING_FOR_WHEELS
"""The kinds of threads in which it helps to say which wheels there are, once there are some.

A question is answered if it is about support: the comment is where its author sees it, but no feed says so.
Who wants support as a whole is not answered by wheels that were there before; that some appeared is news.
"""

_WRITING = frozenset({Mode.SUGGEST, Mode.APPLY})
_ANEW = frozenset({Trigger.REOPENED, Trigger.UNLOCKED, Trigger.ASKED})
"""Occasions to do what was given up before."""


@dataclass(frozen=True, slots=True)
class _Section:
    """What a section should say, None if there is nothing to say, and the mode that holds for it."""

    name: str
    text: str | None
    mode: Mode


def kept_comment(snapshot: Snapshot, topics: Sequence[str], comment: int | None, *, labelled: bool) -> Decision | None:
    """Decide what the comment shall say, None if it says it or there is nothing that helps by itself.

    Args:
        snapshot: What the decision rests on.
        topics: What the author is to be asked for.
        comment: The comment with the command that led here, if one did.
        labelled: Whether rules put labels on the thread, or did.
    """
    before = _before(snapshot)
    wanted = list(_sections(snapshot, topics, before, asked=comment is not None))
    shall = _together(
        {section.name: section.text if section.mode in _WRITING else before.get(section.name) for section in wanted}
    )
    if shall != before:
        body = comments.thread_comment(shall, snapshot.name, labelled=labelled)
        return _decision(shall, body, snapshot, Outcome.DO, comment)
    would = _together({section.name: section.text for section in wanted})
    if not would or would == before:
        return None
    body = comments.thread_comment(would, snapshot.name, labelled=labelled)
    return _decision(would, body, snapshot, Outcome.WOULD_DO, comment)


def _before(snapshot: Snapshot) -> Mapping[str, str]:
    """Return the sections of the comment as it is, or will be when everything that is planned is done."""
    last = [entry for entry in snapshot.entries_for(ActionKind.COMMENT) if counts(entry)]
    return comments.sections_of(last[-1].action.body) if last else {}


def _together(sections: Mapping[str, str | None]) -> dict[str, str]:
    """Leave out what says nothing, and what would stand alone though it only helps beside other sections."""
    kept = {name: text for name, text in sections.items() if text}
    return {} if kept.keys() <= _BESIDE else kept


def _sections(
    snapshot: Snapshot, topics: Sequence[str], before: Mapping[str, str], *, asked: bool
) -> Iterator[_Section]:
    mode = snapshot.settings.mode
    duplicate, upstream = (_said(kind, snapshot) for kind in (MarkKind.DUPLICATE, MarkKind.UPSTREAM))
    yield _Section(_DUPLICATE, comments.duplicate_section(duplicate) if duplicate else None, Mode.APPLY)
    yield _Section(_UPSTREAM, comments.upstream_section(upstream) if upstream else None, Mode.APPLY)
    wheels = _wheels(snapshot, told=_WHEELS in before or asked)
    yield wheels
    yield _gil(snapshot, told=_GIL in before or asked)
    asking = comments.needs_info_section(topics) if topics else None
    yield _Section(_ASKED, before.get(_ASKED, asking), asking_mode(snapshot) if topics else Mode.APPLY)
    guide = before.get(_GUIDE) if before else guide_beside(snapshot, topics, is_answered=wheels.text is not None)
    yield _Section(_GUIDE, guide, mode)
    related = snapshot.related if concerns(snapshot) and not snapshot.issue.is_pr else ()
    yield _Section(_RELATED, comments.related_section(related) if related else None, mode)


def _wheels(snapshot: Snapshot, *, told: bool) -> _Section:
    """Say which wheels there are; ``told`` is that it was said before, or a person wants it."""
    answer, settings = snapshot.wheels, snapshot.settings
    is_news = snapshot.trigger is Trigger.WHEELS
    answered = ANSWERED_BY_WHEELS if told or is_news else _ASKING_FOR_WHEELS
    if answer is not None and _may_speak(snapshot, told=told):
        for kind in sure_kinds(snapshot):
            asked = told or kind.kind is not KindName.QUESTION or kind.rule in ABOUT_SUPPORT
            if kind.kind in answered and asked and is_used(kind.kind, snapshot):
                return _Section(_WHEELS, comments.wheels_section(answer), settings.mode_of(kind.kind))
    return _Section(_WHEELS, None, settings.mode)


def _gil(snapshot: Snapshot, *, told: bool) -> _Section:
    """Say what the wheels of a package declare that is said to turn the GIL back on."""
    answer, settings, kind = snapshot.gil, snapshot.settings, KindName.GIL_REENABLED
    is_about_it = _may_speak(snapshot, told=told) and is_used(kind, snapshot)
    said = next((found for found in sure_kinds(snapshot) if found.kind is kind), None)
    if answer is not None and is_about_it and said is not None and (told or said.confidence is Confidence.HIGH):
        return _Section(_GIL, comments.gil_section(answer), settings.mode_of(kind))
    return _Section(_GIL, None, settings.mode)


def _may_speak(snapshot: Snapshot, *, told: bool) -> bool:
    """Return whether there may be an answer: to an issue that is about free-threading for sure, or where one stands."""
    about = concerns(snapshot) if told else concerns_for_sure(snapshot)
    return about and not snapshot.issue.is_pr


def _said(kind: MarkKind, snapshot: Snapshot) -> IssueRef | None:
    try:
        return parse_ref(snapshot.mark(kind))
    except UserError:
        return None


def _decision(
    sections: Mapping[str, str], body: str, snapshot: Snapshot, outcome: Outcome, comment: int | None
) -> Decision:
    issue = snapshot.issue
    written = list(snapshot.entries_for(ActionKind.COMMENT))
    action = Action(
        ActionKind.COMMENT,
        issue.ref,
        issue.node_id,
        ", ".join(sections) or "settled",
        RULE,
        len(written) + 1,  # so that what was said before can be said again
        body=body,
        comment=comment,
    )
    # The newest only: what was refused before it was not refused again.
    given_up = next((each for each in written[-1:] if each.progress is Progress.REFUSED), None)
    if given_up is not None and comments.sections_of(given_up.action.body) != sections:
        given_up = None
    against = against_comment(snapshot) if comment is None else against_asking(action, snapshot)
    if against is None and comment is None and given_up is not None and snapshot.trigger not in _ANEW:
        against = f"It was given up before. {given_up.reason or ''}".strip()
    mode = snapshot.settings.mode
    if against is not None:
        return Decision(action, mode, Outcome.BLOCKED, against)
    if outcome is Outcome.WOULD_DO:
        return Decision(action, mode, outcome, f"The mode is {mode}.")
    reason = "A person asked for it." if comment is not None else "There is something to say that is not said yet."
    return Decision(action, mode, outcome, reason)
