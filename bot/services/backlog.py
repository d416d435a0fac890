"""What waits to be done, and how long ago the regular things were done: looked up now and then, for the metrics."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.clients.github.budget import Budgets
from bot.core.errors import StorageError
from bot.core.posting.posts import PostKind
from bot.services.metrics import Metrics, Queue
from storage.discord.guilds import Guilds
from storage.discord.posts import Posts
from storage.github.inbox import Inbox
from storage.github.outbox import Outbox
from storage.packages.scans import Scans

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Measures; ``budgets`` are those of each credential, ``scans`` is None where nothing is scanned.

    What is in the queues that are ``idle`` is counted and does not age: nobody works on it, as the settings have it.
    """

    posts: Posts
    outbox: Outbox
    inbox: Inbox
    guilds: Guilds
    scans: Scans | None
    budgets: Mapping[str, Budgets]
    metrics: Metrics
    now: Callable[[], datetime]
    idle: Collection[Queue] = ()

    async def measure(self) -> None:
        """Bring the metrics up to date; ages go on by themselves from there."""
        self._measure_github()
        try:
            for queue, table in ((Queue.POSTS, self.posts), (Queue.GITHUB, self.outbox), (Queue.INBOX, self.inbox)):
                waiting = await table.waiting()
                self.metrics.waiting.labels(queue.value).set(waiting.count)
                self.metrics.oldest[queue].moment = None if queue in self.idle else waiting.oldest
            if self.scans is not None:
                self.metrics.scan.happened(await self.scans.last_end())
            wanted, sent = await self.guilds.digests_since(), await self.posts.last_sent(PostKind.DIGEST)
            self.metrics.digest.moment = wanted if wanted is None or sent is None else max(wanted, sent)
        except StorageError as error:
            log.warning("storage_failed", reason=str(error))

    def _measure_github(self) -> None:
        moment = self.now().timestamp()
        for credential, budgets in self.budgets.items():
            for resource, budget in budgets.now(moment).items():
                self.metrics.github_left.labels(credential, resource).set(budget.left)
                self.metrics.github_limit.labels(credential, resource).set(budget.limit)
