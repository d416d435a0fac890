"""GitHub as the App sees it: repositories that installed it, their threads, and what it writes there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from github import Auth

from bot.clients.github.repository import (
    Page,
    RepositoryReader,
    page_of,
    paged,
    read_comments,
    repository_path,
    thread_path,
)
from bot.clients.github.wire import Number, WireLabel, WireRepository, WireUser, account
from bot.clients.github.worker import Call, NotThereError, Reply, TokenRefusedError, open_worker
from bot.clients.web import Patience
from bot.core.errors import UserError
from bot.core.github.threads import Account, Comment, ForbiddenError, GoneError, IssueRef, LabelEvent, RefusedError
from bot.core.triage.decide.texts import is_marked

_T = TypeVar("_T")

_PERMISSIONS = {"issues": "write", "metadata": "read"}
"""All that a token of an installation may do, whatever the App was allowed."""
_CREDENTIAL = "the App's key. Check FTBOT_GITHUB_APP_ID and FTBOT_GITHUB_PRIVATE_KEY."
_RENEWED_BEFORE = timedelta(minutes=2)
_SUGGESTIONS_KNOWN = timedelta(days=1)
_LONGEST_RATIONALE = 280


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A webhook that never arrived: its number for asking again, its GUID, when it was tried first, and how often."""

    number: int
    guid: str
    delivered: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class InstalledRepository:
    """A repository that installed the App; a private one is left alone."""

    full_name: str
    private: bool


@dataclass(frozen=True, slots=True)
class _Token:
    """An installation's credential, until shortly before it expires."""

    auth: Auth.Token
    until: datetime


@dataclass(slots=True)
class _Memory:
    """What was found out, so that it is asked only once; names of repositories are in lower case."""

    login: str | None = None
    installations: dict[str, int] = field(default_factory=dict)
    tokens: dict[int, _Token] = field(default_factory=dict)
    suggestions: dict[str, tuple[bool, datetime]] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class _NotInstalledError(ForbiddenError):
    """The App is not installed in a repository, or may not work there at the moment."""


