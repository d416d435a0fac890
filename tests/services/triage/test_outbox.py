"""What triage decided is done on GitHub exactly once, unless something came between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest

from bot.core.github.threads import IssueRef
from bot.core.triage.actions import Action, ActionKind, Outcome
from bot.core.triage.changeset import Changeset, LabelOverride, OutboxEntry, Progress
from bot.core.triage.decide.policy import ACTIONS_AN_HOUR, CONTENT_AN_HOUR
from bot.core.triage.decide.preflight import ANSWERS_AN_HOUR, FORBIDDEN, SETTLING
from bot.core.triage.decide.texts import MARKER
from storage.github.outbox import CLAIM
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.github_failures import (
    Failure,
    Hold,
    bad_gateway_after_write,
    dropped,
    held,
    moved,
    rate_limited,
    secondary_limit,
    server_error,
    too_many_requests,
)
from tests.fakes.github_world import FakeIssue, FakeRepository, SuggestionState
from tests.services.lookups import Clock
from tests.services.triages import CRASH, HUMAN, Bench, install, moves, own, settings

pytestmark = pytest.mark.usefixtures("log")

ADD, REMOVE, COMMENT = ActionKind.ADD_LABEL, ActionKind.REMOVE_LABEL, ActionKind.COMMENT
REPLY, NOTICE, REACT, SUGGEST = ActionKind.REPLY, ActionKind.NOTICE, ActionKind.REACT, ActionKind.SUGGEST_LABEL
WRITES = {
    ADD: ("POST", r"/issues/\d+/labels$"),
    REMOVE: ("DELETE", r"/issues/\d+/labels/"),
    COMMENT: ("POST", r"/issues/\d+/comments$"),
    REPLY: ("POST", r"/issues/\d+/comments$"),
    NOTICE: ("POST", r"/issues/\d+/comments$"),
    REACT: ("POST", r"/issues/comments/\d+/reactions$"),
    SUGGEST: ("POST", r"/issues/\d+/labels$"),
}
TEXT = f"{MARKER}\nLabels that may fit: …"
SETTLED = SETTLING + timedelta(seconds=1)


def action(issue: FakeIssue, kind: ActionKind = ADD, value: str = "type-crash", **more: str | int | None) -> Action:
    """Make an action as the rules do."""
    body, comment = more.get("body", ""), more.get("comment")
    assert isinstance(body, str)
    assert comment is None or isinstance(comment, int)
    ref = IssueRef(issue.repository.full_name, issue.number)
    return Action(kind, ref, issue.node_id, value, "crash-title", 1, "it crashed", body, comment, "crash")


def of_kind(issue: FakeIssue, kind: ActionKind) -> Action:
    """Make some action of a kind, and what it needs."""
    match kind:
        case ActionKind.REMOVE_LABEL:
            issue.label("needs-info", "ftbot[bot]")
            return replace(action(issue, kind, "needs-info"), kind_name="needs-info")
        case ActionKind.COMMENT:
            return action(issue, kind, "thread", body=TEXT)
        case ActionKind.REPLY:
            return action(issue, kind, "why", body="Because.", comment=issue.comment("@ftbot why", HUMAN).id)
        case ActionKind.NOTICE:
            issue.repository.files[".github/ftbot.toml"] = b"version = 2\n"
            return action(issue, kind, "settings", body="The settings cannot be used.")
        case ActionKind.REACT:
            return action(issue, kind, "rocket", comment=issue.comment("@ftbot label +x", HUMAN).id)
        case ActionKind.ADD_LABEL | ActionKind.SUGGEST_LABEL:
            issue.repository.enable_suggestions()
            return action(issue, kind)


def traces(issue: FakeIssue, wanted: Action) -> int:
    """Count how often an action was done, as anybody sees it."""
    match wanted.kind:
        case ActionKind.ADD_LABEL:
            return moves(issue).count(("labeled", wanted.value))
        case ActionKind.REMOVE_LABEL:
            return moves(issue).count(("unlabeled", wanted.value))
        case ActionKind.REACT:
            return sum(reaction.content == wanted.value for each in issue.comments for reaction in each.reactions)
        case ActionKind.SUGGEST_LABEL:
            waiting = (each for each in issue.suggestions if each.state is SuggestionState.PENDING)
            return sum(suggestion.label.name == wanted.value for suggestion in waiting)
        case _:
            return sum(comment.body.endswith(wanted.body) for comment in own(issue))


async def plan(bench: Bench, *actions: Action) -> None:
    """Write actions down, as triage does."""
    await bench.stores.changesets.record(Changeset(actions=actions), bench.clock())


async def take_turns(bench: Bench) -> None:
    """Let the outbox worker run, and again when everything is settled."""
    for _ in range(3):
        await bench.worker.tick()
        bench.clock.advance(seconds=SETTLED.total_seconds())


async def the_entry(bench: Bench, wanted: Action) -> OutboxEntry:
    entry = await bench.stores.outbox.get(wanted.key)
    assert entry is not None
    return entry


# What is done


@pytest.mark.parametrize("kind", ActionKind)
async def test_every_kind_of_action_is_done_once_and_written_down(
    bench: Bench, issue: FakeIssue, kind: ActionKind
) -> None:
    wanted = of_kind(issue, kind)
    await plan(bench, wanted)
    for _ in range(3):
        await bench.worker.tick()
        await plan(bench, wanted)
    assert traces(issue, wanted) == 1
    entry = await the_entry(bench, wanted)
    assert (entry.progress, entry.due) == (Progress.CONFIRMED, None)
    assert [audited.decision.outcome for audited in await bench.audit(issue)] == [Outcome.DONE]


async def test_only_the_one_label_moves(bench: Bench, issue: FakeIssue) -> None:
    issue.label("question")
    await plan(bench, action(issue), action(issue, ADD, "free-threading"))
    await bench.worker.tick()
    assert issue.labels == ["question", "type-crash", "free-threading"]


async def test_with_the_switch_off_nothing_is_done(bench: Bench, issue: FakeIssue) -> None:
    await plan(bench, action(issue))
    async with bench.another(enabled=False) as off:
        await off.worker.tick()
    assert moves(issue) == []
    await bench.worker.tick()
    assert moves(issue) == [("labeled", "type-crash")]


# The one comment


async def test_the_comment_is_edited_rather_than_repeated(bench: Bench, issue: FakeIssue) -> None:
    for text in ("one", "two", "three"):
        await plan(bench, action(issue, COMMENT, "thread", body=f"{MARKER}\n{text}"))
        await bench.worker.tick()
    assert [comment.body for comment in own(issue)] == [f"{MARKER}\nthree"]


async def test_a_newer_text_waits_until_it_is_known_what_became_of_the_older(
    bench: Bench, github: FakeGitHub, issue: FakeIssue, clock: Clock
) -> None:
    one, two = (action(issue, COMMENT, text, body=f"{MARKER}\n{text}") for text in ("one", "two"))
    github.fail(WRITES[COMMENT][1], bad_gateway_after_write(), method="POST")
    await plan(bench, one)
    await bench.worker.tick()
    await plan(bench, two)
    await bench.worker.tick()
    assert [comment.body for comment in own(issue)] == [one.body]
    clock.advance(seconds=SETTLED.total_seconds())
    await bench.worker.tick()
    assert [comment.body for comment in own(issue)] == [two.body]


async def test_a_comment_of_somebody_else_with_the_mark_is_left_alone(bench: Bench, issue: FakeIssue) -> None:
    forged = issue.comment(f"{MARKER}\nI am the bot.", "stranger")
    await plan(bench, action(issue, COMMENT, "thread", body=TEXT))
    await bench.worker.tick()
    assert forged.body == f"{MARKER}\nI am the bot."
    assert [comment.body for comment in own(issue)] == [TEXT]


async def test_an_answer_of_the_apps_own_that_has_the_mark_further_down_is_not_written_over(
    bench: Bench, issue: FakeIssue
) -> None:
    answer = issue.comment(f"You said:\n{MARKER}\n> {MARKER}", "ftbot[bot]")
    await plan(bench, action(issue, COMMENT, "thread", body=TEXT))
    await bench.worker.tick()
    assert [comment.body for comment in own(issue)] == [answer.body, TEXT]


async def test_a_comment_that_somebody_deleted_is_not_written_again(bench: Bench, issue: FakeIssue) -> None:
    await plan(bench, action(issue, COMMENT, "thread", body=TEXT))
    await bench.worker.tick()
    issue.delete_comment(own(issue)[0], HUMAN)
    await plan(bench, action(issue, COMMENT, "thread", body=f"{TEXT} And more."))
    await take_turns(bench)
    assert own(issue) == []


async def test_a_reply_is_a_comment_of_its_own_that_nobody_sees_the_mark_of(bench: Bench, issue: FakeIssue) -> None:
    await plan(bench, action(issue, COMMENT, "thread", body=TEXT), of_kind(issue, REPLY))
    await bench.worker.tick()
    first, second = own(issue)
    assert first.body == TEXT
    mark, _, rest = second.body.partition("\n")
    assert (mark.startswith("<!--"), mark.endswith("-->"), rest) == (True, True, "Because.")


# What came between


def delete(issue: FakeIssue) -> None:
    issue.repository.delete(issue)


def remove_label(issue: FakeIssue) -> None:
    issue.label("type-crash", HUMAN)
    issue.unlabel("type-crash", HUMAN)


def switch_off(issue: FakeIssue) -> None:
    issue.repository.files[".github/ftbot.toml"] = settings("off")


def delete_label(issue: FakeIssue) -> None:
    issue.repository.delete_label("type-crash")


def uninstall(issue: FakeIssue) -> None:
    issue.repository.uninstall()


def make_private(issue: FakeIssue) -> None:
    issue.repository.private = True


BETWEEN = (delete, remove_label, switch_off, delete_label, uninstall, make_private)


@pytest.mark.parametrize("between", BETWEEN)
async def test_a_label_is_not_put_on_if_something_came_between(
    bench: Bench, repository: FakeRepository, issue: FakeIssue, between: AsyncIterator[None]
) -> None:
    await plan(bench, action(issue))
    assert callable(between)
    between(issue)
    labels = set(repository.labels)
    await take_turns(bench)
    assert moves(issue) == []
    assert set(repository.labels) == labels
    entry = await the_entry(bench, action(issue))
    assert (entry.progress, entry.due) == (Progress.DROPPED, None)
    (audited,) = await bench.audit(issue)
    assert (audited.decision.outcome, audited.decision.reason) == (Outcome.DROPPED, entry.reason)


async def test_a_override_that_came_by_webhook_counts_before_github_lists_it(bench: Bench, issue: FakeIssue) -> None:
    override = LabelOverride(
        issue.node_id, "Type-Crash", wanted=False, repository="demo/demo", actor=HUMAN, at=bench.clock()
    )
    await bench.stores.changesets.record(Changeset(actions=(action(issue),), overrides=(override,)), bench.clock())
    await bench.worker.tick()
    assert moves(issue) == []
    assert (await the_entry(bench, action(issue))).reason == f"{HUMAN} wants the label off."


async def test_a_reaction_to_a_comment_that_was_deleted_is_dropped(bench: Bench, issue: FakeIssue) -> None:
    wanted = of_kind(issue, REACT)
    issue.delete_comment(issue.comments[0])
    await plan(bench, wanted)
    await take_turns(bench)
    assert (await the_entry(bench, wanted)).progress is Progress.DROPPED


async def test_a_repository_that_was_renamed_meanwhile_is_found(
    bench: Bench, repository: FakeRepository, issue: FakeIssue
) -> None:
    await plan(bench, action(issue), of_kind(issue, REPLY))
    repository.rename("demo/renamed")
    await take_turns(bench)
    assert moves(issue) == [("labeled", "type-crash")]
    assert len(own(issue)) == 1


# What goes wrong


@pytest.mark.parametrize("failure", [bad_gateway_after_write(), dropped(after=True)], ids=["502", "cut"])
@pytest.mark.parametrize("kind", ActionKind)
async def test_done_but_not_confirmed_is_not_done_again(
    bench: Bench, github: FakeGitHub, issue: FakeIssue, kind: ActionKind, failure: Failure
) -> None:
    method, pattern = WRITES[kind]
    wanted = of_kind(issue, kind)
    github.fail(pattern, failure, method=method)
    await plan(bench, wanted)
    await bench.worker.tick()
    assert (await the_entry(bench, wanted)).progress is Progress.SENT
    await take_turns(bench)
    assert traces(issue, wanted) == 1
    assert (await the_entry(bench, wanted)).progress is Progress.CONFIRMED


@pytest.mark.parametrize("failure", [server_error(), dropped()], ids=["502", "cut"])
@pytest.mark.parametrize("kind", ActionKind)
async def test_not_done_and_not_confirmed_is_done_later(
    bench: Bench, github: FakeGitHub, issue: FakeIssue, kind: ActionKind, failure: Failure
) -> None:
    method, pattern = WRITES[kind]
    wanted = of_kind(issue, kind)
    github.fail(pattern, failure, method=method)
    await plan(bench, wanted)
    await take_turns(bench)
    assert traces(issue, wanted) == 1
    assert (await the_entry(bench, wanted)).progress is Progress.CONFIRMED


async def test_what_is_not_known_to_be_done_is_not_sent_again_before_a_slow_github_would_have_done_it(
    bench: Bench, github: FakeGitHub, clock: Clock, issue: FakeIssue
) -> None:
    wanted = of_kind(issue, REPLY)
    github.fail(WRITES[REPLY][1], server_error(), method="POST")
    await plan(bench, wanted)
    for _ in range(10):
        await bench.worker.tick()
        clock.advance(seconds=14)
    assert github.count(*WRITES[REPLY]) == 1
    clock.advance(seconds=14)
    await bench.worker.tick()
    assert github.count(*WRITES[REPLY]) == 2


@pytest.mark.parametrize("kind", ActionKind)
async def test_a_process_that_hung_before_it_sends_leaves_that_to_whoever_has_the_entry_by_then(
    bench: Bench, github: FakeGitHub, clock: Clock, issue: FakeIssue, kind: ActionKind
) -> None:
    hangs = [CLAIM]

    def hang(step: str) -> None:
        if step == "sending" and hangs:
            clock.advance(seconds=hangs.pop().total_seconds())

    wanted = of_kind(issue, kind)
    await plan(bench, wanted)
    async with bench.another(checkpoint=hang) as hanging:
        await hanging.worker.tick()
    assert github.count(*WRITES[kind]) == 0
    await take_turns(bench)
    assert traces(issue, wanted) == 1
    assert github.count(*WRITES[kind]) == 1


async def test_a_label_that_was_put_on_unseen_and_taken_off_by_a_person_stays_off(
    bench: Bench, github: FakeGitHub, clock: Clock, issue: FakeIssue
) -> None:
    github.fail(WRITES[ADD][1], bad_gateway_after_write(), method="POST")
    await plan(bench, action(issue))
    await bench.worker.tick()
    issue.unlabel("type-crash", HUMAN)
    clock.advance(seconds=SETTLED.total_seconds())
    await take_turns(bench)
    assert (issue.labels, moves(issue)) == ([], [("labeled", "type-crash")])


@pytest.mark.parametrize("wait", [30, 600])
async def test_github_is_left_alone_as_long_as_it_asks_for(
    bench: Bench, github: FakeGitHub, clock: Clock, issue: FakeIssue, wait: int
) -> None:
    github.fail(WRITES[ADD][1], too_many_requests(wait), method="POST")
    await plan(bench, action(issue))
    await bench.worker.tick()
    asked = len(github.requests)
    clock.advance(seconds=wait - 1)
    async with bench.another() as restarted:  # the client itself counts real seconds
        await restarted.worker.tick()
        assert len(github.requests) == asked
        clock.advance(seconds=2)
        await restarted.worker.tick()
    assert moves(issue) == [("labeled", "type-crash")]


async def test_limits_of_any_kind_only_delay(bench: Bench, github: FakeGitHub, clock: Clock, issue: FakeIssue) -> None:
    limits = (too_many_requests(), secondary_limit(), rate_limited(clock() + timedelta(minutes=20)))
    github.fail(WRITES[ADD][1], *limits, method="POST")
    await plan(bench, action(issue))
    for _ in range(10):
        async with bench.another() as restarted:  # the client itself counts real seconds
            await restarted.worker.tick()
        clock.advance(minutes=10)
    assert moves(issue) == [("labeled", "type-crash")]
    assert github.count(*WRITES[ADD]) == 4


@pytest.mark.parametrize("status", [404, 422])
async def test_what_github_refuses_is_not_sent_again_and_the_audit_log_says_why(
    bench: Bench, github: FakeGitHub, issue: FakeIssue, status: int
) -> None:
    github.fail(WRITES[ADD][1], Failure(status, body={"message": "Not like this"}), method="POST")
    await plan(bench, action(issue))
    await take_turns(bench)
    assert github.count(*WRITES[ADD]) == 1
    (audited,) = await bench.audit(issue)
    assert audited.decision.outcome is (Outcome.DROPPED if status == 404 else Outcome.REFUSED)
    assert "Not like this" in audited.decision.reason


async def test_what_github_forbids_is_tried_again_some_hours_until_it_counts_as_refused(
    bench: Bench, github: FakeGitHub, clock: Clock, issue: FakeIssue
) -> None:
    forbidden = Failure(403, body={"message": "Resource not accessible by integration"})
    github.fail(WRITES[ADD][1], *[forbidden] * FORBIDDEN, method="POST")
    await plan(bench, action(issue))
    for tries in range(1, FORBIDDEN + 1):
        await bench.worker.tick()
        assert github.count(*WRITES[ADD]) == tries
        clock.advance(minutes=59)
        await bench.worker.tick()
        assert github.count(*WRITES[ADD]) == tries
        clock.advance(minutes=2)
    entry = await the_entry(bench, action(issue))
    assert (entry.progress, entry.due) == (Progress.REFUSED, None)
    (audited,) = await bench.audit(issue)
    assert "Resource not accessible by integration" in audited.decision.reason


async def test_what_github_forbids_for_a_while_is_done_then(
    bench: Bench, github: FakeGitHub, clock: Clock, issue: FakeIssue
) -> None:
    forbidden = Failure(403, body={"message": "Resource not accessible by integration"})
    github.fail(WRITES[ADD][1], *[forbidden] * (FORBIDDEN - 1), method="POST")
    await plan(bench, action(issue))
    for _ in range(FORBIDDEN):
        await bench.worker.tick()
        clock.advance(hours=1)
    assert moves(issue) == [("labeled", "type-crash")]


@pytest.mark.parametrize("kind", [ADD, REPLY, REACT])
async def test_a_repository_that_is_renamed_just_when_it_matters_is_found(
    bench: Bench, github: FakeGitHub, repository: FakeRepository, issue: FakeIssue, kind: ActionKind
) -> None:
    wanted = of_kind(issue, kind)
    github.fail(WRITES[kind][1], moved(f"{github.url}/repositories/{repository.id}/issues/1"), method=WRITES[kind][0])
    await plan(bench, wanted)
    await bench.worker.tick()
    assert traces(issue, wanted) == 0
    repository.rename("demo/renamed")
    await take_turns(bench)
    assert traces(issue, wanted) == 1
    assert (await the_entry(bench, wanted)).progress is Progress.CONFIRMED


async def test_an_expired_token_is_renewed(bench: Bench, github: FakeGitHub, issue: FakeIssue) -> None:
    await plan(bench, action(issue))
    await bench.worker.tick()
    github.expire_tokens()
    await plan(bench, action(issue, ADD, "free-threading"))
    await bench.worker.tick()
    assert issue.labels == ["type-crash", "free-threading"]


async def test_without_a_valid_key_everything_waits_and_the_log_says_so(
    bench: Bench, github: FakeGitHub, clock: Clock, issue: FakeIssue, log: StringIO
) -> None:
    await plan(bench, action(issue))
    github.fail(".", *[Failure(401, body={"message": "Bad credentials"})] * 6)
    await bench.worker.tick()
    entry = await the_entry(bench, action(issue))
    assert entry.progress is Progress.PLANNED
    for _ in range(10):
        clock.advance(hours=2)
        await bench.worker.tick()
    assert moves(issue) == [("labeled", "type-crash")]
    assert log.getvalue().count("github_forbids") == 1
    assert "refused the App's key" in log.getvalue()
    assert "PRIVATE KEY" not in log.getvalue()


async def test_one_that_fails_keeps_the_others_neither_waiting_nor_undone(
    bench: Bench, repository: FakeRepository, issue: FakeIssue
) -> None:
    steps: list[str] = []

    def break_once(step: str) -> None:
        steps.append(step)
        if steps.count("looked") == 1 and step == "looked":
            raise RuntimeError("a bug")

    other = repository.open(*CRASH)
    await plan(bench, action(issue), action(other))
    async with bench.another(checkpoint=break_once) as broken:
        await broken.worker.tick()
        assert (moves(issue), moves(other)) == ([], [("labeled", "type-crash")])
        await take_turns(broken)
    assert moves(issue) == [("labeled", "type-crash")]


async def test_two_processes_at_once_do_everything_once(bench: Bench, issue: FakeIssue) -> None:
    async with bench.another() as other:
        wanted = [of_kind(issue, kind) for kind in (ADD, COMMENT, REPLY, REACT)]
        await plan(bench, *wanted)
        await asyncio.gather(bench.worker.tick(), other.worker.tick())
        await asyncio.gather(take_turns(bench), take_turns(other))
    assert [traces(issue, each) for each in wanted] == [1, 1, 1, 1]


async def test_a_clock_that_is_set_back_delays_nothing_for_long(
    bench: Bench, github: FakeGitHub, clock: Clock, issue: FakeIssue
) -> None:
    github.fail(WRITES[ADD][1], server_error(), method="POST")
    await plan(bench, action(issue))
    await bench.worker.tick()
    clock.advance(days=-30)
    await take_turns(bench)
    assert moves(issue) == [("labeled", "type-crash")]


async def test_a_thread_that_cannot_be_read_is_tried_again(
    bench: Bench, github: FakeGitHub, clock: Clock, issue: FakeIssue
) -> None:
    github.fail(r"/issues/\d+$", *[server_error()] * 5)
    await plan(bench, action(issue))
    for _ in range(5):
        await bench.worker.tick()
        clock.advance(minutes=5)
    assert moves(issue) == [("labeled", "type-crash")]


async def test_a_token_that_is_refused_just_when_it_matters_only_delays(
    bench: Bench, github: FakeGitHub, clock: Clock, issue: FakeIssue
) -> None:
    github.fail(WRITES[ADD][1], *[Failure(401, body={"message": "Bad credentials"})] * 2, method="POST")
    await plan(bench, action(issue))
    for _ in range(3):
        await bench.worker.tick()
        clock.advance(hours=1)
    assert moves(issue) == [("labeled", "type-crash")]


@pytest.mark.parametrize("kind", [ADD, REPLY])
async def test_a_process_that_was_overtaken_does_nothing_any_more(
    bench: Bench, github: FakeGitHub, clock: Clock, issue: FakeIssue, kind: ActionKind
) -> None:
    wanted, hold = of_kind(issue, kind), Hold()
    github.fail(r"/contents/", held(hold), method="GET")
    await plan(bench, wanted)
    slow = asyncio.create_task(bench.worker.tick())
    await hold.arrived.wait()
    clock.advance(seconds=CLAIM.total_seconds() + 1)
    async with bench.another() as fast:
        await fast.worker.tick()
        assert traces(issue, wanted) == 1
        hold.release.set()
        await slow
        await take_turns(fast)
    assert traces(issue, wanted) == 1
    assert [audited.decision.outcome for audited in await bench.audit(issue)] == [Outcome.DONE]


async def test_a_thread_that_was_moved_is_not_followed(
    bench: Bench, github: FakeGitHub, repository: FakeRepository, issue: FakeIssue
) -> None:
    wanted = [action(issue), of_kind(issue, REPLY)]
    await plan(bench, *wanted)
    moved = repository.transfer(issue, install(github, "demo/other"))
    await take_turns(bench)
    assert (moves(moved), own(moved)) == ([], [])
    assert {(await the_entry(bench, each)).reason for each in wanted} == {"The thread was moved."}


# How much


async def use_up(bench: Bench, *actions: Action) -> None:
    """Write actions down as done just now."""
    await plan(bench, *actions)
    async with bench.database.transaction() as transaction:
        await transaction.run(
            "UPDATE outbox SET state = 'confirmed', sent = ?, due = NULL", (bench.clock().timestamp(),)
        )


def some(number: int, like: Action) -> list[Action]:
    """Make as many like one, on other threads of its repository."""
    return [replace(like, node_id=f"I_other{one}") for one in range(number)]


async def test_a_repository_gets_so_many_actions_an_hour_and_the_rest_later(
    bench: Bench, github: FakeGitHub, issue: FakeIssue, clock: Clock
) -> None:
    elsewhere = install(github, "demo/calm").open(*CRASH)
    await use_up(bench, *some(ACTIONS_AN_HOUR - 1, action(issue)))
    await plan(bench, action(issue), action(issue, ADD, "free-threading"))
    await plan(bench, action(issue, ADD, "question", comment=issue.number), action(elsewhere))
    await bench.worker.tick()
    assert sorted(issue.labels) == ["question", "type-crash"]
    assert elsewhere.labels == ["type-crash"]
    clock.advance(minutes=61)
    await bench.worker.tick()
    assert sorted(issue.labels) == ["free-threading", "question", "type-crash"]


async def test_answers_that_are_too_many_are_dropped(
    bench: Bench, repository: FakeRepository, issue: FakeIssue, clock: Clock
) -> None:
    asking = repository.open("Hello", "there")
    comment = asking.comment("@ftbot why", HUMAN).id
    answers = [action(asking, REPLY, f"why {number}", comment=comment) for number in range(2)]
    await use_up(bench, *some(ANSWERS_AN_HOUR - 1, replace(answers[0], comment=1)))
    await plan(bench, *answers, action(issue), action(issue, ADD, "question", comment=comment))
    await bench.worker.tick()
    assert sorted(moves(issue)) == [("labeled", "question"), ("labeled", "type-crash")]
    assert len(own(asking)) == 1
    last = await the_entry(bench, answers[-1])
    assert (last.progress, last.due) == (Progress.DROPPED, None)
    assert (await bench.audit(asking))[-1].decision.reason == "60 answers an hour are enough for one repository."
    clock.advance(minutes=61)
    await plan(bench, of_kind(asking, REPLY))
    await bench.worker.tick()
    assert len(own(asking)) == 2


async def test_there_are_so_many_comments_an_hour_and_the_rest_later(
    bench: Bench, clock: Clock, issue: FakeIssue
) -> None:
    elsewhere = [action(issue, REPLY, f"why {number}", comment=number) for number in range(CONTENT_AN_HOUR)]
    await use_up(bench, *(replace(each, ref=IssueRef(f"demo/{each.comment}", 1), node_id="I") for each in elsewhere))
    wanted = of_kind(issue, REPLY)
    await plan(bench, wanted, action(issue))
    await bench.worker.tick()
    assert (own(issue), moves(issue)) == ([], [("labeled", "type-crash")])
    clock.advance(minutes=61)
    await bench.worker.tick()
    assert traces(issue, wanted) == 1


# Suggestions


async def test_where_labels_cannot_be_suggested_nothing_is_done_instead(
    bench: Bench, github: FakeGitHub, issue: FakeIssue
) -> None:
    await plan(bench, action(issue, SUGGEST))
    await take_turns(bench)
    assert issue.labels == []
    assert github.count(*WRITES[SUGGEST]) == 0
    assert (await the_entry(bench, action(issue, SUGGEST))).progress is Progress.REFUSED
    assert await bench.stores.inbox.claim("me", bench.clock(), 10) == ()
    assert own(issue) == []


# Receipts


async def test_a_receipt_says_that_not_everything_was_done(bench: Bench, github: FakeGitHub, issue: FakeIssue) -> None:
    comment = issue.comment("@ftbot label +crash +question", HUMAN)
    asked = [action(issue, ADD, label, comment=comment.id) for label in ("type-crash", "question")]
    github.fail(WRITES[ADD][1], Failure(422, body={"message": "No"}), method="POST")
    await plan(bench, *asked, action(issue, REACT, "rocket", comment=comment.id))
    await take_turns(bench)
    assert [reaction.content for reaction in comment.reactions] == ["confused"]


async def test_a_receipt_waits_for_what_is_not_known_to_be_done(
    bench: Bench, github: FakeGitHub, issue: FakeIssue, clock: Clock
) -> None:
    comment = issue.comment("@ftbot label +crash", HUMAN)
    github.fail(WRITES[ADD][1], bad_gateway_after_write(), method="POST")
    await plan(bench, action(issue, comment=comment.id), action(issue, REACT, "rocket", comment=comment.id))
    await bench.worker.tick()
    assert comment.reactions == []
    clock.advance(seconds=SETTLED.total_seconds())
    await bench.worker.tick()
    assert [reaction.content for reaction in comment.reactions] == ["rocket"]
