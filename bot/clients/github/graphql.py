"""GitHub's GraphQL answers about threads: many in one request, of which some are gone and some could not be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from bot.clients.github.wire import Number
from bot.clients.github.worker import Reply, busy_error, said_after_colon
from bot.core.errors import UpstreamError
from bot.core.github.threads import Account, ForbiddenError, Glimpse, Issue, IssueRef, ThreadState, is_repository
from bot.core.text.sentences import without_nul

_T = TypeVar("_T")

_LIGHT = "__typename id number title updatedAt repository{nameWithOwner isPrivate}"
_RICH = (
    f"{_LIGHT} body locked createdAt closedAt author{{__typename login}} labels(first:100){{nodes{{name}}}} "
    "comments(last:1){totalCount nodes{author{__typename login}}}"
)
_STATES = {"OPEN": ThreadState.OPEN, "MERGED": ThreadState.MERGED}
_GONE = frozenset({"NOT_FOUND", "FORBIDDEN"})
_PASSING = frozenset({None, "INTERNAL", "SERVICE_UNAVAILABLE"})


def _fragments(fields: str) -> str:
    """Ask for an issue or a pull request; their states are of two types, so they need two names."""
    return f"... on Issue{{{fields} issueState:state}} ... on PullRequest{{{fields} prState:state}}"


def _nodes_query(fields: str) -> str:
    return f"query($ids:[ID!]!){{nodes(ids:$ids){{{_fragments(fields)}}}}}"


GLIMPSES = _nodes_query(_LIGHT)
"""What tells whether threads changed. It has no connections, so that 100 threads cost one point."""
LOOKS = _nodes_query(_RICH)
"""Threads with labels, texts and who commented last."""


@dataclass(frozen=True, slots=True)
class Seen(Generic[_T]):
    """What GitHub says of one thread: itself, None if it is gone, or nothing (``is_known`` is false)."""

    thread: _T | None
    is_known: bool = True


class _Repository(msgspec.Struct, rename="camel"):
    name_with_owner: str
    is_private: bool


class _Actor(msgspec.Struct):
    login: str
    typename: str = msgspec.field(name="__typename")

    def noun(self) -> Account:
        """Return who it is; GraphQL leaves the `[bot]` away that REST has in the same account's name."""
        is_bot = self.typename == "Bot"
        return Account(f"{self.login}[bot]" if is_bot and not self.login.endswith("[bot]") else self.login, is_bot)


class _Label(msgspec.Struct):
    name: str


class _Labels(msgspec.Struct):
    nodes: list[_Label | None] | None = None


class _Comment(msgspec.Struct):
    author: _Actor | None = None


class _Comments(msgspec.Struct, rename="camel"):
    total_count: Number
    nodes: list[_Comment | None] | None = None


class _Light(msgspec.Struct, rename="camel"):
    typename: str = msgspec.field(name="__typename")
    id: str
    number: Number
    title: str
    updated_at: datetime
    repository: _Repository
    issue_state: str | None = None
    pr_state: str | None = None

    @property
    def ref(self) -> IssueRef:
        name = self.repository.name_with_owner
        if not is_repository(name):
            raise UpstreamError("GitHub names a repository in a way that cannot be read.")
        return IssueRef(name, self.number)

    @property
    def state(self) -> ThreadState:
        return _STATES.get(self.issue_state or self.pr_state or "", ThreadState.CLOSED)

    @property
    def is_pr(self) -> bool:
        return self.typename == "PullRequest"


class _Rich(_Light, kw_only=True, rename="camel"):
    body: str
    locked: bool
    created_at: datetime
    closed_at: datetime | None = None
    author: _Actor | None = None
    labels: _Labels | None = None
    comments: _Comments


class _Error(msgspec.Struct):
    message: str = ""
    type: str | None = None
    path: list[str | int] | None = None
    extensions: dict[str, msgspec.Raw] | None = None


class _Answer(msgspec.Struct):
    data: dict[str, msgspec.Raw] | None = None
    errors: list[_Error] | None = None


class _Alias(msgspec.Struct, rename="camel"):
    issue_or_pull_request: msgspec.Raw = msgspec.Raw(b"null")


_ANSWER = msgspec.json.Decoder(_Answer)
_NODES = msgspec.json.Decoder(list[msgspec.Raw])
_ALIAS = msgspec.json.Decoder(_Alias | None)
_GLIMPSE = msgspec.json.Decoder(_Light)
_LOOK = msgspec.json.Decoder(_Rich)


def threads_query(refs: Sequence[IssueRef]) -> str:
    """Ask for threads by repository and number; the names have to be valid, as they become part of the query."""
    fragments = _fragments(_LIGHT)
    return "query{" + "".join(_alias(place, ref, fragments) for place, ref in enumerate(refs)) + "}"