@dataclass(frozen=True, slots=True)
class GithubApp(RepositoryReader):
    """Reads and writes as the App; a write is sent once, and ``UnsureError`` says that it may have happened.

    Where the App is not installed, everything about a repository is a ``ForbiddenError``.
    """

    app: Auth.AppAuth
    _memory: _Memory = field(default_factory=_Memory, kw_only=True)

    async def login(self) -> str:
        """Return the name under which the App writes, such as `ftbot[bot]`."""
        if self._memory.login is None:
            app = await self.worker.read(Call("GET", "/app"), self.app, _read_app)
            self._memory.login = f"{app.slug}[bot]"
        return self._memory.login

    async def repositories(self) -> tuple[InstalledRepository, ...]:
        """List the repositories that installed the App; a suspended installation has none."""
        found: dict[str, InstalledRepository] = {}
        async for page in self._as_app(Call("GET", "/app/installations", {"per_page": "100"}), _read_installations):
            for installation in page.items:
                try:
                    async for repositories in self._of_installation(installation.id):
                        found |= {repository.full_name: repository for repository in repositories.items}
                        for repository in repositories.items:
                            self.note_visibility(repository.full_name, private=repository.private)
                        names = (repository.full_name.lower() for repository in repositories.items)
                        self._memory.installations |= dict.fromkeys(names, installation.id)
                except ForbiddenError:  # removed or suspended since, or without the permissions
                    continue
        return tuple(sorted(found.values(), key=lambda repository: repository.full_name))

    async def is_installed(self, repository: str, *, fresh: bool = False) -> bool:
        """Return whether a repository installed the App; ``fresh`` asks GitHub again."""
        if fresh:
            self._memory.installations.pop(repository.lower(), None)
        try:
            await self.installation(repository)
        except (GoneError, _NotInstalledError):
            return False
        return True

    async def takes_suggestions(self, ref: IssueRef) -> bool:
        """Return whether a thread's repository has GitHub's label suggestions; asked once a day for a repository.

        Pull requests take none.
        """
        known, now = self._memory.suggestions.get(ref.repository.lower()), self.now()
        if known is not None and timedelta(0) <= now - known[1] < _SUGGESTIONS_KNOWN:
            return known[0]
        try:
            await self.ask(ref.repository, Call("GET", f"{thread_path(ref)}/suggestions"), _skip)
        except (GoneError, RefusedError, ForbiddenError):
            if (await self.issue(ref)).is_pr:  # which says nothing of the repository's issues
                return False
            self._memory.suggestions[ref.repository.lower()] = (False, now)
            return False
        self._memory.suggestions[ref.repository.lower()] = (True, now)
        return True

    async def add_label(self, ref: IssueRef, label: str) -> None:
        """Put a label on a thread, beside those it has. GitHub makes a label that the repository does not have."""
        labels = await self._write(
            ref.repository, "POST", f"{thread_path(ref)}/labels", {"labels": [label]}, _read_labels
        )
        if label.lower() not in labels:
            raise RefusedError(f"GitHub took the label `{label[:100]}` for {ref} and did not put it on.")

    async def remove_label(self, ref: IssueRef, label: str) -> None:
        """Take one label off a thread; it is no error if it is not there."""
        if not label.strip(
            "."
        ):  # in an address that is the folder itself or the one above, and DELETE of those is more
            raise RefusedError(f"`{label[:100]}` cannot be taken off: no address leads to such a label.")
        path = f"{thread_path(ref)}/labels/{quote(label, safe='')}"
        try:
            await self.ask(ref.repository, Call("DELETE", path, is_write=True), _skip)
        except NotThereError as error:
            if "label" not in error.said.lower():  # else it is the thread that is not there
                raise

    async def suggest_label(self, ref: IssueRef, label: str, confidence: str, rationale: str) -> bool:
        """Leave a label for a person to approve; False where the repository has no suggestions.

        ``confidence`` is `low`, `medium` or `high`. Without the question before, a GitHub that does not know
        suggestions might put the label on.
        """
        if not await self.takes_suggestions(ref):
            return False
        override = {
            "name": label,
            "suggest": True,
            "confidence": confidence,
            "rationale": rationale[:_LONGEST_RATIONALE],
        }
        try:
            await self._write(ref.repository, "POST", f"{thread_path(ref)}/labels", {"labels": [override]}, _skip)
        except RefusedError:
            self._memory.suggestions[ref.repository.lower()] = (False, self.now())
            return False
        return True

    async def dismissed_suggestions(self, ref: IssueRef) -> tuple[LabelEvent, ...]:
        """Read which suggested labels were dismissed on an issue, and when; none where there are no suggestions.

        GitHub gives only the number of who did it, so ``actor`` is None. What was taken back by who had suggested it,
        this App included, is left out.
        """
        query = {"state": "dismissed", "action": "add_label", "per_page": "100"}
        call = Call("GET", f"{thread_path(ref)}/suggestions", query)
        try:
            pages = [page async for page in self.pages(ref.repository, call, _read_suggestions)]
        except (NotThereError, RefusedError):
            return ()
        dismissed = [suggestion for page in pages for suggestion in page.items if suggestion.was_rejected]
        names = await self._label_names(ref.repository) if dismissed else {}
        events = ((suggestion.label(names), suggestion.updated_at) for suggestion in dismissed)
        return tuple([LabelEvent(label, added=False, actor=None, at=at) for label, at in events if label is not None])

    async def _label_names(self, repository: str) -> dict[int, str]:
        call = Call("GET", f"{repository_path(repository)}/labels", {"per_page": "100"})
        pages = self.pages(repository, call, _read_numbered_labels)
        return {label.id: label.name async for page in pages for label in page.items}

    async def post_comment(self, ref: IssueRef, body: str) -> int:
        """Comment on a thread and give the comment's number."""
        return await self._write(ref.repository, "POST", f"{thread_path(ref)}/comments", {"body": body}, _read_number)

    async def edit_comment(self, repository: str, comment: int, body: str) -> None:
        """Replace the text of one of the App's own comments."""
        path = f"{repository_path(repository)}/issues/comments/{comment}"
        await self._write(repository, "PATCH", path, {"body": body}, _read_number)

    async def react(self, repository: str, comment: int, reaction: str) -> None:
        """React to a comment: `eyes`, `rocket` or `confused`."""
        path = f"{repository_path(repository)}/issues/comments/{comment}/reactions"
        await self._write(repository, "POST", path, {"content": reaction}, _read_number)

    async def dislikes(self, repository: str, comment: int) -> tuple[Account, ...]:
        """Return the people who gave a comment a thumbs-down; raises ``GoneError`` where there is no comment.

        That costs one request, and a second one where there is any.
        """
        path = f"{repository_path(repository)}/issues/comments/{comment}"
        if not await self.ask(repository, Call("GET", path), _read_dislikes):
            return ()
        call = Call("GET", f"{path}/reactions", {"content": "-1", "per_page": "100"})
        pages = self.pages(repository, call, _read_reactors)
        return tuple([who async for page in pages for who in page.items if who is not None and not who.is_bot])

    async def find_comment(self, ref: IssueRef, marker: str) -> Comment | None:
        """Find the App's first comment on a thread that begins with a marker; anybody's else may begin with it too."""
        login = await self.login()
        call = Call("GET", f"{thread_path(ref)}/comments", {"per_page": "100"})
        async for page in self.pages(ref.repository, call, read_comments):
            for comment in page.items:
                is_own = comment.author is not None and comment.author.login == login
                if is_own and is_marked(comment.body, marker):
                    return comment
        return None

    async def failed_deliveries(self, since: datetime) -> tuple[FailedDelivery, ...]:
        """List the webhooks since then of which no attempt succeeded, oldest first."""
        attempts: dict[str, list[_Delivery]] = {}
        async for page in self._as_app(Call("GET", "/app/hook/deliveries", {"per_page": "100"}), _read_deliveries):
            recent = [delivery for delivery in page.items if delivery.delivered_at >= since]
            for delivery in recent:
                attempts.setdefault(delivery.guid, []).append(delivery)
            if len(recent) < len(page.items):  # the newest come first
                break
        failed = [
            FailedDelivery(tries[0].id, guid, min(attempt.delivered_at for attempt in tries), len(tries))
            for guid, tries in attempts.items()
            if not any(attempt.succeeded for attempt in tries)
        ]
        return tuple(sorted(failed, key=lambda delivery: (delivery.delivered, delivery.number)))

    async def redeliver(self, number: int) -> None:
        """Ask GitHub to send a webhook again."""
        await self.worker.write(Call("POST", f"/app/hook/deliveries/{number}/attempts", is_write=True), self.app, _skip)

    async def ask(self, repository: str, call: Call, take: Callable[[Reply], _T]) -> _T:
        """Ask about a repository, or write to it, as its installation."""
        installation = await self.installation(repository)
        try:
            return await self._as_installation(installation, call, take)
        except ForbiddenError:  # it may have been removed, or made anew under another number
            self._memory.installations.pop(repository.lower(), None)
            raise

    async def _write(
        self, repository: str, method: str, path: str, body: Mapping[str, object], take: Callable[[Reply], _T]
    ) -> _T:
        return await self.ask(repository, Call(method, path, body=body, is_write=True), take)

    async def _as_installation(self, installation: int, call: Call, take: Callable[[Reply], _T]) -> _T:
        send = self.worker.write if call.is_write else self.worker.read
        try:
            return await send(call, await self._token(installation), take)
        except TokenRefusedError:  # so nothing was done; the token may have been taken back before its time
            self._memory.tokens.pop(installation, None)
            return await send(call, await self._token(installation), take)

    async def installation(self, repository: str) -> int:
        """Return the number of the installation in a repository; a ``ForbiddenError`` where there is none."""
        async with self._memory.turn:  # so that many who ask at once cost one request
            number = self._memory.installations.get(repository.lower())
            if number is None:
                number = self._memory.installations[repository.lower()] = await self._find_installation(repository)
            return number

    async def _find_installation(self, repository: str) -> int:
        try:
            found = await self.worker.read(
                Call("GET", f"{repository_path(repository)}/installation"), self.app, _read_installation
            )
        except GoneError as error:
            raise _NotInstalledError(
                f"The App is not installed in {repository}. Its owner can install it there."
            ) from error
        if found.suspended_at is not None:
            raise _NotInstalledError(f"The App is suspended in {repository}. Its owner can let it work again.")
        return found.id

    async def _token(self, installation: int) -> Auth.Token:
        async with self._memory.turn:
            known = self._memory.tokens.get(installation)
            if known is None or known.until <= self.now():
                known = self._memory.tokens[installation] = await self._make_token(installation)
            return known.auth

    async def _make_token(self, installation: int) -> _Token:
        # No write: nothing happens but that there is one token more, so it may be asked for twice.
        call = Call("POST", f"/app/installations/{installation}/access_tokens", body={"permissions": _PERMISSIONS})
        try:
            made = await self.worker.read(call, self.app, _read_token)
        except (GoneError, RefusedError) as error:
            raise ForbiddenError(
                f"{self.worker.host} gives the App no token for an installation. It was removed, or may not write."
            ) from error
        return _Token(Auth.Token(made.token), made.expires_at - _RENEWED_BEFORE)

    def _as_app(self, call: Call, read: Callable[[Reply], Page[_T]]) -> AsyncIterator[Page[_T]]:
        return paged(lambda each: self.worker.read(each, self.app, read), call)

    def _of_installation(self, installation: int) -> AsyncIterator[Page[InstalledRepository]]:
        call = Call("GET", "/installation/repositories", {"per_page": "100"})
        return paged(lambda each: self._as_installation(installation, each, _read_repositories), call)


