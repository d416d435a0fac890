"""Threads where the App is installed: what is decided and done about them, and that a human always wins."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest

from bot.clients.github.reader import open_github_reader
from bot.core.classify.thread import KindName
from bot.core.errors import UserError
from bot.core.github.threads import IssueRef, ThreadState
from bot.core.triage.actions import Action, ActionKind, Mode, Outcome
from bot.core.triage.changeset import DISLIKED, REMOVED, Changeset, MarkKind, Progress
from bot.core.triage.decide.preflight import EXPIRES
from bot.core.triage.decide.texts import MARKER
from bot.core.upstream.threads import EventKind, ThreadOrigin
from bot.services.triage.inbox import ATTEMPTS, Triage
from storage.github.thread_events import ThreadEvents
from tests.databases import read_only
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.fakes.github_failures import Failure, bad_gateway_after_write, server_error, too_many_requests
from tests.fakes.github_world import FakeIssue, FakeRepository, FakeSuggestion
from tests.fakes.index_pages import sdist, wheels
from tests.services.lookups import QUICK, Clock
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


# What is decided


async def test_an_issue_is_opened_and_labelled(bench: Bench, issue: FakeIssue) -> None:
    await bench.settle()
    assert moves(issue) == BOTH
    assert own(issue) == []
    outcomes = [(entry.decision.action.value, entry.decision.outcome) for entry in await bench.audit(issue)]
    assert outcomes == [
        ("free-threading", Outcome.DO),
        ("type-crash", Outcome.DO),
        ("free-threading", Outcome.DONE),
        ("type-crash", Outcome.DONE),
    ]


async def test_what_is_about_something_else_is_left_alone_and_not_remembered(
    bench: Bench, repository: FakeRepository
) -> None:
    issue = repository.open(*OTHER)
    await bench.settle()
    issue.label("question", HUMAN)
    issue.unlabel("question", HUMAN)
    issue.close()
    await bench.settle()
    assert (moves(issue), own(issue)) == ([], [])
    assert await bench.stores.threads.get(issue.node_id) is None
    assert await bench.stores.overrides.of(issue.node_id) == {}
    assert await bench.audit(issue) == ()


@pytest.mark.parametrize("mode", ["dry-run", None])
async def test_in_dry_run_and_without_settings_everything_is_only_written_down(
    bench: Bench, github: FakeGitHub, repository: FakeRepository, mode: str | None
) -> None:
    if mode is None:
        del repository.files[".github/ftbot.toml"]
    else:
        repository.files[".github/ftbot.toml"] = settings(mode)
    issue = repository.open(*CRASH)
    await bench.settle()
    assert [
        request for request in github.requests if request.method != "GET" and "access_tokens" not in request.path
    ] == []
    entries = await bench.audit(issue)
    assert entries
    assert {entry.decision.outcome for entry in entries} <= {Outcome.WOULD_DO, Outcome.BLOCKED}


async def test_with_the_repository_off_nothing_is_remembered_of_its_threads(
    bench: Bench, repository: FakeRepository
) -> None:
    repository.files[".github/ftbot.toml"] = settings("off")
    issue = repository.open(*CRASH)
    issue.label("type-crash", HUMAN)
    issue.unlabel("type-crash", HUMAN)
    issue.comment("@ftbot why", HUMAN)
    issue.close()
    await bench.settle()
    assert (moves(issue), own(issue)) == ([], [])
    assert await bench.stores.threads.get(issue.node_id) is None
    assert await bench.audit(issue) == ()
    assert await bench.stores.overrides.of(issue.node_id) == {}
    assert await bench.stores.inbox.next_due() is None


async def test_people_have_the_grace_period_to_themselves(
    bench: Bench, repository: FakeRepository, clock: Clock
) -> None:
    repository.files[".github/ftbot.toml"] = settings(grace=120)
    issue = repository.open(*CRASH)
    clock.advance(seconds=60)
    issue.edit(body=CRASH[1] + "More.")
    await bench.hear()
    await bench.work()
    clock.advance(seconds=59)
    await bench.work()
    assert moves(issue) == []
    clock.advance(seconds=2)
    await bench.work()
    assert moves(issue) == BOTH


async def test_with_the_switch_off_the_inbox_is_kept(bench: Bench, issue: FakeIssue) -> None:
    async with bench.another(enabled=False) as off:
        await off.settle()
        assert moves(issue) == []
    await bench.work()
    assert moves(issue) == BOTH


async def test_private_repositories_are_left_alone(bench: Bench, github: FakeGitHub) -> None:
    private = github.repository("demo/secret", installed=True, private=True, files={".github/ftbot.toml": settings()})
    issue = private.open(*CRASH)
    await bench.settle()
    await bench.reconciler.poll()
    await bench.settle()
    assert moves(issue) == []
    assert await bench.stores.threads.all() == ()


async def test_what_people_say_to_one_another_about_something_else_is_none_of_its_business(
    bench: Bench, github: FakeGitHub, repository: FakeRepository
) -> None:
    issue = repository.open(*OTHER)
    await bench.settle()
    issue.comment("Which one?", STRANGER)
    asked = len(github.requests)
    await bench.settle()
    assert len(github.requests) == asked
    assert await bench.stores.inbox.next_due() is None


async def test_a_long_report_is_read_like_any_other(bench: Bench, repository: FakeRepository) -> None:
    issue = repository.open(CRASH[0], CRASH[1] + "frame\n" * 9_000)
    await bench.settle()
    assert moves(issue) == BOTH


# A human always wins


async def remove_crash(bench: Bench, issue: FakeIssue) -> None:
    """Let the bot label a thread, and a person take a label off."""
    await bench.settle()
    assert "type-crash" in issue.labels
    issue.unlabel("type-crash", HUMAN)
    await bench.settle()


async def test_a_human_removes_a_label_and_nothing_brings_it_back(
    bench: Bench, github: FakeGitHub, issue: FakeIssue, clock: Clock
) -> None:
    await bench.reconciler.poll()
    await remove_crash(bench, issue)
    issue.edit(title=f"{CRASH[0]}!", body=f"{CRASH[1]}\nIt crashed again.")
    await bench.settle()
    issue.close()
    issue.reopen()
    await bench.settle()
    issue.comment("@ftbot retriage", HUMAN)
    await bench.settle()
    await bench.hear([*github.deliveries])  # replayed
    await bench.settle()
    await bench.reconciler.poll()
    clock.advance(days=30)
    async with bench.another() as restarted:
        await restarted.reconciler.poll()
        await restarted.triage.apply(IssueRef("demo/demo", issue.number))
        await restarted.settle()
    assert issue.labels == ["free-threading"]
    assert moves(issue) == BOTH


async def test_what_people_did_before_it_became_about_free_threading_counts(
    bench: Bench, repository: FakeRepository
) -> None:
    issue = repository.open(*OTHER)
    issue.label("type-crash", HUMAN)
    issue.unlabel("type-crash", HUMAN)
    await bench.settle()
    issue.edit(title=CRASH[0], body=CRASH[1])
    await bench.settle()
    assert issue.labels == ["free-threading"]


async def test_a_removal_that_no_webhook_told_of_counts_too(bench: Bench, github: FakeGitHub, issue: FakeIssue) -> None:
    await bench.settle()
    github.lose_deliveries(1)
    issue.unlabel("type-crash", HUMAN)
    bench.heard.append(github.deliveries[-1])
    issue.edit(body=f"{CRASH[1]}\nStill.")
    await bench.settle()
    assert moves(issue) == BOTH


async def test_a_human_who_puts_it_back_on_is_not_overruled(bench: Bench, issue: FakeIssue) -> None:
    await remove_crash(bench, issue)
    issue.label("type-crash", HUMAN)
    issue.edit(body=f"{CRASH[1]}\nAgain.")
    await bench.settle()
    assert sorted(issue.labels) == ["free-threading", "type-crash"]
    override = await bench.override(issue, "type-crash")
    assert override is not None
    assert override.wanted


async def test_a_removed_label_comes_back_by_command_only(bench: Bench, issue: FakeIssue, clock: Clock) -> None:
    await remove_crash(bench, issue)
    clock.advance(minutes=1)
    issue.comment("@ftbot label +crash", HUMAN)
    await bench.settle()
    assert sorted(issue.labels) == ["free-threading", "type-crash"]


async def test_what_arrives_out_of_order_and_twice_ends_the_same(
    bench: Bench, github: FakeGitHub, issue: FakeIssue, clock: Clock
) -> None:
    await bench.settle()
    for _ in range(2):
        issue.unlabel("type-crash", HUMAN)
        clock.advance(seconds=5)
        issue.label("type-crash", HUMAN)
        clock.advance(seconds=5)
    issue.unlabel("type-crash", HUMAN)
    late = [delivery for delivery in github.deliveries if delivery not in bench.heard]
    await bench.hear([*reversed(late), *late, late[0]])
    await bench.work()
    issue.edit(body=f"{CRASH[1]}\nAgain.")
    await bench.settle()
    assert issue.labels == ["free-threading"]
    override = await bench.override(issue, "type-crash")
    assert override is not None
    assert not override.wanted


async def test_a_rule_whose_label_was_removed_is_reviewed_as_wrong_and_one_left_on_as_right(
    bench: Bench, issue: FakeIssue
) -> None:
    await remove_crash(bench, issue)
    assert await bench.stores.reviews.last("crash-title", 1) == (False,)
    issue.close()
    await bench.settle()
    gate = [entry.action for entry in await bench.entries(issue) if entry.action.value == "free-threading"]
    assert await bench.stores.reviews.last(gate[0].rule, gate[0].version) == (True,)


async def test_a_newer_version_of_a_rule_does_not_bring_a_label_back(bench: Bench, issue: FakeIssue) -> None:
    ref = IssueRef("demo/demo", issue.number)
    older = Action(ActionKind.ADD_LABEL, ref, issue.node_id, "type-crash", "crash-title", 0, kind_name="crash")
    await bench.stores.changesets.record(Changeset(actions=(older,)), bench.clock())
    await bench.worker.tick()
    assert issue.labels == ["type-crash"]
    issue.unlabel("type-crash", HUMAN)
    await bench.settle()
    await bench.triage.apply(ref)
    assert issue.labels == ["free-threading"]


def suggesting(repository: FakeRepository) -> FakeIssue:
    """Let labels only be suggested, in GitHub's own way, and open a thread."""
    repository.enable_suggestions()
    repository.files[".github/ftbot.toml"] = settings("suggest")
    return repository.open(*CRASH)


