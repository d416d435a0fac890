"""Reading repositories one at a time, whoever asks: threads, comments, labels, files, roles."""

from __future__ import annotations

import binascii
from abc import ABC, abstractmethod
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Generic, TypeVar
from urllib.parse import quote

import msgspec

from bot.clients.github.wire import (
    WireComment,
    WireContent,
    WireEvent,
    WireIssue,
    WireLabel,
    WireRepository,
    WireRole,
    WireSearch,
)
from bot.clients.github.worker import Call, GithubWorker, NotThereError, Reply
from bot.core.errors import UpstreamError
from bot.core.github.threads import Comment, GoneError, Issue, IssueRef, LabelEvent, is_repository

_T = TypeVar("_T")

SETTINGS_PATH = ".github/ftbot.toml"
_TOO_LONG = 70_000
"""Bytes. A file of settings this long is refused by whoever reads it, whatever is in it."""
_MOST_PAGES = 100
_FULL = {"per_page": "100"}
_VISIBILITY_KNOWN = timedelta(hours=1)


class PrivateError(GoneError):
    """A repository is private: nothing is read of it, and nothing of it kept."""

    def __init__(self, repository: str) -> None:
        super().__init__(f"{repository} is private, and private repositories are left alone.")
        self.repository = repository


@dataclass(frozen=True, slots=True)
class ChangedThreads:
    """A repository's threads that changed; ``repository`` is its full name as it is now."""

    repository: str
    issues: tuple[Issue, ...]
    etag: str | None


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a repository's default branch."""

    body: bytes
    etag: str | None


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """A page of a list, and the address of the next."""

    items: tuple[_T, ...]
    next: str | None
    etag: str | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of what a search found, how much there is, and whether GitHub gave up looking."""

    page: Page[Issue]
    total: int
    gave_up: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """A repository as it was found: its full name now, and whether everybody may see it."""

    full_name: str
    private: bool
    checked: datetime


async def paged(ask: Callable[[Call], Awaitable[Page[_T]]], call: Call) -> AsyncIterator[Page[_T]]:
    """Read a list page by page, up to as many pages as are ever read; the last one may name a next one still."""
    for _ in range(_MOST_PAGES):
        page = await ask(call)
        yield page
        if page.next is None:
            return
        call = Call("GET", page.next)


@dataclass(frozen=True, slots=True)
class RepositoryReader(ABC):
    """Reads repositories; threads and lists of private ones are treated as if they were not there (``PrivateError``).

    Every method raises ``UpstreamError``, and its kinds in ``bot.core.github.threads``.
    """

    worker: GithubWorker
    now: Callable[[], datetime]
    _places: dict[str, _Place] = field(default_factory=dict, kw_only=True)

    @property
    def requests(self) -> int:
        """Return how many HTTP requests were sent so far."""
        return self.worker.requests

    @abstractmethod
    async def ask(self, repository: str, call: Call, take: Callable[[Reply], _T]) -> _T:
        """Ask about a repository, with the credential that is for it."""

    async def issue(self, ref: IssueRef) -> Issue:
        """Read a thread; one that was transferred, or whose repository was renamed, comes back under its new name."""
        try:
            found = await self.ask(ref.repository, Call("GET", thread_path(ref)), _read_issue)
        except NotThereError as error:
            deleted = error.status == HTTPStatus.GONE and "disabled" not in error.said.lower()
            said = f"{ref} was deleted." if deleted else f"There is no thread {ref}, or it is not public."
            raise GoneError(said) from error
        await self._public(found.ref.repository)
        return found

    async def comments(self, ref: IssueRef) -> tuple[Comment, ...]:
        """Read a thread's comments, oldest first."""
        pages = self.pages(ref.repository, Call("GET", f"{thread_path(ref)}/comments", _FULL), read_comments)
        return tuple([comment async for page in pages for comment in page.items])

    async def labels(self, repository: str) -> frozenset[str]:
        """Return the labels that a repository has."""
        pages = self.pages(repository, Call("GET", f"{repository_path(repository)}/labels", _FULL), _read_labels)
        return frozenset([label async for page in pages for label in page.items])

    async def label_events(self, ref: IssueRef) -> tuple[LabelEvent, ...]:
        """Read who put labels on a thread or took them off, oldest first."""
        pages = self.pages(ref.repository, Call("GET", f"{thread_path(ref)}/events", _FULL), _read_events)
        return tuple([event async for page in pages for event in page.items])

    async def settings(self, repository: str) -> bytes | None:
        """Read `.github/ftbot.toml` of the default branch, None if there is none.

        One of more than a megabyte, which GitHub does not send, comes as that many `#` as are too long for any reader.
        """
        call = Call("GET", f"{repository_path(repository)}/contents/{SETTINGS_PATH}")
        try:
            content = await self.ask(repository, call, _read_content)
        except GoneError:
            return None
        return b"#" * min(content.size, _TOO_LONG) if content.body is None else content.body

    async def document(self, repository: str, path: str, etag: str | None = None) -> Document | None:
        """Read a file; None where it did not change since ``etag``. Raises ``GoneError`` where there is none."""
        call = Call("GET", f"{repository_path(repository)}/contents/{quote(path)}", etag=etag)
        content = await self.ask(repository, call, _read_unless_same)
        if content is None:
            return None
        if content.body is None:
            raise UpstreamError(f"`{path}` of {repository} is too large for {self.worker.host} to send.")
        return Document(content.body, content.etag)

    async def role(self, repository: str, login: str) -> str:
        """Return somebody's role in a repository, `none` for strangers."""
        call = Call("GET", f"{repository_path(repository)}/collaborators/{quote(login, safe='')}/permission")
        try:
            return await self.ask(repository, call, _read_role)
        except GoneError:
            return "none"

    async def issues_since(
        self, repository: str, since: datetime, *, labels: Sequence[str] = (), etag: str | None = None
    ) -> ChangedThreads | None:
        """List what was updated since, oldest first; None where nothing changed since ``etag``.

        Only a list of one page has an ETag: the first of several stays the same while the last one grows.
        """
        place = await self._public(repository)
        query = _FULL | {"state": "all", "sort": "updated", "direction": "asc"}
        if labels:
            query |= {"labels": ",".join(labels)}
        call = Call("GET", f"{repository_path(place.full_name)}/issues", query, etag=etag)
        found: dict[str, Issue] = {}
        one_page: str | None = None
        async for number, page in self._changes(place.full_name, call, since, _read_issues, _updated):
            if page is None:
                return None
            found |= {issue.node_id: issue for issue in page.items}
            one_page = page.etag if number == 0 and page.next is None else None
        issues = tuple(sorted(found.values(), key=lambda issue: (issue.updated, issue.ref)))
        return ChangedThreads(issues[-1].ref.repository if issues else place.full_name, issues, one_page)

    async def comments_since(self, repository: str, since: datetime) -> tuple[tuple[IssueRef, Comment], ...]:
        """List the comments that were written or edited since, those edited longest ago first."""
        place = await self._public(repository)
        query = _FULL | {"sort": "updated", "direction": "asc"}
        call = Call("GET", f"{repository_path(place.full_name)}/issues/comments", query)
        found: dict[int, tuple[IssueRef, Comment]] = {}
        async for _, page in self._changes(place.full_name, call, since, _read_comments_of_all, _edited):
            if page is not None:
                found |= {comment.number: (ref, comment) for ref, comment in page.items}
        return tuple(sorted(found.values(), key=lambda item: (item[1].updated, item[1].number)))

    async def _changes(
        self,
        repository: str,
        call: Call,
        since: datetime,
        read: Callable[[Reply], Page[_T] | None],
        changed: Callable[[_T], datetime],
    ) -> AsyncIterator[tuple[int, Page[_T] | None]]:
        """Read what changed since, page by page; None where nothing did.

        What is updated meanwhile moves to the end, and everything behind it one place forward, out of the next page.
        So the next page is asked for by the time of the last thing seen, not by its number.
        """
        call = replace(call, query={**call.query, "since": _timestamp(since)})
        following: str | None = None
        for number in range(_MOST_PAGES):
            page = await self.ask(repository, call if following is None else Call("GET", following), read)
            yield number, page
            if page is None or page.next is None or not page.items:
                return
            call, following = replace(call, etag=None), page.next
            last = changed(page.items[-1])
            if last > since:
                since, following = last, None
                call = replace(call, query={**call.query, "since": _timestamp(since)})
        raise UpstreamError(f"{self.worker.host} lists more changes in {repository} than can be read.")

    async def pages(self, repository: str, call: Call, read: Callable[[Reply], Page[_T]]) -> AsyncIterator[Page[_T]]:
        """Read a list page by page."""
        more = False
        async for page in paged(lambda each: self.ask(repository, each, read), call):
            yield page
            more = page.next is not None
        if more:
            raise UpstreamError(f"{self.worker.host} lists more of {repository} than can be read.")

    async def is_public(self, repository: str) -> bool:
        """Return whether everybody may see a repository, also one that was renamed, as it was within the last hour."""
        try:
            await self._public(repository)
        except GoneError:
            return False
        return True

    def note_visibility(self, full_name: str, *, private: bool) -> None:
        """Remember whether everybody may see a repository, as it is now."""
        self._places[full_name.lower()] = _Place(full_name, private, self.now())

    async def _public(self, repository: str) -> _Place:
        """Look a repository up, from time to time, to leave it alone if it is private. Raises ``PrivateError``."""
        known, now = self._places.get(repository.lower()), self.now()
        if known is None or not timedelta(0) <= now - known.checked < _VISIBILITY_KNOWN:
            found = await self.ask(repository, Call("GET", repository_path(repository)), _read_repository)
            known = _Place(found.full_name, found.private, now)
            self._places[repository.lower()] = self._places[known.full_name.lower()] = known
        if known.private:
            raise PrivateError(repository)
        return known


