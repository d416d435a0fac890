"""Strangers get an answer about their dependencies within a budget, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.core.dependencies.needs import DependencyQuestion
from bot.core.dependencies.report import DependencyReport
from bot.core.errors import UpstreamError, UserError
from bot.core.site.budget import TokenBudget
from bot.services.packages.lookup import StatusLookup
from bot.services.site.dependencies import (
    MOST_ENTRIES,
    AskedApplication,
    BudgetedPages,
    GivenFile,
    StrangersDependencies,
    TooBusyError,
)
from tests.core.pages import T314
from tests.fakes.fake_index import FakeIndex
from tests.services.lookups import release


@dataclass(slots=True)
class Slow:
    """Takes as long as a test lets it."""

    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def check(self, question: DependencyQuestion) -> tuple[DependencyReport, ...]:
        self.arrived.release()
        await self.go_on.wait()
        return (DependencyReport(question.subject, question.targets[0], question.platforms),)


def application(text: str = "demo>=1\n") -> AskedApplication:
    return AskedApplication((GivenFile("requirements.txt", text.encode()),), (), T314)


def seconds() -> float:
    return 0.0


async def test_who_chooses_versions_for_too_long_is_told_to_come_again() -> None:
    slow = Slow()
    asked = StrangersDependencies(slow, seconds, seconds=0.01)
    with pytest.raises(TooBusyError) as busy:
        await asked.answer(application(), "me")
    assert busy.value.seconds > 0
    slow.go_on.set()
    assert (await asked.answer(application(), "me")).ok


async def test_what_is_pinned_may_take_longer() -> None:
    slow = Slow()
    asked = StrangersDependencies(slow, seconds, seconds=0.0)
    answering = asyncio.create_task(asked.answer(application("demo==1.0\n"), "me"))
    await slow.arrived.acquire()
    slow.go_on.set()
    assert (await answering).subject == "requirements.txt"


async def test_so_many_wait_at_a_time_and_no_more() -> None:
    slow = Slow()
    asked = StrangersDependencies(slow, seconds)
    waiting = [asyncio.create_task(asked.answer(application(), str(number))) for number in range(6)]
    for _ in waiting:
        await slow.arrived.acquire()
    with pytest.raises(TooBusyError):
        await asked.answer(application(), "one more")
    slow.go_on.set()
    await asyncio.gather(*waiting)
    assert (await asked.answer(application(), "another")).ok


async def test_larger_applications_are_for_the_command_line() -> None:
    asked = StrangersDependencies(Slow(), seconds)
    text = "".join(f"demo{number}==1.0\n" for number in range(MOST_ENTRIES + 1))
    with pytest.raises(UserError, match="ftbot deps"):
        await asked.answer(application(text), "me")


async def test_the_index_is_asked_no_more_than_the_budget(index: FakeIndex, lookup: StatusLookup) -> None:
    index.publish("demo", release())
    pages = BudgetedPages(lookup.index, seconds, TokenBudget(burst=2, rate=1.0, most=1))
    for _ in range(2):
        await pages.project("demo")
    with pytest.raises(UpstreamError) as refused:
        await pages.project("demo")
    assert refused.value.retry_after == 1
    assert index.count() == 2
