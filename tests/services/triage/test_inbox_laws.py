"""What holds of triage whatever people do, and in whatever order and how often GitHub tells of it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.github.threads import IssueRef
from bot.core.triage.decide.texts import MARKER
from tests.databases import NewPlace, Place
from tests.examples import examples
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.fakes.github_failures import Failure, bad_gateway_after_write, dropped, server_error
from tests.fakes.github_world import FakeIssue
from tests.services import triages
from tests.services.lookups import Clock
from tests.services.triages import AUTHOR, CRASH, HUMAN, STRANGER, Bench, install, moves, open_bench, own

LABELS = st.sampled_from(["free-threading", "type-crash", "question", "needs-info"])
PEOPLE = st.sampled_from([HUMAN, AUTHOR, STRANGER, "other[bot]"])
COMMANDS = st.sampled_from(
    [
        "@ftbot label +crash",
        "@ftbot label -topic +question",
        "@ftbot why",
        "@ftbot ignore",
        "@ftbot unignore",
        "@ftbot needs-info log",
        "@ftbot dup #1",
        "@ftbot label +question\n@ftbot why\n@ftbot nonsense",
        "> @ftbot label +race",
        "It is on 3.14.0.",
    ]
)
BODIES = st.sampled_from(["It crashes.", CRASH[1], f"{CRASH[1]}\nAgain.", "Never mind."])
DEEDS = st.one_of(
    st.tuples(st.just("label"), LABELS, PEOPLE),
    st.tuples(st.just("unlabel"), LABELS, PEOPLE),
    st.tuples(st.just("comment"), COMMANDS, PEOPLE),
    st.tuples(st.just("reword"), COMMANDS, PEOPLE),
    st.tuples(st.just("edit"), BODIES, PEOPLE),
    st.tuples(st.sampled_from(["close", "reopen", "lock", "unlock", "work"]), st.just(""), PEOPLE),
)
SOME = [
    ("work", "", HUMAN),
    ("unlabel", "type-crash", HUMAN),
    ("comment", "@ftbot label +question\n@ftbot why\n@ftbot nonsense", HUMAN),
    ("edit", CRASH[1], AUTHOR),
    ("comment", "It is on 3.14.0.", AUTHOR),
    ("label", "type-crash", HUMAN),
]
"""Things that lead to something of every kind."""

MODES = st.sampled_from(["dry-run", "suggest", "apply"])
FAILURES = st.sampled_from([bad_gateway_after_write(), server_error(), dropped(), dropped(after=True), Failure()])


@dataclass(frozen=True, slots=True)
class LiveState:
    """Triage, and a thread that it is told of."""

    bench: Bench
    issue: FakeIssue

    async def work(self) -> None:
        """Let triage take in what happened and do what is due, once."""
        await self.bench.hear()
        await self.bench.work()

    async def play(self, deeds: Sequence[tuple[str, str, str]], *, settling: bool = False) -> None:
        """Let people do something, one thing after the other, and triage work now and then, or until all is done."""
        for what, value, who in deeds:
            self.bench.clock.advance(seconds=7)
            if what == "work":
                await (self.bench.settle() if settling else self.work())
            else:
                do(self.issue, what, value, who)

    async def end(self) -> dict[str, object]:
        """Let everything come to its end; gives what anybody sees then, and what is remembered."""
        for _ in range(2):
            await self.bench.settle()
            await self.bench.triage.apply(IssueRef("demo/demo", self.issue.number))
        await self.bench.settle()
        entries = await self.bench.entries(self.issue)
        assert all(entry.due is None for entry in entries)
        return {
            "labels": sorted(self.issue.labels),
            "moves": sorted(moves(self.issue)),
            # An answer to "why?" tells of what happened; the rest is the same whatever did.
            "kept": [comment.body for comment in own(self.issue) if comment.body.startswith(MARKER)],
            "answers": len(own(self.issue)),
            "reactions": [
                sorted(reaction.content for reaction in comment.reactions)
                for comment in self.issue.comments
                if comment not in own(self.issue)
            ],
            "outbox": sorted((each.action.kind, each.action.value, each.action.version) for each in entries),
            "overrides": await self.bench.stores.overrides.of(self.issue.node_id),
            "marks": await self.bench.stores.marks.of(self.issue.node_id),
        }


def do(issue: FakeIssue, what: str, value: str, who: str) -> None:
    """Let somebody do something to a thread, if it can be done."""
    others = [comment for comment in issue.comments if comment not in own(issue)]
    if what == "comment":
        issue.comment(value, who)
    elif what == "reword" and others:
        issue.edit_comment(others[-1], value)
    elif what == "edit":
        issue.edit(body=value)
    elif what == "label":
        issue.label(value, who)
    elif what == "unlabel" and value in issue.labels:
        issue.unlabel(value, who)
    elif what in {"close", "reopen", "lock", "unlock"}:
        {"close": issue.close, "reopen": issue.reopen, "lock": issue.lock, "unlock": issue.unlock}[what](who)


@asynccontextmanager
async def live(mode: str, place: Place) -> AsyncIterator[LiveState]:
    """Open triage in a repository with one thread, and a database of its own."""
    clock = Clock()
    async with (
        FakeGitHub(now=clock) as fake,
        FakeIndex() as index,
        open_bench(fake, index, place, clock) as bench,
    ):
        issue = install(fake, body=triages.settings(mode)).open(CRASH[0], "It crashes.")
        yield LiveState(bench, issue)
        assert fake.violations == []


@pytest.mark.no_cover  # many examples of what other tests run
@given(deeds=st.lists(DEEDS, max_size=8), mode=MODES, seed=st.integers(0, 1000))
@example(deeds=SOME, mode="apply", seed=1)
@example(deeds=SOME, mode="suggest", seed=2)
@settings(max_examples=examples(6))
async def test_being_told_again_in_any_order_changes_nothing(
    new_place: NewPlace, deeds: list[tuple[str, str, str]], mode: str, seed: int
) -> None:
    async with live(mode, await new_place()) as opened:
        await opened.play(deeds)
        before = await opened.end()
        deliveries = [*opened.bench.fake.deliveries]
        random.Random(seed).shuffle(deliveries)  # noqa: S311 — an order, no secret
        await opened.bench.hear(deliveries)
        for delivery in deliveries:  # as if another hook had told of it, too
            await opened.bench.deliveries.take(*opened.bench.fake.delivery(delivery.event, delivery.payload))
        assert await opened.end() == before


@pytest.mark.no_cover  # many examples of what other tests run
@given(deeds=st.lists(DEEDS, max_size=8), mode=MODES, seed=st.integers(0, 1000))
@example(deeds=[("comment", "@ftbot label -topic", HUMAN), ("label", "free-threading", HUMAN)], mode="suggest", seed=0)
@example(deeds=SOME, mode="apply", seed=1)
@example(deeds=SOME, mode="suggest", seed=2)
@settings(max_examples=examples(6))
async def test_being_told_again_of_what_was_forgotten_changes_nothing(
    new_place: NewPlace, deeds: list[tuple[str, str, str]], mode: str, seed: int
) -> None:
    async with live(mode, await new_place()) as opened:
        await opened.play(deeds)
        before = await opened.end()
        deliveries = [*opened.bench.fake.deliveries]
        random.Random(seed).shuffle(deliveries)  # noqa: S311 — an order, no secret
        await opened.bench.stores.inbox.prune(opened.bench.clock() + timedelta(days=1))
        await opened.bench.hear(deliveries)
        assert await opened.end() == before


@pytest.mark.no_cover  # many examples of what other tests run
@given(deeds=st.lists(DEEDS, max_size=8), mode=MODES, seed=st.integers(0, 1000))
@example(deeds=[*SOME, ("unlabel", "type-crash", HUMAN)], mode="apply", seed=3)
@settings(max_examples=examples(6))
async def test_the_order_in_which_it_is_told_does_not_decide_who_wins(
    new_place: NewPlace, deeds: list[tuple[str, str, str]], mode: str, seed: int
) -> None:
    async with live(mode, await new_place()) as opened:
        await opened.play([deed for deed in deeds if deed[0] != "work"])
        removed = {
            label
            for label in triages.LABELS
            for last in [[event for event in opened.issue.events if event.label and event.label.name == label][-1:]]
            if last and last[0].event == "unlabeled" and last[0].actor and not last[0].actor.login.endswith("[bot]")
        }
        deliveries = [*opened.bench.fake.deliveries]
        random.Random(seed).shuffle(deliveries)  # noqa: S311 — an order, no secret
        await opened.bench.hear(deliveries)
        commanded = any(what in {"comment", "reword"} for what, _, _ in deeds)
        await opened.end()
        assert commanded or removed.isdisjoint(opened.issue.labels)


@pytest.mark.no_cover  # many examples of what other tests run
@given(deeds=st.lists(DEEDS, max_size=4), mode=MODES, failures=st.lists(FAILURES, max_size=4))
@example(deeds=SOME, mode="apply", failures=[bad_gateway_after_write()] * 12)
@example(deeds=SOME, mode="suggest", failures=[dropped(after=True), server_error()] * 6)
@example(deeds=[SOME[0], ("label", "free-threading", HUMAN)], mode="apply", failures=[server_error()])
@settings(max_examples=examples(6))
async def test_failures_change_nothing_in_the_end(
    new_place: NewPlace, deeds: list[tuple[str, str, str]], mode: str, failures: list[Failure]
) -> None:
    # Triage tries until all is done before people go on: who is first with a label decides whose it is.
    async with live(mode, await new_place()) as calm:
        await calm.play(deeds, settling=True)
        wanted = await calm.end()
    async with live(mode, await new_place()) as stormy:
        stormy.bench.fake.fail(r"/issues/(\d+/|comments/)", *failures, method="POST")
        stormy.bench.fake.fail(r"/issues/(\d+/|comments/)", *failures, method="DELETE")
        await stormy.play(deeds, settling=True)
        assert await stormy.end() == wanted
