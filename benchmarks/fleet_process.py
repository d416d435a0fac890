"""A process of a fleet that posts what is due, to a Discord that takes everything; ``benchmarks.fleet`` runs it.

``python -m benchmarks.fleet_process DATABASE A_SECOND PROCESSES ROUND_TRIP`` says that it is ready, begins with the
first line that it reads, and says how many posts it sent, in how many seconds. All processes together send so many a
second, and Discord answers after so many seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass

from discord import ui

from benchmarks.engines import open_engine
from bot.clients.discord import Card, DiscordPosts, Pace
from bot.core.digest.weeks import Week
from bot.core.posting.messages import Draft, PreparedDigest
from bot.logs import set_up_logs
from bot.services.discord.delivery import PostDelivery
from bot.services.discord.stores import PostStores
from storage.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class _TakesAll(DiscordPosts):
    """A Discord that takes every message."""

    round_trip: float = 0.0

    async def send(self, channel: int, draft: Draft[Card], mark: int | None = None, nonce: str = "") -> int | None:
        """Take a message."""
        del draft, mark, nonce
        await asyncio.sleep(self.round_trip)
        return channel


def _card(*_: object) -> ui.LayoutView:
    return ui.LayoutView(timeout=None)


async def _prepare(_week: Week) -> PreparedDigest[ui.LayoutView]:
    return PreparedDigest(_card, None, "", complete=True)


async def _post(database: Engine, pace: Pace, round_trip: float) -> dict[str, float]:
    stores = PostStores.of(database)
    sent: list[str] = []
    delivery = PostDelivery(
        stores,
        _TakesAll(list, pace, round_trip=round_trip),
        _prepare,
        _card,
        _card,
        _card,
        database.now,
        checkpoint=lambda step: sent.append(step) if step == "recorded" else None,
    )
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    began, cpu = time.perf_counter(), time.process_time()
    await delivery.deliver()
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu, "sent": len(sent)}


async def _main(place: str, a_second: int, processes: int, round_trip: float) -> None:
    set_up_logs(level="warning", as_json=True, stream=sys.stderr)
    async with open_engine(place) as database:
        pace = Pace(a_second, lambda: processes)
        print(json.dumps(await _post(database, pace, round_trip)), flush=True)


if __name__ == "__main__":
    _, where, most, together, seconds = sys.argv
    asyncio.run(_main(where, int(most), int(together), float(seconds)))
