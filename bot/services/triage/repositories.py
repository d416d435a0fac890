"""What triage has to know of a repository: its settings and labels, and whether it has the App; asked for rarely."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.clients.github.app import GithubApp
from bot.clients.github.repository import RepositoryReader
from bot.core.triage.settings import Policy, RepoSettings

SETTINGS_ARE_BELIEVED = timedelta(minutes=2)
LABELS_ARE_BELIEVED = timedelta(minutes=10)
INSTALLATIONS_ARE_BELIEVED = timedelta(minutes=10)

_TOO_SOON = timedelta(seconds=30)
"""What was read so recently is not read again because something is not in it."""


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """Reads facts with whatever credential there is, and remembers them for some minutes."""

    reader: RepositoryReader
    now: Callable[[], datetime]
    _policies: dict[str, tuple[datetime, Policy]] = field(default_factory=dict)
    _labels: dict[str, tuple[datetime, frozenset[str]]] = field(default_factory=dict)
    _installed: dict[str, tuple[datetime, bool]] = field(default_factory=dict)

    async def login(self) -> str:
        """Return the name under which the App writes; empty for a credential that cannot write."""
        return await self.reader.login() if isinstance(self.reader, GithubApp) else ""

    async def installed(self, repository: str, *, fresh: bool = False) -> bool:
        """Return whether a repository has the App, as asked in the last minutes, or now if it shall be ``fresh``."""
        if not isinstance(self.reader, GithubApp):
            return False
        known = self._installed.get(repository.lower())
        if fresh or known is None or self._is_old(known[0], INSTALLATIONS_ARE_BELIEVED):
            installed = await self.reader.is_installed(repository, fresh=fresh)
            known = self._installed[repository.lower()] = (self.now(), installed)
        return known[1]

    async def policy(self, repository: str) -> Policy:
        """Return what a repository's settings say, as read in the last minutes."""
        known = self._policies.get(repository.lower())
        if known is None or self._is_old(known[0], SETTINGS_ARE_BELIEVED):
            body = await self.reader.settings(repository)
            known = self._policies[repository.lower()] = (self.now(), await read_policy(body))
        return known[1]

    async def labels(self, repository: str, wanted: Collection[str]) -> frozenset[str]:
        """Return the labels that a repository has; read again where one that is wanted is not among those known."""
        known = self._labels.get(repository.lower())
        if known is not None and not self._is_old(known[0], LABELS_ARE_BELIEVED):
            there = {label.lower() for label in known[1]}
            missing = any(label.lower() not in there for label in wanted)
            if not missing or not self._is_old(known[0], _TOO_SOON):
                return known[1]
        labels = await self.reader.labels(repository)
        self._labels[repository.lower()] = (self.now(), labels)
        return labels

    def forget(self, repository: str) -> None:
        """Believe nothing of a repository any more: it installed the App, or removed it."""
        self._policies.pop(repository.lower(), None)
        self._labels.pop(repository.lower(), None)
        self._installed.pop(repository.lower(), None)

    def _is_old(self, read: datetime, believed: timedelta) -> bool:
        """A time in the future is from a clock that was set back since."""
        return not timedelta() <= self.now() - read < believed


async def read_policy(body: bytes | None) -> Policy:
    """Read a settings file; in a thread, as it may be long. Without one, the defaults hold."""
    if body is None:
        return Policy(RepoSettings())
    return await asyncio.to_thread(Policy.of, body)
