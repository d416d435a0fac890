"""All that a decision rests on, as it was at one moment; deciding looks at nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.core.classify.thread import Classification
from bot.core.github.events import Trigger
from bot.core.github.threads import Issue, IssueRef, ThreadState
from bot.core.inspection.modules import Gil
from bot.core.triage.actions import Action, ActionKind, Outcome
from bot.core.triage.changeset import Effects, LabelOverride, MarkKind, OutboxEntry, Progress, ThreadMark
from bot.core.triage.overrides import latest_override, merge_overrides, same_label
from bot.core.triage.settings import NAME, RepoSettings

_UNDONE = frozenset({Progress.DROPPED, Progress.REFUSED})


@dataclass(frozen=True, slots=True)
class WheelAnswer:
    """The newest release of a package has wheels for a free-threaded Python.

    ``since_version`` is the oldest stable release from which on every one has wheels, ``since`` the day of its first;
    None where there is none, or it is not known. ``everywhere`` is on every platform that the newest release supports;
    ``missing`` names the others.
    """

    package: str
    version: str
    target: str
    since_version: str | None
    since: date | None
    everywhere: bool
    missing: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class GilAnswer:
    """What importing a package on a free-threaded Python does to the GIL, by the newest release that was read.

    ``modules`` are those that turn it on; ``but_tests`` tells that of modules that do, only tests were found, which do
    not count. ``since`` is the first release that does so, and ``before`` the one that was read before it and does the
    other thing, by ``modules_before``; None where none does.
    """

    package: str
    version: str
    target: str
    wheel: str
    gil: Gil
    modules: tuple[str, ...]
    url: str
    but_tests: bool = False
    since: str | None = None
    before: str | None = None
    modules_before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """A known thread about the same package."""

    ref: IssueRef
    title: str
    state: ThreadState


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A thread, its repository, and what was done and said before.

    ``overrides`` are the stored ones merged with the thread's label events; ``entries`` are all outbox entries that
    there ever were for this thread, oldest first; ``suggestions`` tells whether the repository takes GitHub's own;
    ``reviews`` has for each rule whether its last 20 uses were right; ``problems`` are those of the settings file
    with ``settings_digest``; ``enabled`` is the operator's switch. ``rejected`` is what was found just now of a person
    who does not want the bot's comment; it is among the ``marks``, too.
    """

    issue: Issue
    classification: Classification
    settings: RepoSettings
    installed: bool
    repository_labels: frozenset[str]
    overrides: Mapping[str, LabelOverride]
    marks: Mapping[MarkKind, ThreadMark]
    entries: tuple[OutboxEntry, ...]
    wheels: WheelAnswer | None
    gil: GilAnswer | None
    related: tuple[Related, ...]
    app_login: str
    suggestions: bool
    reviews: Mapping[str, tuple[bool, ...]]
    problems: tuple[str, ...]
    settings_digest: str
    trigger: Trigger
    now: datetime
    enabled: bool
    rejected: ThreadMark | None = None

    @property
    def name(self) -> str:
        """Return what commands begin with, without the `@`."""
        return self.app_login.removesuffix("[bot]") or NAME

    def label_for(self, asked: str) -> str | None:
        """Return the repository's own spelling of a label, asked for by its name or by the label key mapped to it."""
        mapped = self.settings.labels.get(asked.casefold())
        for wanted in (mapped, asked):
            if wanted is not None:
                for label in sorted(self.repository_labels):
                    if same_label(label, wanted):
                        return label
        return None

    def is_on(self, label: str) -> bool:
        """Return whether the thread has a label."""
        return any(same_label(label, other) for other in self.issue.labels)

    def override(self, label: str) -> LabelOverride | None:
        """Return the latest that a human wanted of a label, None if nobody ever did."""
        return latest_override(self.overrides, label)

    def mark(self, kind: MarkKind) -> str:
        """Return what a human said of the thread by a command, empty if nothing or if it was taken back."""
        mark = self.marks.get(kind)
        return "" if mark is None else mark.value

    def entries_for(self, kind: ActionKind, label: str | None = None) -> Iterator[OutboxEntry]:
        """Return the entries of a kind, about a label where one is named; oldest first, however they ended."""
        for entry in self.entries:
            if entry.action.kind is kind and (label is None or same_label(entry.action.value, label)):
                yield entry

    def after(self, effects: Effects) -> Snapshot:
        """Return the snapshot in which what follows from something is so; ``trigger`` and ``now`` stay what they are.

        An override that is older than what is known has no effect; of two at the same moment, the label is off.
        """
        planned = [decision.action for decision in effects.decisions if decision.outcome is Outcome.DO]
        overrides = {override.label: override for override in effects.overrides}
        return replace(
            self,
            issue=replace(self.issue, labels=_labels_after(self.issue.labels, planned)),
            overrides=merge_overrides(self.overrides, overrides),
            marks={**self.marks, **{mark.kind: mark for mark in effects.marks}},
            entries=(*self.entries, *(OutboxEntry(each, Progress.PLANNED, self.now, self.now) for each in planned)),
        )


def counts(entry: OutboxEntry) -> bool:
    """Return whether something was done or still will be, rather than given up or refused."""
    return entry.progress not in _UNDONE


def _labels_after(labels: Iterable[str], actions: Iterable[Action]) -> tuple[str, ...]:
    on = list(labels)
    for action in actions:
        if action.kind is ActionKind.REMOVE_LABEL:
            on = [label for label in on if not same_label(label, action.value)]
        elif action.kind is ActionKind.ADD_LABEL and not any(same_label(label, action.value) for label in on):
            on.append(action.value)
    return tuple(on)
