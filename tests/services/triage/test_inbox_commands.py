"""Commands from end to end: where they count, who is answered, and how often."""

from __future__ import annotations

import pytest

from bot.core.triage.changeset import MarkKind
from tests.fakes.fake_index import FakeIndex
from tests.fakes.github_world import FakeIssue, FakeRepository
from tests.fakes.index_pages import wheels
from tests.services.triages import AUTHOR, CRASH, HUMAN, LINKS, WHEELS, Bench, moves, own

pytestmark = pytest.mark.usefixtures("log")


async def test_what_nobody_sees_is_no_command(bench: Bench, issue: FakeIssue) -> None:
    await bench.settle()
    issue.comment("Nice issue!\n\n[//]: # (\n@ftbot ignore\n)", HUMAN)
    await bench.settle()
    assert MarkKind.IGNORE not in await bench.stores.marks.of(issue.node_id)


async def test_an_author_who_floods_a_thread_is_answered_three_times(bench: Bench, repository: FakeRepository) -> None:
    issue = repository.open(*CRASH, AUTHOR)
    await bench.settle()
    for _ in range(4):
        issue.comment("@ftbot help\n@ftbot why\n@ftbot status demo\n@ftbot help\n@ftbot why", AUTHOR)
        await bench.settle()
    assert len(own(issue)) == 3
    issue.comment("@ftbot help", HUMAN)
    await bench.settle()
    assert len(own(issue)) == 4


async def test_an_author_who_only_asks_has_not_given_what_was_asked_for(
    bench: Bench, repository: FakeRepository
) -> None:
    issue = repository.open("Segmentation fault on the free-threaded build", "It crashes.", AUTHOR)
    await bench.settle()
    issue.comment("@ftbot why", AUTHOR)
    await bench.settle()
    assert "needs-info" in issue.labels
    issue.comment("Python 3.14.0 free-threading build", AUTHOR)
    await bench.settle()
    assert "needs-info" not in issue.labels


async def test_no_command_leads_to_all_labels(bench: Bench, repository: FakeRepository, issue: FakeIssue) -> None:
    repository.add_label("..")
    repository.add_label(".")
    await bench.settle()
    before = list(issue.labels)
    issue.comment("@ftbot label -.. -.", HUMAN)
    await bench.settle()
    assert issue.labels == before
    (answer,) = own(issue)
    assert "A label of dots and slashes only" in answer.body


async def test_retriage_says_why_nothing_follows(bench: Bench, issue: FakeIssue) -> None:
    issue.comment("@ftbot ignore", HUMAN)
    await bench.settle()
    before = moves(issue)
    issue.unlabel("type-crash", HUMAN)
    bench.clock.advance(minutes=1)
    issue.comment("@ftbot retriage", HUMAN)
    await bench.settle()
    assert moves(issue) == before
    (answer,) = own(issue)
    assert "`@ftbot unignore` first" in answer.body


async def test_since_when_there_are_wheels_is_when_they_first_were(
    bench: Bench, index: FakeIndex, repository: FakeRepository
) -> None:
    index.publish(
        "demo",
        [
            *wheels("demo", "1.0", "cp314-cp314t-win_amd64", upload_time="2025-09-22T10:00:00Z"),
            *wheels("demo", "1.1", "cp314-cp314t-win_amd64", upload_time="2025-12-01T10:00:00Z"),
        ],
        project_urls=LINKS,
    )
    issue = repository.open(*WHEELS)
    await bench.settle()
    (comment,) = own(issue)
    assert "has wheels for 3.14t since 1.0 (2025-09-22); the newest release is 1.1," in comment.body
