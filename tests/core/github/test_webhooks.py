"""Deliveries of webhooks: whether they are GitHub's, and what happened by them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.github.events import GithubEvent, Trigger
from bot.core.github.threads import Account, Comment, IssueRef
from bot.core.github.webhooks import DeliveryError, comment_key, issue_key, read_delivery, verify

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 9, 0, 5, tzinfo=UTC)
NUMPY = {"id": 1, "node_id": "R_1", "name": "numpy", "full_name": "numpy/numpy", "private": False}
SECRET_LAB = {"id": 2, "node_id": "R_2", "name": "lab", "full_name": "numpy/lab", "private": True}
ANN = {"login": "ann", "id": 5, "type": "User"}
BOT = {"login": "ftbot[bot]", "id": 6, "type": "Bot"}
ISSUE = {
    "id": 9,
    "node_id": "I_1",
    "number": 26157,
    "title": "Crash",
    "updated_at": "2026-11-23T09:00:00Z",
    "user": ANN,
}
PULL = {**ISSUE, "node_id": "PR_1", "number": 7}
COMMENT = {
    "id": 4_000_000_000,
    "body": "@ftbot why",
    "user": ANN,
    "created_at": "2026-11-23T09:00:00Z",
    "updated_at": "2026-11-23T09:00:05Z",
}
OPENED = {"action": "opened", "issue": ISSUE, "repository": NUMPY, "sender": ANN}
COMMENTED = {"action": "created", "issue": ISSUE, "comment": COMMENT, "repository": NUMPY, "sender": ANN}
LABELED = {"action": "labeled", "issue": ISSUE, "label": {"name": "00 - Bug"}, "repository": NUMPY, "sender": ANN}
REF = IssueRef("numpy/numpy", 26157)
HAPPENED = GithubEvent(
    "issue:I_1:opened:2026-11-23T09:00:00Z", Trigger.OPENED, "numpy/numpy", REF, "I_1", NOW, Account("ann")
)


def read(event: str, payload: Mapping[str, object], delivery: str = "d1") -> tuple[GithubEvent, ...]:
    """Read a payload."""
    return read_delivery(event, json.dumps(payload).encode(), delivery, LATER)


# Signatures

# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
SECRET, BODY = b"It's a Secret to Everybody", b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_signature_in_githubs_documentation_is_right() -> None:
    assert verify(SECRET, BODY, SIGNATURE)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        SIGNATURE.removeprefix("sha256="),
        SIGNATURE.replace("sha256", "sha1"),
        SIGNATURE.replace("sha256", "SHA256"),
        "sha1=" + "0" * 40,
        SIGNATURE[:-1],
        SIGNATURE + "0",
        SIGNATURE.replace("7571", "7572"),
        f" {SIGNATURE}",
        f"{SIGNATURE}, {SIGNATURE}",
        "sha256=" + "ü" * 64,
        "sha256=" + "\udcff" * 64,
        "sha256=\0" + SIGNATURE,
    ],
)
def test_any_other_signature_is_wrong(signature: str | None) -> None:
    assert not verify(SECRET, BODY, signature)


def test_a_signature_of_another_body_or_secret_is_wrong() -> None:
    assert not verify(SECRET, BODY + b" ", SIGNATURE)
    assert not verify(SECRET + b"!", BODY, SIGNATURE)


def test_without_a_secret_no_signature_is_right() -> None:
    empty = (
        "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"  # of nothing, with an empty secret
    )
    assert not verify(b"", b"", empty)


@given(st.text(), st.binary())
def test_any_text_is_a_signature_or_not(signature: str, body: bytes) -> None:
    assert not verify(SECRET, body, signature)


# Threads


def test_an_issue_that_was_opened() -> None:
    assert read("issues", OPENED) == (HAPPENED,)


@pytest.mark.parametrize(
    "action", ["edited", "reopened", "closed", "deleted", "transferred", "locked", "unlocked", "opened"]
)
@pytest.mark.parametrize(
    ("event", "name", "thread"), [("issues", "issue", ISSUE), ("pull_request", "pull_request", PULL)]
)
def test_what_happens_to_threads(action: str, event: str, name: str, thread: dict[str, object]) -> None:
    (happened,) = read(event, {"action": action, name: thread, "repository": NUMPY, "sender": ANN})
    assert happened.trigger == Trigger(action)
    assert happened.key == f"issue:{thread['node_id']}:{action}:2026-11-23T09:00:00Z"
    assert (happened.node_id, happened.at) == (thread["node_id"], NOW)
    assert happened.ref is not None
    assert happened.ref.number == thread["number"]


@pytest.mark.parametrize("action", ["labeled", "unlabeled"])
def test_a_label_that_a_person_put_on_or_took_off(action: str) -> None:
    (happened,) = read("issues", {**LABELED, "action": action})
    key = f"issue:I_1:{action}:2026-11-23T09:00:00Z:00 - Bug"
    assert happened == replace(HAPPENED, key=key, trigger=Trigger(action), label="00 - Bug")


def test_labels_changed_at_once_are_two_events() -> None:
    (one,), (other,) = read("issues", LABELED), read("issues", {**LABELED, "label": {"name": "crash"}})
    assert one.key != other.key


def test_what_a_bot_does_with_labels_says_nothing_of_what_people_want() -> None:
    assert read("issues", {**LABELED, "sender": BOT}) == ()
    assert len(read("issues", {**OPENED, "sender": BOT})) == 1


def test_a_label_without_a_name_was_deleted() -> None:
    assert read("issues", {**LABELED, "label": None}) == ()


def test_a_deleted_account_is_nobody() -> None:
    assert read("issues", {**OPENED, "sender": None}) == (replace(HAPPENED, actor=None),)


@pytest.mark.parametrize("action", ["assigned", "milestoned", "pinned", "typed", "field_added", "", "OPENED"])
def test_other_actions_are_none_of_ours(action: str) -> None:
    assert read("issues", {**OPENED, "action": action}) == ()
    assert read("issue_comment", {**COMMENTED, "action": action}) == ()
    assert read("installation", {"action": action}) == ()


@pytest.mark.parametrize("event", ["ping", "push", "label", "star", "", "issues "])
def test_other_events_are_none_of_ours_whatever_they_say(event: str) -> None:
    assert read(event, OPENED) == ()
    assert read_delivery(event, b"no JSON", "d1", NOW) == ()


# Comments


def test_a_comment() -> None:
    assert read("issue_comment", COMMENTED) == (
        GithubEvent(
            key="comment:4000000000:2026-11-23T09:00:05Z",
            trigger=Trigger.COMMENTED,
            repository="numpy/numpy",
            ref=REF,
            node_id="I_1",
            at=LATER,
            actor=Account("ann"),
            comment=Comment(4_000_000_000, "@ftbot why", Account("ann"), NOW, LATER),
        ),
    )


def test_an_edited_comment_says_what_it_said_and_who_edited_it() -> None:
    edited = {**COMMENTED, "action": "edited", "changes": {"body": {"from": "old"}}, "sender": {**ANN, "login": "bob"}}
    (happened,) = read("issue_comment", edited)
    assert (happened.trigger, happened.before, happened.actor) == (Trigger.COMMENT_EDITED, "old", Account("bob"))
    assert happened.comment is not None
    assert happened.comment.author == Account("ann")


@pytest.mark.parametrize("changes", [None, {}, {"body": {}}, {"body": None}])
def test_an_edit_may_not_say_what_was_there(changes: object) -> None:
    (happened,) = read("issue_comment", {**COMMENTED, "action": "edited", "changes": changes})
    assert happened.before is None


def test_a_comment_of_a_bot_needs_nothing() -> None:
    assert read("issue_comment", {**COMMENTED, "comment": {**COMMENT, "user": BOT}, "sender": BOT}) == ()


def test_a_comment_without_text_or_author_is_one() -> None:
    (happened,) = read("issue_comment", {**COMMENTED, "comment": {**COMMENT, "body": None, "user": None}})
    assert happened.comment == Comment(4_000_000_000, "", None, NOW, LATER)


# Installations


@pytest.mark.parametrize(
    ("event", "action", "field", "trigger"),
    [
        ("installation", "created", "repositories", Trigger.INSTALLED),
        ("installation", "unsuspend", "repositories", Trigger.INSTALLED),
        ("installation", "deleted", "repositories", Trigger.REMOVED),
        ("installation", "suspend", "repositories", Trigger.REMOVED),
        ("installation_repositories", "added", "repositories_added", Trigger.INSTALLED),
        ("installation_repositories", "removed", "repositories_removed", Trigger.REMOVED),
    ],
)
def test_an_installation_is_one_event_for_each_public_repository(
    event: str, action: str, field: str, trigger: Trigger
) -> None:
    scipy = {**NUMPY, "full_name": "scipy/scipy"}
    payload = {"action": action, field: [NUMPY, SECRET_LAB, scipy, NUMPY], "sender": ANN}
    assert read(event, payload) == tuple(
        GithubEvent(f"repository:{name}:{trigger}:d1", trigger, name, None, "", LATER, Account("ann"))
        for name in ("numpy/numpy", "scipy/scipy")
    )


def test_to_add_remove_and_add_again_are_three_events() -> None:
    added = {"action": "added", "repositories_added": [NUMPY], "repositories_removed": [], "sender": ANN}
    removed = {"action": "removed", "repositories_added": [], "repositories_removed": [NUMPY], "sender": ANN}
    told = [
        read("installation_repositories", payload, delivery)
        for payload, delivery in ((added, "d1"), (removed, "d2"), (added, "d3"))
    ]
    assert [happened.trigger for (happened,) in told] == [Trigger.INSTALLED, Trigger.REMOVED, Trigger.INSTALLED]
    assert len({happened.key for (happened,) in told}) == 3


def test_an_installation_that_names_no_repositories_is_nothing() -> None:
    assert read("installation", {"action": "suspend", "installation": {"id": 1}, "sender": ANN}) == ()


# Private repositories, nonsense


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("issues", OPENED),
        ("issues", LABELED),
        ("pull_request", {**OPENED, "pull_request": PULL}),
        ("issue_comment", COMMENTED),
        ("installation", {"action": "created", "repositories": [SECRET_LAB]}),
    ],
)
def test_nothing_is_taken_from_private_repositories(event: str, payload: dict[str, object]) -> None:
    assert read(event, {**payload, "repository": SECRET_LAB}) == ()
    without = {name: value for name, value in SECRET_LAB.items() if name != "private"}
    assert read(event, {**payload, "repository": without}) == ()


def test_keys_of_polls_and_webhooks_agree_whatever_the_time_zone() -> None:
    berlin = NOW.astimezone(timezone(timedelta(hours=1)))
    assert issue_key("I_1", Trigger.OPENED, berlin) == HAPPENED.key
    assert comment_key(4, berlin) == comment_key(4, NOW)
    (happened,) = read("issues", {**OPENED, "issue": {**ISSUE, "updated_at": "2026-11-23T10:00:00+01:00"}})
    assert happened == HAPPENED


DEEP = b'{"action": "opened", "more": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"


WRONG_ISSUES: tuple[dict[str, object], ...] = (
    {"number": 10**400},
    {"number": 2**63},
    {"number": 0},
    {"number": 1.5},
    {"number": "1"},
    {"updated_at": "yesterday"},
    {"updated_at": "2026-11-23T09:00:00"},
    {"updated_at": "0001-01-01T00:00:00+14:00"},
    {"updated_at": "9999-12-31T23:59:59-14:00"},
    {"updated_at": 1},
    {"node_id": None},
)
WRONG_PAYLOADS: tuple[object, ...] = (
    None,
    [],
    "opened",
    {"action": 1},
    {"action": "opened"},
    {"action": "opened", "issue": []},
    {**OPENED, "repository": None},
    {**OPENED, "repository": {**NUMPY, "full_name": "../../etc"}},
    {**OPENED, "repository": {**NUMPY, "private": "no"}},
    {**OPENED, "issue": None},
    *({**OPENED, "issue": {**ISSUE, **wrong}} for wrong in WRONG_ISSUES),
)
WRONG_BODIES = (b"", b'{"action": "opened"', b"\xff\xfe", b'{"action": "open\xff"}', DEEP)
NONSENSE = (*WRONG_BODIES, *(json.dumps(payload).encode() for payload in WRONG_PAYLOADS))


@pytest.mark.parametrize("body", NONSENSE, ids=map(str, range(len(NONSENSE))))
def test_nonsense_is_a_sentence_what_and_one_what_next(body: bytes) -> None:
    with pytest.raises(DeliveryError, match=r"^The payload .+\. Send it as GitHub makes it\.$"):
        read_delivery("issues", body, "d1", NOW)


def test_a_form_is_told_which_setting_to_change() -> None:
    with pytest.raises(DeliveryError) as raised:
        read_delivery("issues", b"payload=%7B%22action%22%3A%22opened%22%7D", "d1", NOW)
    assert str(raised.value) == (
        "The payload is no `issues` event. Set the webhook's content type to `application/json`."
    )


def test_what_is_not_read_may_be_anything() -> None:
    assert read("issues", {**OPENED, "changes": 7, "installation": [], "issue": {**ISSUE, "labels": 10**400}}) == (
        HAPPENED,
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just("opened") | st.just("created"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*OPENED, *COMMENTED, *ISSUE]), inner),
    max_leaves=12,
)


@given(
    st.sampled_from(["issues", "pull_request", "issue_comment", "installation", "installation_repositories", "ping"]),
    st.binary() | json_values.map(lambda value: json.dumps(value).encode()),
)
def test_any_body_is_events_or_a_delivery_error(event: str, body: bytes) -> None:
    try:
        happened = read_delivery(event, body, "d1", NOW)
    except DeliveryError:
        return
    assert isinstance(happened, tuple)


# GitHub's own descriptions


class Described(msgspec.Struct, rename="camel"):
    """A schema, as far as it says what is always there."""

    required: list[str] = []
    properties: dict[str, Described] = {}
    items: Described | None = None
    all_of: list[Described] = []

    def always(self) -> set[str]:
        """Return the names that are always there."""
        return set(self.required).union(*(part.always() for part in self.all_of))


ALWAYS_READ = {
    "issues": {"repository": ["full_name", "private"], "issue": ["node_id", "number", "updated_at"]},
    "issue-comment": {
        "repository": ["full_name", "private"],
        "issue": ["node_id", "number"],
        "comment": ["id", "created_at", "updated_at", "body", "user"],
    },
}


def test_what_must_be_there_to_be_read_is_always_there(shared: Path) -> None:
    described = msgspec.json.decode(
        (shared / "openapi/github_webhooks.json").read_bytes(), type=dict[str, Described], strict=False
    )
    read_actions = {
        "issues": {"opened", "edited", "reopened", "closed", "deleted", "transferred", "locked", "unlocked"}
        | {"labeled", "unlabeled"},
        "issue-comment": {"created", "edited"},
    }
    missing = [
        f"{event}-{action}: {part}.{field}"
        for event, parts in ALWAYS_READ.items()
        for action in read_actions[event]
        for part, fields in parts.items()
        for field in fields
        if field not in described[f"{event}-{action}"].properties[part].always()
    ]
    assert missing == []
    for name in ("installation-created", "installation-deleted", "installation-suspend", "installation-unsuspend"):
        repositories = described[name].properties["repositories"].items
        assert repositories is not None
        assert {"full_name", "private"} <= set(repositories.required)
    for name, field in (("added", "repositories_added"), ("removed", "repositories_removed")):
        assert field in described[f"installation-repositories-{name}"].required
