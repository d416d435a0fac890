"""What an application depends on, and what of it stops a move: from its files to the answer, for each target."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from bot.core.dependencies.files import Demand, UnreadLine
from bot.core.dependencies.named import NamedPackage
from bot.core.dependencies.naming import needed_on
from bot.core.dependencies.needs import (
    DependencyQuestion,
    Needs,
    NeedsSoFar,
    add_locked,
    add_resolved,
    asked_demands,
    check_asked,
    left_aside,
    with_what_is_allowed,
)
from bot.core.dependencies.report import DependencyReport, ReadFile, in_reading_order
from bot.core.errors import UnresolvableError, UpstreamError
from bot.core.text.sentences import counted
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from bot.services.packages.dependency_judge import Advance, DependencyJudge, unseen
from bot.services.packages.lookup import Freshness

if TYPE_CHECKING:  # what a lock answers needs none of its patterns
    from bot.core.dependencies.resolving import Resolution

_RESOLUTIONS_AT_ONCE = 2
"""Resolvers that run at a time: each takes a processor."""


class Resolves(Protocol):
    """Chooses versions for what is required."""

    async def resolve(
        self, demands: Sequence[Demand], constraints: Sequence[Demand], target: Target, platform: Platform
    ) -> Resolution:
        """Choose versions. Raises ``UnresolvableError``, ``UpstreamError`` and ``UserError``."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why there is no answer for a target; ``unreachable`` where asking again may give one."""

    reason: str
    unreachable: bool


@dataclass(frozen=True, slots=True)
class DependencyCheck:
    """Answers what an application depends on; ``index_url`` is the index that is asked."""

    judge: DependencyJudge
    resolver: Resolves
    index_url: str
    _resolving: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_RESOLUTIONS_AT_ONCE))
    _under_way: set[object] = field(default_factory=set)

    async def check(self, question: DependencyQuestion, advance: Advance = unseen) -> tuple[DependencyReport, ...]:
        """Return the answer for each target. Raises ``UserError`` for extras and groups that there are not."""
        check_asked(question)
        this = object()
        self._under_way.add(this)
        try:
            return await self._reports(question, advance)
        finally:
            self._under_way.discard(this)
            if not self._under_way:
                self.judge.pages.let_go()

    async def _reports(self, question: DependencyQuestion, advance: Advance) -> tuple[DependencyReport, ...]:
        found = await asyncio.gather(*(self._needs(question, target) for target in question.targets))
        needs = dict(zip(question.targets, found, strict=True))
        judged = await self.judge.judge(
            {target: each.packages for target, each in needs.items() if isinstance(each, Needs)}, advance
        )
        stale = () if not judged.stale else (_stale_line(judged.stale),)
        return tuple(
            _failed(question, target, each)
            if isinstance(each, _Trouble)
            else DependencyReport(
                question.subject,
                target,
                question.platforms,
                _files(question),
                resolved=_is_resolved(question) and not all(needed.pinned for needed in each.packages),
                dependencies=in_reading_order(judged.by_target[target]),
                not_read=each.not_read,
                warnings=(*each.warnings, *stale),
            )
            for target, each in needs.items()
        )

    async def look_at(
        self,
        packages: Sequence[NamedPackage],
        targets: Sequence[Target],
        platform: Platform,
        freshness: Freshness,
        not_read: Sequence[UnreadLine] = (),
    ) -> tuple[DependencyReport, ...]:
        """Return how packages stand that somebody named, without what they require."""
        needs = [needed_on(each, platform) for each in packages]
        judged = await self.judge.judge(dict.fromkeys(targets, needs), freshness=freshness)
        return tuple(
            DependencyReport(
                counted(len(needs), "package"),
                target,
                (platform,),
                dependencies=in_reading_order(judged.by_target[target]),
                not_read=tuple(not_read),
                warnings=() if not judged.stale else (_stale_line(judged.stale),),
            )
            for target in targets
        )

    async def _needs(self, question: DependencyQuestion, target: Target) -> Needs | _Trouble:
        so_far = NeedsSoFar()
        for file in question.files:
            if file.lock is not None:
                await asyncio.to_thread(add_locked, so_far, file, question, target, self.index_url)
        try:
            await self._resolve(question, target, so_far)
        except UnresolvableError as error:
            return _Trouble(str(error), unreachable=False)
        except UpstreamError as error:
            return _Trouble(str(error), unreachable=True)
        found = so_far.gathered()
        aside = None if found.packages else left_aside(question)
        return found if aside is None else replace(found, warnings=(*found.warnings, aside))

    async def _resolve(self, question: DependencyQuestion, target: Target, so_far: NeedsSoFar) -> None:
        """Add what files without a lock demand, chosen together, as one environment is to hold it.

        What a lock among the files fixes is left as it is: a ``pyproject.toml`` beside its lock demands nothing more.
        """
        unlocked = [file for file in question.files if file.lock is None]
        demands = [each for file in unlocked for each in asked_demands(question, file)]
        constraints = [each for file in question.files for each in file.constraints]
        for file in unlocked:
            so_far.add_unread(file.not_read)
            so_far.warn(file.warnings)
        if not demands:
            return
        names = {root.name for file in unlocked for root in file.roots if root.name is not None}
        root, place = (names.pop() if len(names) == 1 else None), unlocked[0].file

        left = {platform: so_far.without_fixed(demands, platform) for platform in question.platforms}

        async def on(platform: Platform) -> tuple[Platform, Resolution | None]:
            open_ones = left[platform]
            if not open_ones:
                return platform, None
            async with self._resolving:
                return platform, await self.resolver.resolve(open_ones, constraints, target, platform)

        for platform, resolution in await asyncio.gather(*map(on, question.platforms)):
            if resolution is None:
                continue
            chosen = with_what_is_allowed(resolution, (*demands, *constraints), target, platform)
            add_resolved(so_far, chosen, root, platform, place)


def _files(question: DependencyQuestion) -> tuple[ReadFile, ...]:
    return tuple(ReadFile(file.file, file.kind) for file in question.files)


def _is_resolved(question: DependencyQuestion) -> bool:
    return any(file.lock is None and asked_demands(question, file) for file in question.files)


def _failed(question: DependencyQuestion, target: Target, trouble: _Trouble) -> DependencyReport:
    return DependencyReport(
        question.subject,
        target,
        question.platforms,
        _files(question),
        resolved=True,
        not_read=tuple(line for file in question.files for line in file.not_read),
        error=trouble.reason,
        index_failed=trouble.unreachable,
    )


def _stale_line(stale: int) -> str:
    return f"The index did not answer about {counted(stale, 'package')}; this is what it said before."
