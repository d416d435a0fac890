"""Discord's limit of requests a second is one for all processes that post as this bot."""

from __future__ import annotations

import asyncio

import pytest

from bot.clients.discord import Pace


async def gaps(pace: Pace, turns: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Take turns at once, and return the seconds that each waits for."""
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", note)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 100.0)
    for _ in range(turns):
        await pace.turn()
    return waits


@pytest.mark.parametrize("processes", [0, 1, 3])
async def test_each_process_takes_its_share(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = await gaps(Pace(processes=lambda: processes), 4, monkeypatch)
    share = max(1, processes) / 50
    assert waits == pytest.approx([share, 2 * share, 3 * share])


async def test_a_process_that_comes_or_goes_counts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([1, 2, 4, 1])
    waits = await gaps(Pace(processes=lambda: next(counts)), 4, monkeypatch)
    assert waits == pytest.approx([0.02, 0.06, 0.14])
