"""What webhooks did not tell is found by asking, and nothing is worked on twice because of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from aiohttp import web

from bot.core.digest.changes import Change, ChangeKind
from bot.core.github.events import Trigger
from bot.core.triage.actions import ActionKind
from bot.core.wheels.targets import Target
from bot.services.triage.reconcile import KEPT, MOST_REDELIVERIES
from tests.databases import read_only
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.fakes.github_failures import bad_gateway_after_write, server_error
from tests.fakes.github_world import FakeIssue, FakeRepository
from tests.fakes.index_pages import sdist, wheels
from tests.services.triages import (
    AUTHOR,
    CRASH,
    HUMAN,
    LINKS,
    OTHER,
    STRANGER,
    WHEELS,
    Bench,
    install,
    moves,
    own,
    settings,
)

pytestmark = pytest.mark.usefixtures("log")

BOTH = [("labeled", "free-threading"), ("labeled", "type-crash")]
GAINED = Change("demo", Target(14), "1.1", ChangeKind.GAINED)


async def poll(bench: Bench) -> None:
    """Ask once, a while after the last time, and do what follows; no webhook arrives."""
    bench.clock.advance(minutes=5)
    await bench.reconciler.poll()
    for _ in range(3):
        await bench.work()
        bench.clock.advance(minutes=3)


@pytest.fixture
async def deaf(bench: Bench, repository: FakeRepository) -> Bench:
    """Give triage that no webhook reaches, after its first poll."""
    assert repository.installed
    await poll(bench)
    return bench


# Polling


async def test_an_issue_that_no_webhook_told_of_is_labelled(deaf: Bench, repository: FakeRepository) -> None:
    issue = repository.open(*CRASH)
    await poll(deaf)
    assert moves(issue) == BOTH


async def test_nothing_that_is_older_than_the_app_is_touched(bench: Bench, repository: FakeRepository) -> None:
    old = repository.open(*CRASH)
    await poll(bench)
    old.comment("Still so.", STRANGER)
    await poll(bench)
    await poll(bench)
    assert moves(old) == []


async def test_an_issue_is_found_that_was_opened_in_the_second_of_the_first_look(
    bench: Bench, repository: FakeRepository
) -> None:
    bench.clock.advance(seconds=0.7)  # GitHub gives whole seconds, so what comes after it seems to be before
    await bench.reconciler.poll()
    issue = repository.open(*CRASH)
    await poll(bench)
    assert moves(issue) == BOTH


async def test_a_thread_that_becomes_about_free_threading_by_an_edit_is_found(
    deaf: Bench, repository: FakeRepository
) -> None:
    issue = repository.open(*OTHER)
    await poll(deaf)
    issue.edit(title=CRASH[0], body=CRASH[1])
    await poll(deaf)
    assert moves(issue) == BOTH


async def test_what_webhooks_told_is_not_worked_on_again(
    deaf: Bench, github: FakeGitHub, repository: FakeRepository
) -> None:
    issue = repository.open(*CRASH)
    issue.comment("@ftbot why", HUMAN)
    await deaf.settle()
    before = await deaf.entries(issue)
    deaf.clock.advance(minutes=5)
    await deaf.reconciler.poll()
    assert await deaf.stores.inbox.claim("me", deaf.clock(), 10) == ()
    await deaf.settle()
    assert await deaf.entries(issue) == before
    assert len(own(issue)) == 1
    assert github.count("GET", "/issues$") == 1


async def test_commands_and_answers_are_heard_without_webhooks(deaf: Bench, repository: FakeRepository) -> None:
    issue = repository.open("Segmentation fault on the free-threaded build", "It crashes.")
    await poll(deaf)
    assert "needs-info" in issue.labels
    issue.comment("It is on 3.14.0.", AUTHOR)
    issue.comment("@ftbot label +question", HUMAN)
    issue.comment("@ftbot label +race", STRANGER)
    await poll(deaf)
    assert "needs-info" not in issue.labels
    assert "question" in issue.labels
    assert "race" not in issue.labels


async def test_of_a_comment_that_was_edited_unseen_nothing_is_done_twice(
    deaf: Bench, repository: FakeRepository
) -> None:
    issue = repository.open(*CRASH)
    comment = issue.comment("@ftbot label +question", HUMAN)
    await poll(deaf)
    assert "question" in issue.labels
    issue.unlabel("question", HUMAN)
    deaf.clock.advance(minutes=1)
    issue.edit_comment(comment, "@ftbot label +question\n\nPlease.")
    await poll(deaf)
    assert "question" not in issue.labels


async def test_a_command_that_was_written_into_an_old_comment_unseen_is_done(
    deaf: Bench, repository: FakeRepository
) -> None:
    issue = repository.open(*CRASH)
    comment = issue.comment("Hm.", HUMAN)
    await poll(deaf)
    issue.edit_comment(comment, "Hm.\n\n@ftbot label +question")
    await poll(deaf)
    assert "question" in issue.labels


async def test_a_thread_that_was_closed_unseen_is_closed_here_too(deaf: Bench, repository: FakeRepository) -> None:
    issue = repository.open(*CRASH)
    await poll(deaf)
    issue.close()
    await poll(deaf)
    known = await deaf.stores.threads.get(issue.node_id)
    assert known is not None
    assert known.issue.state.value == "closed"
    issue.reopen()
    await poll(deaf)
    known = await deaf.stores.threads.get(issue.node_id)
    assert known is not None
    assert known.issue.state.value == "open"


async def test_a_human_who_removed_a_label_unseen_wins(deaf: Bench, repository: FakeRepository) -> None:
    issue = repository.open(*CRASH)
    await poll(deaf)
    issue.unlabel("type-crash", HUMAN)
    issue.edit(body=f"{CRASH[1]}\nAgain.")
    await poll(deaf)
    assert (issue.labels, moves(issue)) == (["free-threading"], BOTH)


async def test_where_nothing_changed_github_is_asked_for_free(
    deaf: Bench, github: FakeGitHub, repository: FakeRepository
) -> None:
    repository.open(*OTHER)
    for _ in range(3):
        await poll(deaf)
    asked = len(github.requests)
    await poll(deaf)
    lists = [request.status for request in github.requests[asked:] if request.path.endswith("/issues")]
    assert lists == [304]


async def test_one_repository_that_cannot_be_read_keeps_no_other_waiting(
    deaf: Bench, github: FakeGitHub, repository: FakeRepository, log: StringIO
) -> None:
    broken = install(github, "a/broken")
    await poll(deaf)
    github.fail("/a/broken", *[server_error()] * 6)
    issue, other = repository.open(*CRASH), broken.open(*CRASH)
    await poll(deaf)
    assert (moves(issue), moves(other)) == (BOTH, [])
    await poll(deaf)
    await poll(deaf)
    assert moves(other) == BOTH
    assert log.getvalue().count("poll_failed") == 1


async def test_a_poll_that_ends_before_its_place_is_kept_loses_nothing(deaf: Bench, repository: FakeRepository) -> None:
    issue = repository.open(*CRASH)
    deaf.clock.advance(minutes=5)
    async with read_only(deaf.database):
        await deaf.reconciler.poll()
    await poll(deaf)
    assert moves(issue) == BOTH


async def test_what_an_older_list_says_of_a_thread_is_no_news(deaf: Bench, repository: FakeRepository) -> None:
    issue = repository.open(*CRASH)
    await poll(deaf)
    known = await deaf.stores.threads.get(issue.node_id)
    assert known is not None
    later = replace(known.issue, title="Something else", updated=known.issue.updated + timedelta(hours=1))
    await deaf.stores.threads.record([replace(known, issue=later)], (), (), deaf.clock())
    issue.comment("Hm.", STRANGER)
    deaf.clock.advance(minutes=5)
    await deaf.reconciler.poll()
    triggers = [each.event.trigger for each in await deaf.stores.inbox.claim("me", deaf.clock(), 10)]
    assert triggers == [Trigger.COMMENTED]


async def test_where_github_says_nothing_a_poll_says_so_once_and_loses_nothing(
    deaf: Bench, github: FakeGitHub, repository: FakeRepository, log: StringIO
) -> None:
    issue = repository.open(*CRASH)
    github.fail("/app/installations$", *[server_error()] * 6)
    await poll(deaf)
    await poll(deaf)
    assert moves(issue) == []
    assert log.getvalue().count("poll_failed") == 1
    await poll(deaf)
    assert moves(issue) == BOTH


# Failed deliveries


@pytest.fixture
async def hook(bench: Bench, github: FakeGitHub) -> AsyncIterator[None]:
    """Let GitHub deliver to the deliveries, over HTTP."""

    async def take(request: web.Request) -> web.Response:
        receipt = await bench.deliveries.take(request.headers, await request.read())
        return web.Response(status=receipt.status, text=receipt.text)

    application = web.Application()
    application.router.add_post("/webhooks/github", take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    github.hook_url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/github"
    yield
    await runner.cleanup()


@pytest.mark.usefixtures("hook")
async def test_deliveries_that_failed_are_asked_for_again(
    bench: Bench, github: FakeGitHub, repository: FakeRepository
) -> None:
    github.lose_deliveries(1)
    issue = repository.open(*CRASH)
    await github.delivered()
    await bench.work()
    assert moves(issue) == []
    await bench.reconciler.sweep()
    await github.delivered()
    await bench.work()
    assert moves(issue) == BOTH
    asked = github.count("POST", "/attempts$")
    await bench.reconciler.sweep()
    assert github.count("POST", "/attempts$") == asked == 1


async def test_a_delivery_is_asked_for_a_few_times_only(
    bench: Bench, github: FakeGitHub, repository: FakeRepository
) -> None:
    github.hook_url = "http://127.0.0.1:9/nobody"
    repository.open(*CRASH)
    await github.delivered()
    for _ in range(MOST_REDELIVERIES + 3):
        async with bench.another() as restarted:
            await restarted.reconciler.sweep()
        await github.delivered()
        bench.clock.advance(hours=1)
    assert github.count("POST", "/attempts$") == MOST_REDELIVERIES


async def test_a_delivery_that_is_known_or_too_old_is_not_asked_for(
    bench: Bench, github: FakeGitHub, repository: FakeRepository
) -> None:
    github.lose_deliveries(2)
    repository.open(*CRASH)
    bench.clock.advance(days=4)
    repository.open(*CRASH)
    await bench.hear()
    await bench.reconciler.sweep()
    assert github.count("POST", "/attempts$") == 0


async def test_a_sweep_that_fails_is_logged_and_tried_next_time(
    bench: Bench, github: FakeGitHub, repository: FakeRepository, log: StringIO
) -> None:
    github.lose_deliveries(1)
    repository.open(*CRASH)
    github.fail("/deliveries$", *[server_error()] * 3)
    github.fail("/attempts$", bad_gateway_after_write())
    await bench.reconciler.sweep()
    assert "sweep_failed" in log.getvalue()
    await bench.reconciler.sweep()
    await github.delivered()
    await bench.reconciler.sweep()
    assert github.count("POST", "/attempts$") >= 1


# Wheels


@pytest.fixture
async def asking(bench: Bench, index: FakeIndex, repository: FakeRepository) -> FakeIssue:
    """Give a known thread that asks for wheels, of which there are none."""
    index.publish("demo", [sdist("demo", "1.0")], project_urls=LINKS)
    issue = repository.open(*WHEELS)
    await bench.settle()
    assert "wheels" in issue.labels
    assert own(issue) == []
    return issue


async def test_wheels_that_appear_answer_the_thread_that_waits_for_them_once(
    bench: Bench, index: FakeIndex, asking: FakeIssue
) -> None:
    index.publish("demo", [sdist("demo", "1.1"), *wheels("demo", "1.1", "cp314-cp314t-win_amd64")], project_urls=LINKS)
    for _ in range(3):
        await bench.reconciler.wheels([GAINED])
        await bench.settle()
    (comment,) = own(asking)
    assert "demo 1.1" in comment.body
    entries = await bench.entries(asking, ActionKind.COMMENT)
    assert len(entries) == 1


async def test_wheels_are_told_though_github_does_not_say_where_the_app_is(
    bench: Bench, github: FakeGitHub, index: FakeIndex, asking: FakeIssue
) -> None:
    index.publish("demo", [sdist("demo", "1.1"), *wheels("demo", "1.1", "cp314-cp314t-win_amd64")], project_urls=LINKS)
    github.fail("/app/installations$", *[server_error()] * 3)
    await bench.reconciler.wheels([GAINED])
    await bench.settle()
    assert len(own(asking)) == 1


@pytest.mark.parametrize("obstacle", ["closed", "removed", "dry-run", "lost"])
async def test_wheels_are_told_only_where_that_is_wanted(
    bench: Bench, index: FakeIndex, repository: FakeRepository, asking: FakeIssue, obstacle: str
) -> None:
    index.publish("demo", [sdist("demo", "1.1"), *wheels("demo", "1.1", "cp314-cp314t-win_amd64")], project_urls=LINKS)
    change = GAINED
    match obstacle:
        case "closed":
            asking.close()
        case "removed":
            repository.uninstall()
        case "dry-run":
            repository.files[".github/ftbot.toml"] = settings("dry-run")
            bench.clock.advance(minutes=3)
        case _:
            change = Change("demo", Target(14), "1.1", ChangeKind.LOST)
    await bench.settle()
    await bench.reconciler.wheels([change])
    await bench.settle()
    assert own(asking) == []


# What is not kept


def hide(repository: FakeRepository) -> None:
    repository.private = True


def remove(repository: FakeRepository) -> None:
    repository.uninstall()


def hide_under_another_name(repository: FakeRepository) -> None:
    repository.rename("demo/renamed")
    repository.private = True


@pytest.mark.parametrize("change", [hide, remove, hide_under_another_name])
async def test_nothing_is_kept_of_repositories_that_are_private_now_or_removed_the_app(
    deaf: Bench, repository: FakeRepository, change: Callable[[FakeRepository], None]
) -> None:
    issue = repository.open(*CRASH)
    await poll(deaf)
    change(repository)
    deaf.clock.advance(hours=2)
    await poll(deaf)
    known = await deaf.stores.threads.get(issue.node_id)
    assert known is not None
    assert (known.issue.title, known.issue.body, known.gone is None) == ("", "", False)
    assert await deaf.stores.threads.triaged() == ()
    assert await deaf.database.read("SELECT title FROM thread_events WHERE title <> ''") == []


async def test_what_is_public_again_is_known_again(deaf: Bench, repository: FakeRepository) -> None:
    issue = repository.open(*CRASH)
    await poll(deaf)
    repository.private = True
    await poll(deaf)
    repository.private = False
    issue.edit(title=f"{CRASH[0]} again")
    await poll(deaf)
    known = await deaf.stores.threads.get(issue.node_id)
    assert known is not None
    assert (known.issue.title, known.gone) == (f"{CRASH[0]} again", None)


async def test_a_repository_that_was_renamed_is_still_known(deaf: Bench, repository: FakeRepository) -> None:
    issue = repository.open(*CRASH)
    await poll(deaf)
    repository.rename("demo/renamed")
    await poll(deaf)
    known = await deaf.stores.threads.get(issue.node_id)
    assert known is not None
    assert (known.issue.title, known.gone) == (CRASH[0], None)


async def test_nobody_is_forgotten_while_github_cannot_be_asked(
    deaf: Bench, github: FakeGitHub, repository: FakeRepository
) -> None:
    issue = repository.open(*CRASH)
    await poll(deaf)
    repository.uninstall()
    github.fail(r"/installation$", *[server_error()] * 50)
    await poll(deaf)
    known = await deaf.stores.threads.get(issue.node_id)
    assert known is not None
    assert known.gone is None


async def test_what_was_worked_on_long_ago_is_forgotten_and_not_worked_on_again(
    deaf: Bench, repository: FakeRepository
) -> None:
    issue = repository.open(*OTHER)
    issue.comment("@ftbot label +question", HUMAN)
    await poll(deaf)
    issue.unlabel("question", "other[bot]")
    for _ in range(3):
        deaf.clock.advance(seconds=KEPT.total_seconds() / 2)
        await poll(deaf)
    rows = await deaf.database.read("SELECT delivery FROM inbox")
    assert rows != []
    await deaf.reconciler.sweep()
    assert await deaf.database.read("SELECT delivery FROM inbox") == []
    await poll(deaf)
    assert await deaf.database.read("SELECT delivery FROM inbox") == []


async def test_what_is_not_worked_on_yet_is_kept(deaf: Bench, repository: FakeRepository) -> None:
    repository.open(*CRASH)
    await deaf.hear()
    deaf.clock.advance(seconds=KEPT.total_seconds() + 1)
    await deaf.reconciler.sweep()
    assert len(await deaf.stores.inbox.claim("me", deaf.clock(), 10)) == 1
