"""GitHub as it is watched: threads, listings, searches and documents, read with a token or without, never written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from github import Auth

from bot.clients.github.graphql import GLIMPSES, LOOKS, Seen, read_aliases, read_glimpses, read_looks, threads_query
from bot.clients.github.repository import ChangedThreads, Document, Page, RepositoryReader, read_search
from bot.clients.github.worker import Call, Reply, open_worker
from bot.clients.web import Patience
from bot.core.errors import UserError
from bot.core.github.threads import ForbiddenError, Glimpse, GoneError, Issue, IssueRef, is_repository

__all__ = ["ChangedThreads", "Document", "Found", "GithubReader", "open_github_reader"]

_T = TypeVar("_T")

_CREDENTIAL = "the token. Make a new one and set FTBOT_GITHUB_TOKEN."
_RESOLVED_AT_ONCE = 50
_GLIMPSED_AT_ONCE = 100
_LOOKED_AT_AT_ONCE = 50
"""Threads with their texts in one request: GitHub gives up after ten seconds."""
_PAGES_OF_A_SEARCH = 10
_MOST_FOUND = 1_000
"""GitHub shows no more of what a search finds."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found; not complete where GitHub gave up or has more than it shows."""

    issues: tuple[Issue, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class GithubReader(RepositoryReader):
    """Reads GitHub with one credential, one request after the other.

    Threads of private repositories are as good as gone, whatever the credential may see. Where several threads are
    asked for at once, one of which GitHub says nothing this time, neither that it is there nor that it is not, is left
    out of the answer.
    """

    token: Auth.Token | None = None

    async def ask(self, repository: str, call: Call, take: Callable[[Reply], _T]) -> _T:  # noqa: ARG002 — one credential for all
        """Ask about a repository."""
        return await self.worker.read(call, self.token, take)

    async def resolve(self, refs: Sequence[IssueRef]) -> Mapping[IssueRef, Glimpse | None]:
        """Look up threads by repository and number, 50 a request; None for one that is gone."""
        found: dict[IssueRef, Glimpse | None] = {}
        for some in _batches(dict.fromkeys(refs), _RESOLVED_AT_ONCE):
            asked = [ref for ref in some if is_repository(ref.repository) and ref.number > 0]
            found |= {ref: None for ref in some if ref not in asked}
            if asked:
                seen = await self._graphql({"query": threads_query(asked)}, partial(read_aliases, len(asked)))
                for ref, thread in zip(asked, seen, strict=True):
                    if thread.is_known:
                        found[ref] = thread.thread or await self._moved(ref)
        return found

    async def glimpse(self, node_ids: Sequence[str]) -> Mapping[str, Glimpse | None]:
        """Look whether threads changed, 100 a request; None for one that is gone."""
        return await self._nodes(node_ids, GLIMPSES, _GLIMPSED_AT_ONCE, read_glimpses)

    async def look(self, node_ids: Sequence[str]) -> Mapping[str, Issue | None]:
        """Read threads with labels, body and who commented last; None for one that is gone."""
        return await self._nodes(node_ids, LOOKS, _LOOKED_AT_AT_ONCE, read_looks)

    async def search(self, query: str) -> Found:
        """Search issues and pull requests of public repositories, in GitHub's search syntax, newest changes first."""
        asked = {"q": f"{query} is:public", "sort": "updated", "order": "desc", "per_page": "100"}
        call = Call("GET", "/search/issues", asked)
        found: dict[str, Issue] = {}
        complete = True
        for _ in range(_PAGES_OF_A_SEARCH):
            result = await self.worker.read(call, self.token, read_search)
            page: Page[Issue] = result.page
            found |= {issue.node_id: issue for issue in page.items}
            complete = complete and not result.gave_up and result.total <= _MOST_FOUND
            if page.next is None:
                break
            call = Call("GET", page.next)
        return Found(tuple(found.values()), complete)

    async def _nodes(
        self, node_ids: Sequence[str], query: str, at_once: int, read: Callable[[int, Reply], list[Seen[_T]]]
    ) -> dict[str, _T | None]:
        found: dict[str, _T | None] = {}
        for some in _batches(dict.fromkeys(node_ids), at_once):
            body = {"query": query, "variables": {"ids": some}}
            seen = await self._graphql(body, partial(read, len(some)))
            found |= {node: thread.thread for node, thread in zip(some, seen, strict=True) if thread.is_known}
        return found

    async def _graphql(self, body: Mapping[str, object], read: Callable[[Reply], _T]) -> _T:
        if self.token is None:
            raise ForbiddenError(f"{self.worker.host} shows threads by GraphQL only to who has a token.")
        return await self.worker.read(Call("POST", self.worker.graphql_url, body=body), self.token, read)

    async def _moved(self, ref: IssueRef) -> Glimpse | None:
        """Ask REST for a thread that GraphQL does not know: it knows where a thread was transferred to."""
        try:
            issue = await self.issue(ref)
        except GoneError:
            return None
        return Glimpse(issue.node_id, issue.ref, issue.title, issue.is_pr, issue.state, issue.updated)


@asynccontextmanager
async def open_github_reader(
    api_url: str,
    token: str | None,
    *,
    user_agent: str,
    now: Callable[[], datetime],
    patience: Patience = Patience(),  # noqa: B008 — it is frozen
) -> AsyncIterator[GithubReader]:
    """Open a reader; on exit a request that hangs is left behind. A token that cannot be one is a ``UserError``."""
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise UserError("FTBOT_GITHUB_TOKEN has characters that no token has. Copy it anew.")
    async with open_worker(
        api_url, user_agent=user_agent, now=now, patience=patience, credential=_CREDENTIAL
    ) as worker:
        yield GithubReader(worker, now, Auth.Token(token) if token else None)


def _batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