def crashes(issue: FakeIssue) -> list[FakeSuggestion]:
    """Return how often the label was suggested."""
    return [each for each in issue.suggestions if each.label.name == "type-crash"]


async def test_a_human_dismisses_a_suggestion_and_nothing_brings_it_back(
    bench: Bench, repository: FakeRepository, clock: Clock
) -> None:
    issue = suggesting(repository)
    await bench.settle()
    (suggestion,) = crashes(issue)
    issue.dismiss(suggestion, HUMAN)
    issue.edit(body=f"{CRASH[1]}\nAgain.")
    await bench.settle()
    override = await bench.override(issue, "type-crash")
    assert override is not None
    assert (override.wanted, override.actor) == (False, "somebody")
    repository.files[".github/ftbot.toml"] = settings("apply")
    clock.advance(minutes=10)
    issue.comment("@ftbot retriage", HUMAN)
    await bench.settle()
    clock.advance(days=30)
    async with bench.another() as restarted:
        await restarted.triage.apply(IssueRef("demo/demo", issue.number))
        await restarted.settle()
    assert "type-crash" not in issue.labels
    assert crashes(issue) == [suggestion]
    assert await bench.stores.reviews.last("crash-title", 1) == (False,)


@pytest.mark.parametrize("mode", ["suggest", "apply"])
async def test_what_is_not_known_to_be_suggested_does_not_come_back_when_it_was_and_was_dismissed(
    bench: Bench, github: FakeGitHub, repository: FakeRepository, clock: Clock, mode: str
) -> None:
    issue = suggesting(repository)
    await bench.hear()
    await bench.triage.work()
    github.fail("/labels$", *[bad_gateway_after_write()] * 2, method="POST")
    await bench.worker.tick()
    repository.files[".github/ftbot.toml"] = settings("dry-run")
    await bench.settle()
    assert {each.progress for each in await bench.entries(issue)} == {Progress.DROPPED}
    (suggestion,) = crashes(issue)
    issue.dismiss(suggestion, HUMAN)
    repository.files[".github/ftbot.toml"] = settings(mode)
    clock.advance(minutes=10)
    issue.edit(body=f"{CRASH[1]}\nAgain.")
    await bench.settle()
    assert "type-crash" not in issue.labels
    assert crashes(issue) == [suggestion]


