"""The process that ``benchmarks.webhooks`` measures: the bot's own site with a database, and nothing else.

Behind it a worker works through what arrived, at the pace of one that asks GitHub in between, so that both write to the
database at the same time.
It says its address, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from benchmarks.engines import open_engine
from bot.core.triage.changeset import Changeset
from bot.logs import set_up_logs
from bot.services.metrics import Metrics
from bot.services.triage.deliveries import Deliveries
from bot.web.site import Address, Monitoring, Site, serve
from storage.engine.engine import Engine
from storage.github.changesets import Changesets
from storage.github.inbox import Inbox

SECRET = b"a secret that is none"

_AT_ONCE = 50
_PACE_SECONDS = 0.05


def _now() -> datetime:
    return datetime.now(UTC)


async def _settle(database: Engine, wake: asyncio.Event) -> None:
    """Settle whatever arrives, with nothing to do."""
    inbox, changesets, name = Inbox(database), Changesets(database), f"site {os.getpid()}"
    while True:
        await wake.wait()
        wake.clear()
        while due := await inbox.claim(name, _now(), _AT_ONCE):
            for received in due:
                await changesets.record(Changeset(received.delivery), _now())
                await asyncio.sleep(_PACE_SECONDS)


async def _serve(place: str) -> None:
    wake, metrics = asyncio.Event(), Metrics.new()
    async with open_engine(place) as database, asyncio.TaskGroup() as tasks:
        deliveries = Deliveries(Inbox(database), SECRET, _now, wake, metrics)

        async def readiness() -> Mapping[str, bool]:
            await database.probe()
            return {"database": True}

        async with serve(Site(Monitoring(metrics.registry, readiness), deliveries), Address("127.0.0.1", 0)) as port:
            worker = tasks.create_task(_settle(database, wake))
            print(f"http://127.0.0.1:{port}/webhooks/github", flush=True)
            await asyncio.to_thread(sys.stdin.buffer.read)
        worker.cancel()


if __name__ == "__main__":
    set_up_logs(level="warning", as_json=True, stream=sys.stderr)
    asyncio.run(_serve(sys.argv[1]))