def read_aliases(count: int, reply: Reply) -> list[Seen[Glimpse]]:
    """Read the answer to ``threads_query`` for so many threads, in their order. Raises ``UpstreamError``."""
    answer = _sound(reply)
    data = answer.data or {}
    aliases = (_ALIAS.decode(data.get(f"r{place}", b"null")) for place in range(count))
    found = [b"null" if alias is None else bytes(alias.issue_or_pull_request) for alias in aliases]
    return _seen(found, answer, _place_of_alias, _read_glimpse)


def read_glimpses(count: int, reply: Reply) -> list[Seen[Glimpse]]:
    """Read the answer to ``GLIMPSES`` for so many nodes, in their order. Raises ``UpstreamError``."""
    return _read_nodes(count, reply, _read_glimpse)


def read_looks(count: int, reply: Reply) -> list[Seen[Issue]]:
    """Read the answer to ``LOOKS`` for so many nodes, in their order. Raises ``UpstreamError``."""
    return _read_nodes(count, reply, _read_look)


def _alias(place: int, ref: IssueRef, fragments: str) -> str:
    owner, _, name = ref.repository.partition("/")
    return (
        f'r{place}:repository(owner:"{owner}",name:"{name}"){{issueOrPullRequest(number:{ref.number}){{{fragments}}}}}'
    )


def _read_nodes(count: int, reply: Reply, read: Callable[[bytes], _T | None]) -> list[Seen[_T]]:
    answer = _sound(reply)
    nodes = [bytes(node) for node in _NODES.decode((answer.data or {}).get("nodes", b"null"))]
    if len(nodes) != count:
        raise UpstreamError("GitHub answered for other threads than were asked for.")
    return _seen(nodes, answer, _place_of_node, read)


def _sound(reply: Reply) -> _Answer:
    """Read an answer that has something to say; a rate limit comes as 200 here. Raises ``UpstreamError``."""
    answer = _ANSWER.decode(reply.text)
    errors = answer.errors or []
    if any(error.type == "RATE_LIMITED" for error in errors):
        raise busy_error("GitHub")
    nothing = answer.data is None or all(bytes(value) == b"null" for value in answer.data.values())
    if nothing and not (errors and all(error.type == "NOT_FOUND" for error in errors)):
        first = errors[0] if errors else _Error()
        if first.type in {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
            raise ForbiddenError(f"GitHub forbids to ask for threads{said_after_colon(first.message)}.")
        retryable = first.type in _PASSING and not first.extensions
        raise UpstreamError(f"GitHub did not answer for threads{said_after_colon(first.message)}.", retryable=retryable)
    return answer


def _seen(
    threads: Sequence[bytes],
    answer: _Answer,
    place_of: Callable[[list[str | int]], int | None],
    read: Callable[[bytes], _T | None],
) -> list[Seen[_T]]:
    """Return the threads that are gone from those that something else kept GitHub from reading."""
    failed: set[int] = set()
    for error in answer.errors or []:
        if error.type not in _GONE:
            place = place_of(error.path or [])
            failed |= set(range(len(threads))) if place is None else {place}
    return [
        Seen(None, is_known=place not in failed) if thread in {b"null", b"{}"} else Seen(read(thread))
        for place, thread in enumerate(threads)
    ]


def _place_of_alias(path: list[str | int]) -> int | None:
    name = str(path[0]) if path else ""
    return int(name[1:]) if name.startswith("r") and name[1:].isdecimal() else None


def _place_of_node(path: list[str | int]) -> int | None:
    place = path[1] if len(path) > 1 else None
    return place if isinstance(place, int) else None


def _read_glimpse(node: bytes) -> Glimpse | None:
    thread = _GLIMPSE.decode(node)
    if thread.repository.is_private:
        return None
    title = without_nul(thread.title)
    return Glimpse(thread.id, thread.ref, title, thread.is_pr, thread.state, thread.updated_at)


def _read_look(node: bytes) -> Issue | None:
    thread = _LOOK.decode(node)
    if thread.repository.is_private:
        return None
    labels = (thread.labels.nodes if thread.labels else None) or []
    last = [comment for comment in thread.comments.nodes or [] if comment is not None]
    return Issue(
        node_id=thread.id,
        ref=thread.ref,
        title=without_nul(thread.title),
        body=without_nul(thread.body),
        is_pr=thread.is_pr,
        state=thread.state,
        locked=thread.locked,
        author=_account(thread.author),
        labels=tuple(label.name for label in labels if label is not None),
        comments=thread.comments.total_count,
        created=thread.created_at,
        updated=thread.updated_at,
        closed=thread.closed_at,
        last_comment_by=_account(last[-1].author) if last else None,
    )


def _account(actor: _Actor | None) -> Account | None:
    return None if actor is None else actor.noun()