async def test_a_suggestion_that_was_dismissed_before_github_answered_is_not_sent_again(
    bench: Bench, github: FakeGitHub, repository: FakeRepository
) -> None:
    issue = suggesting(repository)
    await bench.hear()
    await bench.triage.work()
    github.fail("/labels$", *[bad_gateway_after_write()] * 2, method="POST")
    await bench.worker.tick()
    (suggestion,) = crashes(issue)
    issue.dismiss(suggestion, HUMAN)
    await bench.settle()
    assert crashes(issue) == [suggestion]
    assert {each.progress for each in await bench.entries(issue)} == {Progress.CONFIRMED}


@pytest.mark.parametrize("kind", [ActionKind.SUGGEST_LABEL, ActionKind.ADD_LABEL])
async def test_a_newer_version_of_a_rule_does_not_bring_back_what_was_dismissed(
    bench: Bench, repository: FakeRepository, kind: ActionKind
) -> None:
    issue = suggesting(repository)
    await bench.settle()
    (suggestion,) = crashes(issue)
    issue.dismiss(suggestion, HUMAN)
    repository.files[".github/ftbot.toml"] = settings("apply")
    ref = IssueRef("demo/demo", issue.number)
    newer = Action(kind, ref, issue.node_id, "type-crash", "crash-title", 99, kind_name="crash")
    await bench.stores.changesets.record(Changeset(actions=(newer,)), bench.clock())
    await bench.worker.tick()
    assert "type-crash" not in issue.labels
    assert crashes(issue) == [suggestion]
    entry = await bench.stores.outbox.get(newer.key)
    assert entry is not None
    assert (entry.progress, entry.reason) == (Progress.DROPPED, "somebody wants the label off.")


async def test_a_label_whose_suggestion_was_dismissed_comes_by_command(
    bench: Bench, repository: FakeRepository, clock: Clock
) -> None:
    issue = suggesting(repository)
    await bench.settle()
    issue.dismiss(crashes(issue)[0], HUMAN)
    clock.advance(minutes=1)
    issue.comment("@ftbot label +crash", HUMAN)
    await bench.settle()
    assert issue.labels == ["type-crash"]


async def test_other_bots_that_move_labels_say_nothing(bench: Bench, issue: FakeIssue) -> None:
    await bench.settle()
    issue.unlabel("type-crash", "stale[bot]")
    issue.edit(body=f"{CRASH[1]}\nAgain.")
    await bench.settle()
    assert await bench.override(issue, "type-crash") is None
    assert moves(issue) == BOTH  # not a second time, all the same


# Commands


async def test_commands_are_obeyed_by_role(bench: Bench, repository: FakeRepository, issue: FakeIssue) -> None:
    repository.files[".github/ftbot.toml"] = settings("dry-run")
    comment = issue.comment("@ftbot label +crash", HUMAN)
    await bench.settle()
    assert moves(issue) == [("labeled", "type-crash")]
    assert "rocket" in [reaction.content for reaction in comment.reactions]


async def test_the_author_may_ask_why_and_a_stranger_gets_no_answer(bench: Bench, repository: FakeRepository) -> None:
    issue = repository.open(*CRASH)
    issue.comment("@ftbot why", STRANGER)
    await bench.settle()
    assert own(issue) == []
    issue.comment("@ftbot why", AUTHOR)
    await bench.settle()
    (reply,) = own(issue)
    assert "crash-title" in reply.body


async def test_a_role_counts_as_it_is_when_the_command_is_done(
    bench: Bench, repository: FakeRepository, issue: FakeIssue
) -> None:
    await remove_crash(bench, issue)
    issue.comment("@ftbot label +crash", HUMAN)
    repository.role(HUMAN, "read")
    await bench.settle()
    assert issue.labels == ["free-threading"]


async def test_of_an_edited_comment_only_new_lines_are_done(bench: Bench, issue: FakeIssue, clock: Clock) -> None:
    comment = issue.comment("@ftbot label +question", HUMAN)
    await bench.settle()
    issue.unlabel("question", HUMAN)
    clock.advance(minutes=1)
    issue.edit_comment(comment, "@ftbot label +question\n@ftbot label +wheels")
    await bench.settle()
    assert "question" not in issue.labels
    assert "wheels" in issue.labels