@dataclass(frozen=True, slots=True)
class _Content:
    """A file's bytes, None where GitHub sends only the size."""

    body: bytes | None
    size: int
    etag: str | None


def repository_path(repository: str) -> str:
    """Return a repository's path in the API. Raises ``GoneError`` for what cannot be one."""
    if not is_repository(repository):
        raise GoneError(f"`{repository[:100]}` is no repository.")
    return f"/repos/{repository}"


def thread_path(ref: IssueRef) -> str:
    """Return a thread's path in the API. Raises ``GoneError`` for what cannot be one."""
    return f"{repository_path(ref.repository)}/issues/{ref.number}"


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _updated(issue: Issue) -> datetime:
    return issue.updated


def _edited(item: tuple[IssueRef, Comment]) -> datetime:
    return item[1].updated


_ISSUE = msgspec.json.Decoder(WireIssue)
_ISSUES = msgspec.json.Decoder(list[WireIssue])
_COMMENTS = msgspec.json.Decoder(list[WireComment])
_LABELS = msgspec.json.Decoder(list[WireLabel])
_EVENTS = msgspec.json.Decoder(list[WireEvent])
_REPOSITORY = msgspec.json.Decoder(WireRepository)
_CONTENT = msgspec.json.Decoder(WireContent | list[msgspec.Raw])
_ROLE = msgspec.json.Decoder(WireRole)
_SEARCH = msgspec.json.Decoder(WireSearch)


