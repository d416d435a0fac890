"""Sessions begin in turns, as many as Discord allows, whatever the database and Discord say meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.core.errors import StorageError, UpstreamError
from bot.core.fleet.sessions import GatewayAdvice
from bot.services.fleet.identify import IdentifyGate, OwnBuckets

ADVICE = GatewayAdvice(shards=16, concurrency=2, remaining=1000, total=1000, reset_after=600.0)


@dataclass(slots=True)
class Discord:
    """Says what it allows; ``slept`` are the pauses, in which time passes."""

    advice: GatewayAdvice = ADVICE
    silent: bool = False
    asked: int = 0
    slept: list[float] = field(default_factory=list)

    async def ask(self) -> GatewayAdvice:
        self.asked += 1
        if self.silent:
            raise UpstreamError("It did not say.")
        return self.advice

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds == self.advice.reset_after:
            self.advice = replace(self.advice, remaining=self.advice.total)

    def now(self) -> float:
        return sum(self.slept)

    def gate(self) -> IdentifyGate:
        gate = IdentifyGate(OwnBuckets(self.now), self.sleep, self.now, apart=5.0)
        gate.learn(self.advice)
        return gate


@dataclass(slots=True)
class Broken:
    """A database that fails some times."""

    times: int

    async def take(self, _bucket: int, _apart: float) -> float:
        if self.times:
            self.times -= 1
            raise StorageError("It is gone. Bring it back.")
        return 0.0


async def test_shards_of_one_bucket_follow_each_other_and_others_go_beside() -> None:
    discord = Discord()
    gate = discord.gate()
    for shard in (0, 1, 2, 3):
        await gate.begin(shard, discord.ask)
    assert discord.slept == [5.0]
    assert gate.line(0) is gate.line(2)
    assert gate.line(0) is not gate.line(1)


async def test_no_session_begins_that_the_day_has_not() -> None:
    discord = Discord(replace(ADVICE, remaining=2))
    gate = discord.gate()
    await gate.begin(0, discord.ask)
    await gate.begin(1, discord.ask)
    assert discord.slept == []
    discord.advice = replace(ADVICE, remaining=0)
    await gate.begin(2, discord.ask)
    assert discord.slept == [600.0]
    assert discord.asked == 2


async def test_discord_is_asked_again_after_a_while_as_other_processes_begin_sessions_too() -> None:
    discord = Discord()
    gate = discord.gate()
    await gate.begin(0, discord.ask)
    assert discord.asked == 0
    discord.slept.append(61.0)
    await gate.begin(0, discord.ask)
    assert discord.asked == 1


async def test_a_discord_that_does_not_say_keeps_nobody_waiting_who_knows_of_sessions_left() -> None:
    discord = Discord()
    gate = discord.gate()
    discord.silent = True
    discord.slept.append(61.0)
    await gate.begin(0, discord.ask)
    assert discord.slept == [61.0]


async def test_a_database_that_fails_is_asked_again() -> None:
    discord = Discord()
    gate = IdentifyGate(Broken(2), discord.sleep, discord.now)
    gate.learn(ADVICE)
    await gate.begin(0, discord.ask)
    assert discord.slept == [1.0, 1.0]