async def test_what_a_maintainer_writes_into_anothers_comment_counts_as_the_maintainers(
    bench: Bench, issue: FakeIssue
) -> None:
    comment = issue.comment("@ftbot label +wheels", STRANGER)
    await bench.settle()
    issue.edit_comment(comment, "@ftbot label +wheels\n@ftbot label +question", HUMAN)
    await bench.settle()
    assert "wheels" not in issue.labels
    assert "question" in issue.labels
    override = await bench.override(issue, "question")
    assert override is not None
    assert override.actor == HUMAN


async def test_status_is_answered_and_a_failed_look_up_is_no_no(
    bench: Bench, index: FakeIndex, issue: FakeIssue
) -> None:
    index.publish("demo", wheels("demo", "1.0", "cp314-cp314t-win_amd64"), project_urls=LINKS)
    issue.comment("@ftbot status demo", HUMAN)
    await bench.settle()
    assert "installs on 3.14t" in own(issue)[0].body
    await index.stop()
    issue.comment("@ftbot status other", HUMAN)
    await bench.settle()
    assert "cannot be looked up" in own(issue)[1].body


async def test_ignored_threads_are_left_alone_until_somebody_takes_it_back(
    bench: Bench, repository: FakeRepository, clock: Clock
) -> None:
    repository.files[".github/ftbot.toml"] = settings(grace=120)
    issue = repository.open(*CRASH)
    issue.comment("@ftbot ignore", HUMAN)
    await bench.settle()
    assert moves(issue) == []
    clock.advance(minutes=1)
    issue.comment("@ftbot unignore\n@ftbot retriage", HUMAN)
    await bench.settle()
    assert moves(issue) == BOTH


# Comments


async def test_the_author_is_asked_once_for_what_is_missing_and_the_answer_clears_it(
    bench: Bench, repository: FakeRepository
) -> None:
    issue = repository.open("Segmentation fault on the free-threaded build", "It crashes.")
    await bench.settle()
    assert "needs-info" in issue.labels
    assert len(own(issue)) == 1
    issue.comment("What do you mean?", STRANGER)
    await bench.settle()
    assert "needs-info" in issue.labels
    issue.comment("Here: Python 3.14.0 free-threading build, import demo", AUTHOR)
    await bench.settle()
    assert "needs-info" not in issue.labels
    issue.edit(body="It crashes. Really.")
    await bench.settle()
    assert moves(issue).count(("labeled", "needs-info")) == 1
    assert len(own(issue)) == 1


async def test_wheels_that_exist_answer_a_thread_that_asks_for_them(
    bench: Bench, index: FakeIndex, repository: FakeRepository
) -> None:
    index.publish(
        "demo", [*wheels("demo", "1.0", "cp314-cp314t-win_amd64", "cp314-cp314-win_amd64")], project_urls=LINKS
    )
    issue = repository.open(*WHEELS)
    await bench.settle()
    (comment,) = own(issue)
    assert comment.body.startswith(MARKER)
    assert "has wheels for 3.14t" in comment.body


async def test_wheels_are_looked_for_on_the_python_that_a_thread_names(
    bench: Bench, index: FakeIndex, repository: FakeRepository
) -> None:
    index.publish(
        "demo", [*wheels("demo", "1.0", "cp314-cp314t-win_amd64", "cp315-cp315t-win_amd64")], project_urls=LINKS
    )
    issue = repository.open("Please publish cp315t wheels", "There are no free-threaded wheels for 3.15t on PyPI.")
    await bench.settle()
    (comment,) = own(issue)
    assert "has wheels for 3.15t" in comment.body


@pytest.mark.parametrize("links", [{}, {"Source": "https://github.com/other/demo"}, {"Home": "https://demo.dev"}])
async def test_nothing_is_said_of_wheels_of_a_project_that_does_not_say_that_it_is_developed_there(
    bench: Bench, index: FakeIndex, repository: FakeRepository, links: dict[str, str]
) -> None:
    index.publish("demo", wheels("demo", "1.0", "cp314-cp314t-win_amd64"), project_urls=links)
    issue = repository.open(*WHEELS)
    await bench.settle()
    assert own(issue) == []
    assert "wheels" in issue.labels


async def test_a_project_that_is_called_like_its_repository_after_all_is_found(
    bench: Bench, github: FakeGitHub, index: FakeIndex
) -> None:
    repository = install(github, "demo/python-spam")
    index.publish("spam", wheels("spam", "1.0", "cp314-cp314t-win_amd64"))
    links = {"Bug Tracker": "https://github.com/Demo/python-spam/issues"}
    index.publish("python-spam", wheels("python-spam", "2.0", "cp314-cp314t-win_amd64"), project_urls=links)
    issue = repository.open(*WHEELS)
    await bench.settle()
    (comment,) = own(issue)
    assert "python-spam 2.0" in comment.body


async def _answered(bench: Bench, index: FakeIndex, repository: FakeRepository) -> FakeIssue:
    """Open a thread that is answered; edited to `LATER`, there is another answer."""
    index.publish("demo", wheels("demo", "1.0", "cp314-cp314t-win_amd64", "cp315-cp315t-win_amd64"), project_urls=LINKS)
    issue = repository.open(*WHEELS)
    await bench.settle()
    assert "wheels for 3.14t" in own(issue)[0].body
    return issue


LATER = ("Please publish cp315t wheels", "There are no free-threaded wheels for Python 3.15t on PyPI.")


async def test_a_comment_that_a_person_does_not_like_is_not_touched_again_until_somebody_asks(
    bench: Bench, index: FakeIndex, repository: FakeRepository
) -> None:
    issue = await _answered(bench, index, repository)
    (comment,) = own(issue)
    issue.react("-1", HUMAN, comment)
    issue.edit(title=LATER[0], body=LATER[1])
    await bench.settle()
    assert "wheels for 3.14t" in comment.body
    mark = (await bench.stores.marks.of(issue.node_id))[MarkKind.UNWANTED]
    assert (mark.value, mark.actor) == (DISLIKED, HUMAN)
    assert any(
        entry.decision.outcome is Outcome.BLOCKED
        and entry.decision.reason.startswith(f"{HUMAN} gave a thumbs-down to the comment here on ")
        for entry in await bench.audit(issue)
    )
    issue.comment("@ftbot retriage", HUMAN)
    await bench.settle()
    assert "wheels for 3.15t" in comment.body