def page_of(reply: Reply, items: Iterable[_T]) -> Page[_T]:
    """Return what a page lists, with where it goes on."""
    return Page(tuple(items), reply.next, reply.etag)


def _read_issue(reply: Reply) -> Issue:
    return _ISSUE.decode(reply.text).noun()


def _read_issues(reply: Reply) -> Page[Issue] | None:
    if reply.status == HTTPStatus.NOT_MODIFIED:
        return None
    return page_of(reply, [item.noun() for item in _ISSUES.decode(reply.text)])


def read_comments(reply: Reply) -> Page[Comment]:
    """Read a page of a thread's comments."""
    return page_of(reply, [item.noun() for item in _COMMENTS.decode(reply.text)])


def _read_comments_of_all(reply: Reply) -> Page[tuple[IssueRef, Comment]]:
    return page_of(reply, [(item.ref(), item.noun()) for item in _COMMENTS.decode(reply.text)])


def _read_labels(reply: Reply) -> Page[str]:
    return page_of(reply, [item.name for item in _LABELS.decode(reply.text) if item.name])


def _read_events(reply: Reply) -> Page[LabelEvent]:
    events = (item.noun() for item in _EVENTS.decode(reply.text))
    return page_of(reply, [event for event in events if event is not None])


def read_search(reply: Reply) -> SearchPage:
    """Read a page of what a search found."""
    found = _SEARCH.decode(reply.text)
    return SearchPage(
        page_of(reply, [item.noun() for item in found.items]), found.total_count, found.incomplete_results
    )


def _read_repository(reply: Reply) -> WireRepository:
    return _REPOSITORY.decode(reply.text)


def _read_role(reply: Reply) -> str:
    role = _ROLE.decode(reply.text)
    return role.role_name or role.permission


def _read_content(reply: Reply) -> _Content:
    file = _CONTENT.decode(reply.text)
    if not isinstance(file, WireContent) or file.type != "file":
        raise GoneError("GitHub has something else than a file there.")
    if file.encoding != "base64":
        return _Content(None, file.size, reply.etag)
    try:
        return _Content(b64decode(file.content), file.size, reply.etag)
    except binascii.Error as error:
        raise UpstreamError("GitHub sent a file that cannot be decoded.") from error


def _read_unless_same(reply: Reply) -> _Content | None:
    return None if reply.status == HTTPStatus.NOT_MODIFIED else _read_content(reply)
