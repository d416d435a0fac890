"""However processes claim, work, stop and wait: one is at a thread at a time, in order, and nothing stays undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.github.events import GithubEvent
from bot.core.github.threads import IssueRef
from bot.core.posting.posts import State
from storage.discord.posts import CLAIM as POST_CLAIM
from storage.discord.posts import Posts
from storage.engine.sqlite import open_database
from storage.github.inbox import CLAIM, Inbox
from tests.storage.discord.made_posts import POST
from tests.storage.made_threads import NOW, event

PROCESSES = ("one", "two", "three")
OFF = {name: timedelta(seconds=seconds) for name, seconds in zip(PROCESSES, (0, -0.2, 0.2), strict=True)}
"""How far from the time each process is that has to do with posts: nobody knows it better than by some hundredths."""

STEPS = st.lists(
    st.tuples(
        st.sampled_from(("claim", "claim", "work", "work", "put off", "stop", "wait")),
        st.sampled_from(PROCESSES),
        st.integers(1, 5),
    ),
    max_size=40,
)
THREADS = st.lists(st.sampled_from((1, 2, 3, None)), min_size=1, max_size=12)


def happened(number: int, thread: int | None) -> tuple[str, GithubEvent]:
    """Return a delivery about a thread, or about all of the repository."""
    ref = None if thread is None else IssueRef("numpy/numpy", thread)
    return str(number), replace(event(str(number)), ref=ref)


@dataclass(slots=True)
class Office:
    """What processes believe of their claims, and what was done."""

    inbox: Inbox
    threads: Sequence[int | None]
    now: datetime = NOW
    held: dict[str, dict[int, datetime]] = field(default_factory=lambda: {name: {} for name in PROCESSES})
    later: dict[int, datetime] = field(default_factory=dict)
    done: list[int] = field(default_factory=list)

    def alive(self, name: str) -> list[int]:
        """Return what a process has, in order."""
        return sorted(number for number, until in self.held[name].items() if until > self.now)

    async def step(self, what: str, name: str, amount: int) -> None:
        """Let a process do something."""
        if what == "claim":
            claimed = await self.inbox.claim(name, self.now, amount)
            self.held[name].update({int(each.delivery): self.now + CLAIM for each in claimed})
        elif what == "stop":
            self.held[name].clear()
        elif what == "wait":
            self.now += CLAIM * amount / 4
        elif mine := self.alive(name):
            await self.take(what, name, mine[0])
        self.check()

    async def take(self, what: str, name: str, number: int) -> None:
        """Let a process work on something that it has."""
        assert await self.inbox.keep_claim(str(number), name, self.now)
        self.check_order(number)
        del self.held[name][number]
        if what == "work":
            self.done.append(number)
            await self.inbox.close(str(number))
        else:
            self.later[number] = self.now + timedelta(seconds=50)
            await self.inbox.put_off(str(number), self.later[number])

    def are_together(self, one: int, other: int) -> bool:
        """Return whether two things must not be worked on at once."""
        threads = {self.threads[one], self.threads[other]}
        return None in threads or len(threads) == 1

    def check(self) -> None:
        """Fail where two processes are at what belongs together, though what a stopped one had is not seen here."""
        for name in PROCESSES:
            for other in PROCESSES:
                if name < other:
                    pairs = [(mine, theirs) for mine in self.alive(name) for theirs in self.alive(other)]
                    assert not any(self.are_together(*pair) for pair in pairs)

    def check_order(self, number: int) -> None:
        """Fail where something that belongs together happened before, and waits for nothing."""
        waits = (each for each in range(number) if each not in self.done and self.later.get(each) is None)
        assert not any(self.are_together(each, number) for each in waits)


@given(threads=THREADS, steps=STEPS)
async def test_of_what_happened_one_process_has_what_belongs_together(
    threads: list[int | None], steps: list[tuple[str, str, int]]
) -> None:
    async with open_database(None) as database:
        office = Office(Inbox(database), threads)
        await office.inbox.receive_many([happened(number, thread) for number, thread in enumerate(threads)], NOW)
        for step in steps:
            await office.step(*step)
        office.now += 2 * CLAIM
        for claim in ("claim", *["work"] * len(threads)):
            await office.step(claim, "one", len(threads))
        assert sorted(office.done) == list(range(len(threads)))
        assert await office.inbox.next_due() is None


@given(count=st.integers(1, 9), steps=STEPS)
async def test_of_posts_each_is_begun_by_who_has_it_and_every_one_is_sent(
    count: int, steps: list[tuple[str, str, int]]
) -> None:
    async with open_database(None) as database:
        posts, now = Posts(database), NOW
        for guild in range(count):
            await posts.plan(replace(POST, guild=guild), NOW)
        held: dict[str, list[int]] = {name: [] for name in PROCESSES}
        owners: dict[int, tuple[str, datetime]] = {}
        sent: list[int] = []
        ending = [("wait", "one", 5), ("stop", "one", 0), ("claim again", "one", count), *[("work", "one", 0)] * count]
        for what, name, amount in (*steps, *ending):
            known = now + OFF[name]
            if what.startswith("claim"):
                for post in await posts.claim_due(name, known, amount, again=what == "claim again"):
                    assert post.guild not in sent
                    assert post.guild not in owners or owners[post.guild][1] <= known
                    assert post.guild not in held[name]
                    owners[post.guild] = name, known + POST_CLAIM
                    held[name].append(post.guild)
            elif what == "stop":
                held[name].clear()
            elif what == "wait":
                now += POST_CLAIM * amount / 4
            elif held[name]:
                mine = replace(POST, guild=held[name].pop(0))
                is_owner = owners[mine.guild][0] == name and mine.guild not in sent
                assert await posts.begin(mine, name, known) == is_owner
                if is_owner:
                    assert await posts.record(replace(mine, state=State.SENT, due=None), name)
                    sent.append(mine.guild)
        assert sorted(sent) == list(range(count))
