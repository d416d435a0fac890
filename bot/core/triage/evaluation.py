"""What triage would say on threads that it may not be let near: whether a comment would stand, and with what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType

from bot.core.classify.labelled import LabelledThread
from bot.core.classify.scores import Hits
from bot.core.classify.thread import Classification, Thread
from bot.core.github.events import Trigger
from bot.core.github.threads import Issue, IssueRef, ThreadState
from bot.core.inspection.modules import Gil
from bot.core.triage.actions import ActionKind, Mode, Outcome
from bot.core.triage.decide.decisions import decide
from bot.core.triage.decide.texts import sections_of
from bot.core.triage.settings import RepoSettings
from bot.core.triage.snapshot import GilAnswer, Snapshot, WheelAnswer

_OPENED = datetime(2026, 1, 1, tzinfo=UTC)
_SAID = MappingProxyType(
    {
        "wheels": "wheels of {package}, if its newest release has some",
        "gil": "what a wheel of {package} declares, if one was read",
        "needs-info": "what the report lacks",
    }
)


@dataclass(frozen=True, slots=True)
class WouldSay:
    """What a comment on a thread would say, nothing where none would stand; each with what it depends on."""

    says: tuple[str, ...]

    @property
    def stands(self) -> bool:
        """Return whether there would be a comment."""
        return bool(self.says)


def would_say(thread: Thread, said: Classification) -> WouldSay:
    """Return what a comment would say on a thread that was just opened in a repository that lets the bot comment.

    Nothing is looked up: of wheels it is taken that there are some, and of what they declare that it is known.
    """
    snapshot = _snapshot(thread, said)
    for decision in decide(snapshot):
        if decision.action.kind is ActionKind.COMMENT and decision.outcome is Outcome.DO:
            package = next(iter(said.packages), "the package")
            names = sections_of(decision.action.body)
            return WouldSay(tuple(_SAID[name].format(package=package) for name in names if name in _SAID))
    return WouldSay(())


def wanted_comments(threads: Sequence[LabelledThread], comments: Sequence[WouldSay]) -> Hits | None:
    """Return how many comments stand where a person says that one would help; None where nobody says it of any."""
    counted: Counter[tuple[bool, bool]] = Counter()
    for thread, comment in zip(threads, comments, strict=True):
        if thread.labels.comment is not None:
            counted[comment.stands, thread.labels.comment] += 1
    return Hits(counted[True, True], counted[True, False], counted[False, True]) if counted else None


def _snapshot(thread: Thread, said: Classification) -> Snapshot:
    package = next(iter(said.packages), "")
    target = next(iter(said.pythons), "3.14t")
    url = "https://pypi.org/"
    return Snapshot(
        issue=Issue(
            node_id="",
            ref=IssueRef(thread.repo, thread.number),
            title=thread.title,
            body=thread.body or "",
            is_pr=thread.is_pr,
            state=ThreadState.OPEN,
            locked=False,
            author=None,
            labels=(),
            comments=0,
            created=_OPENED,
            updated=_OPENED,
            closed=None,
        ),
        classification=said,
        settings=RepoSettings(mode=Mode.SUGGEST),
        installed=True,
        repository_labels=frozenset(),
        overrides={},
        marks={},
        entries=(),
        wheels=WheelAnswer(package, "1.0", target, None, date(2026, 1, 1), everywhere=True, missing=(), url=url)
        if package
        else None,
        gil=GilAnswer(package, "1.0", target, "", Gil.ON, (package,), url) if package else None,
        related=(),
        app_login="ftbot[bot]",
        suggestions=False,
        reviews={},
        problems=(),
        settings_digest="",
        trigger=Trigger.OPENED,
        now=_OPENED,
        enabled=True,
    )