@asynccontextmanager
async def open_github_app(  # noqa: PLR0913 — what differs between GitHub and a test, by name
    api_url: str,
    app_id: str,
    private_key: str,
    *,
    user_agent: str,
    now: Callable[[], datetime],
    patience: Patience = Patience(),  # noqa: B008 — it is frozen
    write_gap: float = 1.0,
) -> AsyncIterator[GithubApp]:
    """Open the App; an ID or a key that is none is a ``UserError``. On exit a request that hangs is left behind."""
    if not app_id.strip():
        raise UserError("FTBOT_GITHUB_APP_ID is empty. It is the number, or the client ID, on the App's settings page.")
    app = Auth.AppAuth(app_id.strip(), sign_func=await asyncio.to_thread(_signer, private_key))
    async with open_worker(
        api_url, user_agent=user_agent, now=now, patience=patience, write_gap=write_gap, credential=_CREDENTIAL
    ) as worker:
        yield GithubApp(worker, now, app)


def _signer(private_key: str) -> Callable[[dict[str, object]], str]:
    """Read a private key once: that takes a hundred times as long as to sign with it, and holds the GIL."""
    try:
        key = load_pem_private_key(private_key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it has a password
        key = None
    if not isinstance(key, RSAPrivateKey):
        # The cause stays out of it: nobody promises that it never quotes the key.
        raise UserError(
            "FTBOT_GITHUB_PRIVATE_KEY is no private key of a GitHub App. "
            "Copy the whole PEM file that GitHub gave you, from its first line to its last."
        )
    return partial(jwt.encode, key=key, algorithm="RS256")


class _AppAnswer(msgspec.Struct):
    slug: str


class _Installation(msgspec.Struct):
    id: int
    suspended_at: datetime | None = None


class _TokenAnswer(msgspec.Struct):
    token: str
    expires_at: datetime


class _Repositories(msgspec.Struct):
    repositories: list[WireRepository]


class _Delivery(msgspec.Struct):
    id: int
    guid: str
    delivered_at: datetime
    status_code: int

    @property
    def succeeded(self) -> bool:
        return HTTPStatus.OK <= self.status_code < HTTPStatus.MULTIPLE_CHOICES


class _NumberedLabel(msgspec.Struct):
    id: int
    name: str


class _Suggestion(msgspec.Struct):
    """A suggestion. A label is named by its number, and ``target_value``, which can be of any kind, may be null."""

    action: str
    state: str
    updated_at: datetime
    target_id: int | None = None
    target_value: str | bool | float | list[str] | None = None
    actor_id: int | None = None
    resolved_by: int | None = None

    @property
    def was_rejected(self) -> bool:
        """Return whether it is a label that somebody dismissed; where GitHub does not say who, a person did."""
        taken_back = self.resolved_by is not None and self.resolved_by == self.actor_id
        return self.action == "add_label" and self.state == "dismissed" and not taken_back

    def label(self, names: Mapping[int, str]) -> str | None:
        """Return the label's name as it is now, None for one that cannot be told."""
        said = self.target_value if isinstance(self.target_value, str) and self.target_value else None
        return said if self.target_id is None else names.get(self.target_id, said)


class _Numbered(msgspec.Struct):
    id: Number


class _Reacted(msgspec.Struct):
    """A comment, as far as it tells how often people reacted to it, by reaction."""

    reactions: dict[str, int | str] = {}


class _Reaction(msgspec.Struct):
    user: WireUser | None = None


_APP = msgspec.json.Decoder(_AppAnswer)
_INSTALLATION = msgspec.json.Decoder(_Installation)
_INSTALLATIONS = msgspec.json.Decoder(list[_Installation])
_TOKEN = msgspec.json.Decoder(_TokenAnswer)
_REPOSITORIES = msgspec.json.Decoder(_Repositories)
_DELIVERIES = msgspec.json.Decoder(list[_Delivery])
_LABELS = msgspec.json.Decoder(list[WireLabel])
_NUMBERED_LABELS = msgspec.json.Decoder(list[_NumberedLabel])
_SUGGESTIONS = msgspec.json.Decoder(list[_Suggestion])
_NUMBERED = msgspec.json.Decoder(_Numbered)
_REACTED = msgspec.json.Decoder(_Reacted)
_REACTIONS = msgspec.json.Decoder(list[_Reaction])


def _read_app(reply: Reply) -> _AppAnswer:
    return _APP.decode(reply.text)


def _read_installation(reply: Reply) -> _Installation:
    return _INSTALLATION.decode(reply.text)


def _read_installations(reply: Reply) -> Page[_Installation]:
    return page_of(reply, [item for item in _INSTALLATIONS.decode(reply.text) if item.suspended_at is None])


def _read_token(reply: Reply) -> _TokenAnswer:
    return _TOKEN.decode(reply.text)


def _read_repositories(reply: Reply) -> Page[InstalledRepository]:
    found = _REPOSITORIES.decode(reply.text).repositories
    return page_of(reply, [InstalledRepository(item.full_name, item.private) for item in found])


def _read_deliveries(reply: Reply) -> Page[_Delivery]:
    return page_of(reply, _DELIVERIES.decode(reply.text))


def _read_labels(reply: Reply) -> frozenset[str]:
    return frozenset([label.name.lower() for label in _LABELS.decode(reply.text) if label.name])


def _read_numbered_labels(reply: Reply) -> Page[_NumberedLabel]:
    return page_of(reply, _NUMBERED_LABELS.decode(reply.text))


def _read_suggestions(reply: Reply) -> Page[_Suggestion]:
    return page_of(reply, _SUGGESTIONS.decode(reply.text))


def _read_number(reply: Reply) -> int:
    return _NUMBERED.decode(reply.text).id


def _read_dislikes(reply: Reply) -> bool:
    return _REACTED.decode(reply.text).reactions.get("-1", 0) != 0


def _read_reactors(reply: Reply) -> Page[Account | None]:
    return page_of(reply, [account(reaction.user) for reaction in _REACTIONS.decode(reply.text)])


def _skip(_reply: Reply) -> None:
    """Read nothing: that there is an answer says enough."""
