"""Gathers all that a decision about a thread rests on: from GitHub, from storage, and from the package index."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.clients.github.app import GithubApp
from bot.core.classify.classify import classify
from bot.core.classify.facets.packages import candidates
from bot.core.classify.gate import VERSION as GATE_VERSION
from bot.core.classify.rules.gil_reenabled import WARNING
from bot.core.classify.thread import Classification, KindName, Thread
from bot.core.github.events import Trigger
from bot.core.github.threads import GoneError, Issue, ThreadState, repository_of
from bot.core.triage.actions import ActionKind
from bot.core.triage.changeset import (
    DISLIKED,
    REMOVED,
    LabelOverride,
    MarkKind,
    OutboxEntry,
    Progress,
    ThreadMark,
)
from bot.core.triage.decide.comment import ANSWERED_BY_WHEELS
from bot.core.triage.decide.proposals import GATE
from bot.core.triage.decide.texts import MARKER
from bot.core.triage.imported import gil_answer
from bot.core.triage.overrides import merge_overrides, overrides_of, rejections_of, were_suggested
from bot.core.triage.settings import Policy
from bot.core.triage.snapshot import GilAnswer, Related, Snapshot, WheelAnswer
from bot.core.upstream.threads import KnownThread, ThreadOrigin
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status, project_page
from bot.core.wheels.targets import named_target
from bot.services.packages.lookup import Freshness, StatusLookup
from bot.services.triage.repositories import RepositoryFacts
from bot.services.triage.stores import TriageStores

_LONG = 8_000
"""Characters of a thread that take so long to read that other tasks should not wait for it."""

_MOST_RELATED = 5
COMMENTS_AN_HOUR = 500
"""How many of the bot's comments are looked at within an hour for what people think of them; each is a request."""

_SOMEBODY = "Somebody"
_AN_HOUR = timedelta(hours=1)
_THOROUGH = frozenset({Trigger.ASKED, Trigger.COMMENTED, Trigger.COMMENT_EDITED})
"""Where a person asks, the labels matter even if the thread is about something else."""

_WHEELS = frozenset({Verdict.SUPPORTED, Verdict.PARTIAL})


