"""Any package can be asked about; what is asked of the index for that is bounded, whoever asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.core.site.budget import SharedBudget, TokenBudget
from bot.core.site.facts import Edition, SitePackage
from bot.core.verdicts.rules import Verdict
from bot.services.packages.lookup import StatusLookup
from bot.services.site.lookups import AnyPackage, AwaitedPackage
from tests.fakes.fake_index import FakeIndex
from tests.services.lookups import Clock, release


@dataclass(slots=True)
class Seconds:
    """A clock that only goes on when a test lets it."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class NothingTracked:
    """Tracks nothing."""

    async def package(self, name: str, edition: Edition) -> SitePackage | None:  # noqa: ARG002 — whatever is asked
        return None


@dataclass(frozen=True, slots=True)
class Desk:
    """Packages, and what they were made of."""

    packages: AnyPackage
    seconds: Seconds = field(default_factory=Seconds)


@pytest.fixture
async def desk(lookup: StatusLookup, clock: Clock) -> AsyncIterator[Desk]:
    seconds = Seconds()
    budget = SharedBudget(TokenBudget(burst=2, rate=0.1), TokenBudget(burst=3, rate=1.0))
    packages = AnyPackage(NothingTracked(), lookup, clock, seconds, budget=budget)
    yield Desk(packages, seconds)
    await packages.aclose()


async def test_who_waits_gets_it_at_once(index: FakeIndex, desk: Desk) -> None:
    index.publish("demo", release())
    found = await desk.packages.find("demo", None, "me", patience=60)
    assert isinstance(found, SitePackage)
    assert (found.status.headline.verdict, found.tracked) == (Verdict.SUPPORTED, False)


async def test_who_does_not_wait_is_told_to_come_again(index: FakeIndex, desk: Desk) -> None:
    index.publish("demo", release())
    before = desk.packages.stamp("demo", None)
    first = await desk.packages.find("demo", None, "me")
    assert isinstance(first, AwaitedPackage)
    assert not first.is_refused
    await desk.packages.finished()
    assert isinstance(await desk.packages.find("demo", None, "me"), SitePackage)
    assert desk.packages.stamp("demo", None) != before


async def test_nobody_has_more_looked_up_than_the_budget_and_what_is_known_costs_nothing(
    index: FakeIndex, desk: Desk
) -> None:
    for name in ("a", "b"):
        await desk.packages.find(name, None, "me", patience=60)
    refused = await desk.packages.find("c", None, "me")
    assert isinstance(refused, AwaitedPackage)
    assert (refused.is_refused, refused.seconds) == (True, 10)
    assert isinstance(await desk.packages.find("a", None, "me"), SitePackage)
    assert isinstance(await desk.packages.find("c", None, "you", patience=60), SitePackage)
    assert isinstance(await desk.packages.find("d", None, "them"), AwaitedPackage), "all together have had enough"
    assert index.count() == 3
    desk.seconds.now += 10
    assert isinstance(await desk.packages.find("d", None, "me", patience=60), SitePackage)


async def test_what_is_old_is_shown_and_looked_up_again(index: FakeIndex, desk: Desk, clock: Clock) -> None:
    index.publish("demo", release())
    await desk.packages.find("demo", None, "me", patience=60)
    young = desk.packages.stamp("demo", None)
    clock.advance(minutes=59)
    assert desk.packages.stamp("demo", None) == young
    clock.advance(days=30)
    assert desk.packages.stamp("demo", None) != young
    old = await desk.packages.find("demo", None, "me")
    assert isinstance(old, SitePackage)
    await desk.packages.finished()
    new = await desk.packages.find("demo", None, "me")
    assert isinstance(new, SitePackage)
    assert new.status.checked - old.status.checked == timedelta(days=30, minutes=59)


async def test_what_is_stored_is_found_after_a_restart_without_the_index(
    index: FakeIndex, desk: Desk, lookup: StatusLookup
) -> None:
    index.publish("demo", release())
    await lookup.look_up("demo")
    await lookup.readings.aclose()
    lookup.forget("demo")
    asked = index.count()
    found = await desk.packages.find("demo", None, "me")
    assert isinstance(found, SitePackage)
    assert not found.status.stale
    assert index.count() == asked