@pytest.mark.parametrize("reaction", [("+1", HUMAN), ("-1", None)])
async def test_other_reactions_and_those_of_bots_say_nothing(
    bench: Bench, index: FakeIndex, repository: FakeRepository, reaction: tuple[str, str | None]
) -> None:
    issue = await _answered(bench, index, repository)
    (comment,) = own(issue)
    content, who = reaction
    issue.react(content, who or repository.world.bot, comment)
    issue.edit(title=LATER[0], body=LATER[1])
    await bench.settle()
    assert "wheels for 3.15t" in comment.body


async def test_a_comment_that_a_person_removed_does_not_come_back(
    bench: Bench, index: FakeIndex, repository: FakeRepository
) -> None:
    issue = await _answered(bench, index, repository)
    issue.delete_comment(own(issue)[0], HUMAN)
    issue.edit(title=LATER[0], body=LATER[1])
    await bench.settle()
    assert own(issue) == []
    mark = (await bench.stores.marks.of(issue.node_id))[MarkKind.UNWANTED]
    assert mark.value == REMOVED
    issue.edit(body=f"{WHEELS[1]} Still.")
    await bench.settle()
    assert own(issue) == []


async def test_what_people_think_of_comments_is_looked_for_within_a_budget(
    bench: Bench, github: FakeGitHub, index: FakeIndex, repository: FakeRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.triage.snapshots.COMMENTS_AN_HOUR", 1)
    issue = await _answered(bench, index, repository)
    path = "/issues/comments/[0-9]+$"
    for number in range(3):
        issue.edit(body=f"{WHEELS[1]} {number}")
        await bench.hear()
        await bench.triage.work()
    assert github.count("GET", path) == 1
    bench.clock.advance(hours=2)
    issue.edit(body=WHEELS[1])
    await bench.hear()
    await bench.triage.work()
    assert github.count("GET", path) == 2


@pytest.mark.parametrize("published", [True, False])
async def test_no_wheels_and_a_failed_look_up_say_nothing(
    bench: Bench, index: FakeIndex, repository: FakeRepository, published: bool
) -> None:
    if published:
        index.publish("demo", [sdist("demo", "1.0")], project_urls=LINKS)
    else:
        await index.stop()
    issue = repository.open(*WHEELS)
    await bench.settle()
    assert own(issue) == []
    assert "wheels" in issue.labels


async def test_settings_that_cannot_be_used_are_told_once_in_a_repository(
    bench: Bench, repository: FakeRepository, clock: Clock
) -> None:
    repository.files[".github/ftbot.toml"] = b'version = 1\nmode = "aply"\n'
    issues = [repository.open(*CRASH) for _ in range(3)]
    await bench.settle()
    clock.advance(hours=1)
    issues.append(repository.open(*CRASH))
    await bench.settle()
    (notice,) = [comment for issue in issues for comment in own(issue)]
    assert "mode" in notice.body
    assert all(moves(issue) == [] for issue in issues)
    repository.files[".github/ftbot.toml"] = settings()
    clock.advance(minutes=3)
    issues[0].edit(body=f"{CRASH[1]}\nAgain.")
    await bench.settle()
    assert moves(issues[0]) == BOTH


async def test_what_was_written_down_before_is_not_written_down_again(
    bench: Bench, repository: FakeRepository, issue: FakeIssue, clock: Clock
) -> None:
    repository.files[".github/ftbot.toml"] = settings("dry-run")
    await bench.settle()
    before = await bench.audit(issue)
    assert before
    issue.edit(body=f"{CRASH[1]}\nAgain.")
    await bench.settle()
    assert await bench.audit(issue) == before
    repository.files[".github/ftbot.toml"] = b"version = 2\n"
    clock.advance(minutes=3)
    others = [repository.open(*CRASH) for _ in range(2)]
    await bench.settle()
    lines = [entry.decision for each in (issue, *others) for entry in await bench.audit(each)]
    notices = [line.outcome for line in lines if line.action.kind is ActionKind.NOTICE]
    assert notices == [Outcome.DO, Outcome.DONE]


async def test_a_label_that_a_person_puts_on_a_known_thread_is_news(bench: Bench, issue: FakeIssue) -> None:
    await bench.settle()
    issue.label("question", HUMAN)
    await bench.settle()
    events = [event for _, event in await ThreadEvents(bench.database).numbered_after(0)]
    assert (EventKind.LABELLED, "question") in [(event.kind, event.detail) for event in events]


async def test_labels_are_suggested_in_githubs_own_way_or_not_at_all(
    bench: Bench, github: FakeGitHub, repository: FakeRepository
) -> None:
    repository.files[".github/ftbot.toml"] = settings("suggest")
    issue = repository.open(*CRASH)
    modern = install(github, "demo/modern", settings("suggest"))
    modern.enable_suggestions()
    other = modern.open(*CRASH)
    await bench.settle()
    assert (issue.labels, own(issue)) == ([], [])
    assert {suggestion.label.name for suggestion in other.suggestions} == {"free-threading", "type-crash"}
    assert (other.labels, own(other)) == ([], [])


async def test_pull_requests_are_left_alone_unless_the_repository_asks_for_them(
    bench: Bench, github: FakeGitHub, repository: FakeRepository
) -> None:
    github.app.events.append("pull_request")
    pull = repository.open(*CRASH, is_pr=True)
    await bench.settle()
    assert (moves(pull), own(pull)) == ([], [])
    repository.files[".github/ftbot.toml"] = b"pull-requests = true\n" + settings()
    bench.clock.advance(hours=1)
    pull.edit(body=f"{CRASH[1]}\nMore.")
    await bench.settle()
    assert moves(pull) == BOTH


async def test_where_suggestions_are_refused_after_all_nothing_is_written_instead(
    bench: Bench, github: FakeGitHub
) -> None:
    repository = install(github, "demo/modern", settings("suggest"))
    repository.enable_suggestions()
    issue = repository.open(*CRASH)
    await bench.hear()
    await bench.triage.work()
    github.fail("/labels$", *[Failure(422, body={"message": "Validation Failed"})] * 2, method="POST")
    await bench.settle()
    assert (issue.labels, issue.suggestions) == ([], [])
    assert own(issue) == []


async def test_a_known_thread_about_the_same_is_linked_without_a_backlink(
    bench: Bench, repository: FakeRepository, index: FakeIndex
) -> None:
    index.publish("demo", wheels("demo", "1.0", "cp314-cp314t-win_amd64"), project_urls=LINKS)
    first = repository.open(*WHEELS)
    await bench.settle()
    second = repository.open(WHEELS[0] + " soon", WHEELS[1])
    await bench.settle()
    (comment,) = own(second)
    assert f"https://redirect.github.com/demo/demo/issues/{first.number}" in comment.body
    assert "https://github.com/demo/demo/issues" not in comment.body


# Threads come and go


async def test_what_happens_to_a_thread_is_there_for_discord_and_the_digest(bench: Bench, issue: FakeIssue) -> None:
    await bench.settle()
    issue.comment("Me too.", STRANGER)
    await bench.settle()
    issue.close()
    await bench.settle()
    known = await bench.stores.threads.get(issue.node_id)
    assert known is not None
    assert (known.origin, known.package, known.kinds) == (ThreadOrigin.TRIAGE, "demo", (KindName.CRASH,))
    assert known.issue.state is ThreadState.CLOSED
    events = await ThreadEvents(bench.database).numbered_after(0)
    assert [(event.kind, event.detail) for _, event in events] == [
        (EventKind.OPENED, ""),
        (EventKind.LABELLED, "free-threading"),
        (EventKind.LABELLED, "type-crash"),
        (EventKind.COMMENTED, "1"),
        (EventKind.CLOSED, ""),
    ]


async def test_a_thread_that_was_deleted_is_marked_and_the_rest_is_dropped(
    bench: Bench, repository: FakeRepository, issue: FakeIssue
) -> None:
    await bench.settle()
    issue.edit(body=f"{CRASH[1]}\nAgain.")
    repository.delete(issue)
    await bench.settle()
    known = await bench.stores.threads.get(issue.node_id)
    assert known is not None
    assert known.gone is not None
    assert await bench.stores.inbox.next_due() is None
    assert await bench.stores.outbox.next_due() is None


async def test_a_thread_that_was_moved_takes_along_what_people_want_of_it(
    bench: Bench, github: FakeGitHub, repository: FakeRepository, issue: FakeIssue
) -> None:
    await remove_crash(bench, issue)
    other = install(github, "demo/other")
    moved = repository.transfer(issue, other)
    await bench.settle()
    assert moved.labels == ["free-threading"]
    override = await bench.override(moved, "type-crash")
    assert override is not None
    assert not override.wanted
    known = await bench.stores.threads.get(moved.node_id)
    assert known is not None
    assert await bench.stores.threads.get(issue.node_id) is None


async def test_a_thread_that_was_moved_out_of_reach_is_let_go(
    bench: Bench, github: FakeGitHub, repository: FakeRepository, issue: FakeIssue
) -> None:
    await bench.settle()
    moved = repository.transfer(issue, github.repository("elsewhere/demo", labels=["type-crash"]))
    await bench.settle()
    assert moves(moved) == moves(issue)
    assert await bench.stores.inbox.next_due() is None
    known = await bench.stores.threads.get(issue.node_id)
    assert known is not None
    assert known.gone is not None


async def test_a_repository_that_was_renamed_is_the_same(
    bench: Bench, repository: FakeRepository, issue: FakeIssue
) -> None:
    repository.rename("demo/renamed")
    await bench.settle()
    assert moves(issue) == BOTH
    issue.unlabel("type-crash", HUMAN)
    issue.edit(body=f"{CRASH[1]}\nAgain.")
    await bench.settle()
    assert issue.labels == ["free-threading"]


async def test_where_the_app_was_removed_nothing_more_is_done(
    bench: Bench, repository: FakeRepository, issue: FakeIssue
) -> None:
    await bench.hear()
    await bench.triage.work()
    assert await bench.stores.outbox.next_due() is not None
    repository.uninstall()
    await bench.settle()
    assert moves(issue) == []
    assert await bench.stores.outbox.next_due() is None
    assert await bench.stores.inbox.next_due() is None
    repository.install()
    issue.edit(body=f"{CRASH[1]}\nAgain.")
    await bench.settle()
    assert len(moves(issue)) <= 2


async def test_locked_and_closed_threads_are_left_alone(bench: Bench, repository: FakeRepository) -> None:
    locked, closed = repository.open(*CRASH), repository.open(*CRASH)
    locked.lock()
    closed.close()
    await bench.settle()
    assert (moves(locked), moves(closed)) == ([], [])
    locked.unlock()
    closed.reopen()
    await bench.settle()
    assert (moves(locked), moves(closed)) == (BOTH, BOTH)


# What goes wrong


async def test_one_bad_thread_keeps_no_other_waiting(
    bench: Bench, github: FakeGitHub, repository: FakeRepository
) -> None:
    bad, good = repository.open(*CRASH), repository.open(*CRASH)
    github.fail(rf"/issues/{bad.number}$", *[server_error()] * 12)
    await bench.hear()
    await bench.work()
    assert (moves(bad), moves(good)) == ([], BOTH)
    for _ in range(8):
        bench.clock.advance(minutes=10)
        await bench.work()
    assert moves(bad) == BOTH


async def test_github_is_left_alone_as_long_as_it_asks_for(
    bench: Bench, github: FakeGitHub, issue: FakeIssue, clock: Clock
) -> None:
    await bench.hear()
    github.fail(r"/issues/\d+$", too_many_requests(600))
    await bench.work()
    asked = len(github.requests)
    clock.advance(seconds=590)
    async with bench.another() as restarted:  # the client itself counts real seconds
        await restarted.work()
        assert len(github.requests) == asked
        clock.advance(seconds=20)
        await restarted.work()
    assert moves(issue) == BOTH


async def test_a_thread_that_cannot_be_read_for_most_of_a_day_is_given_up_and_the_audit_log_says_so(
    bench: Bench, github: FakeGitHub, issue: FakeIssue, clock: Clock
) -> None:
    await bench.hear()
    github.fail(rf"/issues/{issue.number}$", *[server_error()] * 100)
    for _ in range(ATTEMPTS + 5):
        await bench.work()
        clock.advance(hours=1)
    assert await bench.stores.inbox.next_due() is None
    (entry,) = await bench.audit(issue)
    assert entry.decision.reason.startswith(f"Given up after {ATTEMPTS} attempts. ")


async def test_without_a_valid_key_everything_waits_and_is_said_once(
    bench: Bench, github: FakeGitHub, repository: FakeRepository, log: StringIO, clock: Clock
) -> None:
    issues = [repository.open(*CRASH) for _ in range(3)]
    await bench.hear()
    refused = Failure(401, body={"message": "Bad credentials"})
    github.fail(".", *[refused] * 20)
    for _ in range(2):
        await bench.work()
        clock.advance(minutes=1)
    assert log.getvalue().count("github_forbids") == 1
    assert "refused the App's key" in log.getvalue()
    for _ in range(10):
        clock.advance(hours=4)
        await bench.work()
    assert [moves(issue) for issue in issues] == [BOTH] * 3


async def test_a_bug_puts_one_thread_off_and_is_logged(
    bench: Bench, repository: FakeRepository, issue: FakeIssue, log: StringIO
) -> None:
    steps: list[str] = []

    def break_once(step: str) -> None:
        steps.append(step)
        if step == "decided" and steps.count("decided") == 1:
            raise RuntimeError("a bug")

    other = repository.open(*CRASH)
    async with bench.another(checkpoint=break_once) as broken:
        await broken.hear()
        await broken.work()
        assert (moves(issue), moves(other)) == ([], BOTH)
        assert "triage_failed" in log.getvalue()
        bench.clock.advance(minutes=1)
        await broken.work()
    assert moves(issue) == BOTH


async def test_a_database_that_fails_ends_the_round_and_nothing_is_lost(
    bench: Bench, issue: FakeIssue, log: StringIO
) -> None:
    await bench.hear()
    async with read_only(bench.database):
        await bench.work()
    assert "storage_failed" in log.getvalue()
    assert moves(issue) == []
    await bench.work()
    assert moves(issue) == BOTH


# For the command line


async def test_a_preview_says_what_would_be_done_and_does_nothing(bench: Bench, issue: FakeIssue) -> None:
    preview = await bench.triage.preview(IssueRef("demo/demo", issue.number))
    assert [(each.action.value, each.outcome) for each in preview.decisions] == [
        ("free-threading", Outcome.DO),
        ("type-crash", Outcome.DO),
    ]
    assert preview.history == ()
    await bench.worker.tick()
    assert moves(issue) == []


async def test_applying_does_it_at_once(bench: Bench, issue: FakeIssue) -> None:
    applied = await bench.triage.apply(IssueRef("demo/demo", issue.number))
    assert moves(issue) == BOTH
    assert [entry.decision.outcome for entry in applied.history][-2:] == [Outcome.DONE, Outcome.DONE]
    again = await bench.triage.apply(IssueRef("demo/demo", issue.number))
    assert again.decisions == ()
    assert moves(issue) == BOTH


async def test_applying_where_the_app_is_not_says_what_to_do(bench: Bench, github: FakeGitHub) -> None:
    issue = github.repository("else/where").open(*CRASH)
    with pytest.raises(UserError, match="has not installed the App"):
        await bench.triage.apply(IssueRef("else/where", issue.number))


async def test_without_the_app_there_is_a_preview_and_nothing_to_apply(
    bench: Bench, github: FakeGitHub, clock: Clock
) -> None:
    github.repository("else/where", files={".github/ftbot.toml": settings()}).open(*CRASH)
    async with open_github_reader(
        github.url, github.token, user_agent="ftbot-tests", now=clock, patience=QUICK
    ) as reader:
        triage = Triage.new(reader, bench.stores, bench.triage.snapshots.lookup, now=clock)
        preview = await triage.preview(IssueRef("else/where", 1))
        assert preview.snapshot.settings.mode is Mode.APPLY
        assert {each.outcome for each in preview.decisions} == {Outcome.BLOCKED}
        assert all("has not installed the App" in each.reason for each in preview.decisions)
        with pytest.raises(UserError, match="FTBOT_GITHUB_APP_ID"):
            await triage.apply(IssueRef("else/where", 1))


async def test_a_repository_that_installs_the_app_is_read_anew(
    bench: Bench, repository: FakeRepository, clock: Clock
) -> None:
    repository.files[".github/ftbot.toml"] = settings("off")
    issue = repository.open(*CRASH)
    await bench.hear()
    await bench.work()
    repository.uninstall()
    repository.install()
    repository.files[".github/ftbot.toml"] = settings()
    issue.edit(body=f"{CRASH[1]}\nAgain.")
    await bench.hear()
    await bench.work()
    clock.advance(minutes=1)
    await bench.work()
    assert moves(issue) == BOTH


async def test_replaying_shows_what_the_rules_say_of_stored_threads(bench: Bench, issue: FakeIssue) -> None:
    await bench.settle()
    (replayed,) = await bench.triage.replay()
    assert replayed.thread.issue.ref == IssueRef("demo/demo", issue.number)
    assert (replayed.free_threading, replayed.kinds, replayed.changed) == (True, (KindName.CRASH,), False)


# What came between, and passed


def reopen(issue: FakeIssue) -> None:
    issue.reopen()


def unlock(issue: FakeIssue) -> None:
    issue.unlock()


def edit(issue: FakeIssue) -> None:
    issue.edit(body=f"{CRASH[1]} Again.")


def close(issue: FakeIssue) -> None:
    issue.close()


def lock(issue: FakeIssue) -> None:
    issue.lock()


def uninstall(issue: FakeIssue) -> None:
    issue.repository.uninstall()


def install_and_edit(issue: FakeIssue) -> None:
    issue.repository.install()
    edit(issue)


def only_suggest(issue: FakeIssue) -> None:
    issue.repository.files[".github/ftbot.toml"] = settings("dry-run")


def apply_and_edit(issue: FakeIssue) -> None:
    issue.repository.files[".github/ftbot.toml"] = settings()
    edit(issue)


@pytest.mark.parametrize(
    ("between", "after"),
    [(close, reopen), (lock, unlock), (uninstall, install_and_edit), (only_suggest, apply_and_edit)],
)
async def test_what_came_between_and_passed_does_not_keep_a_label_off_for_good(
    bench: Bench, issue: FakeIssue, between: Callable[[FakeIssue], None], after: Callable[[FakeIssue], None]
) -> None:
    await bench.hear()
    await bench.triage.work()
    between(issue)
    await bench.settle()
    assert moves(issue) == []
    bench.clock.advance(minutes=15)
    after(issue)
    await bench.settle()
    assert moves(issue) == BOTH
    outcomes = [
        entry.decision.outcome for entry in await bench.audit(issue) if entry.decision.action.value == "type-crash"
    ]
    assert [each for each in outcomes if each in {Outcome.DO, Outcome.DONE}] == [Outcome.DO, Outcome.DO, Outcome.DONE]


async def test_what_could_not_be_done_for_days_is_done_when_the_thread_is_decided_again(
    bench: Bench, issue: FakeIssue, clock: Clock
) -> None:
    await bench.hear()
    await bench.triage.work()
    clock.advance(seconds=EXPIRES.total_seconds() + 1)
    await bench.settle()
    assert moves(issue) == []
    await bench.triage.apply(IssueRef("demo/demo", issue.number))
    await bench.settle()
    assert moves(issue) == BOTH


async def test_what_a_person_does_not_want_is_not_planned_anew(bench: Bench, issue: FakeIssue) -> None:
    await bench.hear()
    await bench.triage.work()
    issue.label("type-crash", HUMAN)
    bench.clock.advance(seconds=5)
    issue.unlabel("type-crash", HUMAN)
    await bench.settle()
    issue.close()
    issue.reopen()
    edit(issue)
    await bench.settle()
    assert moves(issue) == [("labeled", "free-threading")]


async def test_a_removal_that_is_told_of_late_cancels_nothing_of_a_newer_installation(
    bench: Bench, repository: FakeRepository
) -> None:
    repository.uninstall()
    late = bench.fake.deliveries[-1]
    bench.heard.append(late)
    bench.clock.advance(minutes=1)
    repository.install()
    issue = repository.open(*CRASH)
    await bench.hear()
    await bench.triage.work()
    await bench.hear([late])
    await bench.settle()
    assert moves(issue) == BOTH


async def test_nothing_is_kept_of_what_a_repository_says_that_removed_the_app(
    bench: Bench, repository: FakeRepository, issue: FakeIssue
) -> None:
    await bench.settle()
    repository.uninstall()
    await bench.settle()
    await check_forgotten(bench, issue)


async def test_nothing_is_kept_of_what_a_repository_says_that_is_found_to_be_private(
    bench: Bench, repository: FakeRepository, issue: FakeIssue, clock: Clock
) -> None:
    await bench.settle()
    comment = issue.comment("@ftbot why", HUMAN)
    repository.private = True
    clock.advance(hours=2)
    await bench.settle()
    assert (own(issue), comment.reactions) == ([], [])
    await check_forgotten(bench, issue)


async def check_forgotten(bench: Bench, issue: FakeIssue) -> None:
    """Fail if anything is known of what a thread says, or anybody is shown it."""
    known = await bench.stores.threads.get(issue.node_id)
    assert known is not None
    assert (known.issue.title, known.issue.body, known.gone is None) == ("", "", False)
    assert await bench.stores.threads.all() == ()
    events = ThreadEvents(bench.database)
    assert await events.newest() > 0
    assert await events.between(0, await events.newest()) == ()
    assert await events.numbered_after(0) == ()
    assert await bench.database.read("SELECT title FROM thread_events WHERE title <> ''") == []


async def test_who_asks_without_end_keeps_nobody_waiting(bench: Bench, repository: FakeRepository) -> None:
    flood = repository.open("Hello", "there", by=STRANGER)
    for _ in range(40):
        flood.comment("@ftbot why\n@ftbot help", STRANGER)
    issue = repository.open(*CRASH)
    issue.comment("@ftbot label +question", HUMAN)
    await bench.hear()
    await bench.work()
    assert sorted(issue.labels) == ["free-threading", "question", "type-crash"]