@dataclass(frozen=True, slots=True)
class Wheels:
    """Wheels that are news, as they appeared or declare something else: of which package, and for which Python."""

    package: str
    target: str


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Takes snapshots of threads; ``enabled`` is the operator's switch."""

    facts: RepositoryFacts
    stores: TriageStores
    lookup: StatusLookup
    now: Callable[[], datetime]
    enabled: bool = True
    _looks: deque[datetime] = field(default_factory=deque)

    async def take(
        self, issue: Issue, policy: Policy, trigger: Trigger, *, installed: bool, wheels: Wheels | None = None
    ) -> Snapshot:
        """Take one of a thread that was read just now; of one that concerns nobody here, only its text counts."""
        classification = await read_thread(issue)
        login = await self.facts.login()
        node_id, repository = issue.node_id, issue.ref.repository
        entries = await self.stores.outbox.of_thread(node_id)
        overrides: Mapping[str, LabelOverride] = await self.stores.overrides.of(node_id)
        marks = dict(await self.stores.marks.of(node_id))
        rejected = await self._rejected(issue, entries, marks) if installed else None
        if rejected is not None:
            marks[rejected.kind] = rejected
        labels: frozenset[str] = frozenset()
        if classification.free_threading or entries or overrides or marks or trigger in _THOROUGH:
            labels = await self.facts.labels(repository, policy.settings.labels.values())
            events = await self.facts.reader.label_events(issue.ref)
            overrides = merge_overrides(overrides, overrides_of(node_id, repository, events, login))
            if installed and were_suggested(entries):
                overrides = merge_overrides(overrides, await self._rejections(issue))
        return Snapshot(
            issue=issue,
            classification=classification,
            settings=policy.settings,
            installed=installed,
            repository_labels=labels,
            overrides=overrides,
            marks=marks,
            entries=entries,
            wheels=await self._wheels(repository, classification, wheels),
            gil=await self._gil(repository, classification, wheels),
            related=await self._related(issue, classification),
            app_login=login,
            suggestions=installed and await self._takes_suggestions(issue, entries),
            reviews={
                rule: await self.stores.reviews.last(rule, version)
                for rule, version in (
                    (GATE, GATE_VERSION),
                    *((kind.rule, kind.version) for kind in classification.kinds),
                )
            },
            problems=policy.problems,
            settings_digest=policy.digest,
            trigger=trigger,
            now=self.now(),
            enabled=self.enabled,
            rejected=rejected,
        )

    async def _wheels(self, repository: str, classification: Classification, news: Wheels | None) -> WheelAnswer | None:
        """Find wheels that answer a thread; what cannot be looked up answers nothing, and is never a "no".

        A repository's name is only a guess at its project's: the project has to say that it is developed there.
        """
        package = _package(classification, news)
        if package is None or ANSWERED_BY_WHEELS.isdisjoint(kind.kind for kind in classification.kinds):
            return None
        named = (news.target,) if news is not None else classification.pythons
        target = named_target(named, self.lookup.targets[0])
        # Whoever saw wheels appear knows more than what was read an hour ago.
        freshness = Freshness.NORMAL if news is None else Freshness.REFRESH
        others = candidates(repository)
        for name in dict.fromkeys((package, *others)) if package in others else (package,):
            status = await self.lookup.look_up(name, (target,), freshness)
            if _is_developed_in(repository, status):
                return _answer(status)
        return None

    async def _gil(self, repository: str, classification: Classification, news: Wheels | None) -> GilAnswer | None:
        """Find what was read in the wheels of a package that is said to turn the GIL on; no wheel is read for it.

        The package is the one whose module the interpreter names, or else a guess by the repository's name, as for
        wheels.
        """
        package = _package(classification, news)
        if package is None or all(kind.kind is not KindName.GIL_REENABLED for kind in classification.kinds):
            return None
        read = await self.stores.inspections.of_packages((package,))
        wanted = (await self.stores.projects.wheels((package,))).get(package, {})
        target = named_target(classification.pythons, self.lookup.targets[0])
        answer = gil_answer(read, target, wanted.get(str(target)))
        named = any(kind.rule == WARNING for kind in classification.kinds)
        if answer is None or named or package not in candidates(repository):
            return answer
        status = await self.lookup.look_up(package, (target,), Freshness.NORMAL)
        return answer if _is_developed_in(repository, status) else None

    async def _rejections(self, issue: Issue) -> Mapping[str, LabelOverride]:
        """Read which labels people do not want, as they dismissed the suggestion; pull requests have none."""
        app = self.facts.reader
        if not isinstance(app, GithubApp) or issue.is_pr:
            return {}
        return rejections_of(issue.node_id, issue.ref.repository, await app.dismissed_suggestions(issue.ref))

    async def _rejected(
        self, issue: Issue, entries: Collection[OutboxEntry], marks: Mapping[MarkKind, ThreadMark]
    ) -> ThreadMark | None:
        """Find out whether a person does not want the comment: took it away, or gave it a thumbs-down.

        GitHub tells of neither by webhook for sure, so it is looked whenever the thread is, within a budget.
        """
        app, now = self.facts.reader, self.now()
        if not isinstance(app, GithubApp) or MarkKind.UNWANTED in marks or not _has_written(entries):
            return None
        number = await self.stores.outbox.marker_comment(issue.node_id)
        if number is None or not self._may_look(now):
            return None
        try:
            people = await app.dislikes(issue.ref.repository, number)
        except GoneError:
            if await app.find_comment(issue.ref, MARKER) is not None:  # the thread was moved, and numbers changed
                return None
            return ThreadMark(issue.node_id, MarkKind.UNWANTED, REMOVED, _SOMEBODY, now)
        if not people:
            return None
        return ThreadMark(issue.node_id, MarkKind.UNWANTED, DISLIKED, people[0].login, now)

    def _may_look(self, now: datetime) -> bool:
        """Count a look at a comment, unless there were too many within an hour."""
        while self._looks and not timedelta() <= now - self._looks[0] < _AN_HOUR:
            self._looks.popleft()
        if len(self._looks) >= COMMENTS_AN_HOUR:
            return False
        self._looks.append(now)
        return True

    async def _takes_suggestions(self, issue: Issue, entries: Collection[OutboxEntry]) -> bool:
        """Return whether labels can be suggested for a thread in GitHub's own way; pull requests have none."""
        app = self.facts.reader
        if not isinstance(app, GithubApp) or issue.is_pr or _were_refused(entries):
            return False
        return await app.takes_suggestions(issue.ref)

    async def _related(self, issue: Issue, classification: Classification) -> tuple[Related, ...]:
        """Find known threads about the same package and kind, those that are open and move first."""
        kinds = {kind.kind for kind in classification.kinds}
        known: dict[str, KnownThread] = {}
        for package in classification.packages:
            for thread in await self.stores.threads.of_package(package):
                if thread.free_threading and thread.issue.node_id != issue.node_id:
                    alike = thread.origin is ThreadOrigin.TABLE or not kinds.isdisjoint(thread.kinds)
                    if alike and thread.gone is None:
                        known[thread.issue.node_id] = thread
        moving_first = sorted(
            known.values(), key=lambda each: (each.issue.state is ThreadState.OPEN, each.issue.updated), reverse=True
        )
        return tuple(
            Related(each.issue.ref, each.issue.title, each.issue.state) for each in moving_first[:_MOST_RELATED]
        )


async def read_thread(issue: Issue) -> Classification:
    """Classify a thread; a long one in a thread of its own."""
    thread = Thread(issue.ref.repository, issue.ref.number, issue.title, issue.body, issue.is_pr)
    if len(issue.title) + len(issue.body) > _LONG:
        return await asyncio.to_thread(classify, thread)
    return classify(thread)


def _has_written(entries: Collection[OutboxEntry]) -> bool:
    """Return whether a comment of the bot's own was written on a thread."""
    return any(entry.action.kind is ActionKind.COMMENT and entry.progress is Progress.CONFIRMED for entry in entries)


def _were_refused(entries: Collection[OutboxEntry]) -> bool:
    """Return whether the repository was found to take no suggestions of labels."""
    return any(
        entry.action.kind is ActionKind.SUGGEST_LABEL and entry.progress is Progress.REFUSED for entry in entries
    )


def _package(classification: Classification, news: Wheels | None) -> str | None:
    return news.package if news is not None else next(iter(classification.packages), None)


def _is_developed_in(repository: str, status: Status) -> bool:
    """Return whether a project's own links lead to a repository; where they could not be read, nobody knows."""
    links = () if status.metadata is None else (status.metadata.source, status.metadata.tracker)
    return any(repository_of(link) == repository.lower() for link in links)


def _answer(status: Status) -> WheelAnswer | None:
    judgement, verdict = status.judgement, status.headline
    if judgement.version is None or verdict.verdict not in _WHEELS:
        return None
    version = str(judgement.version)
    return WheelAnswer(
        package=status.package,
        version=version,
        target=str(verdict.target),
        since_version=None if verdict.since is None else str(verdict.since.version),
        since=None if verdict.since is None else verdict.since.date,
        everywhere=verdict.verdict is Verdict.SUPPORTED,
        missing=tuple(platform.value for platform in verdict.missing),
        url=project_page(status.package, version),
    )
