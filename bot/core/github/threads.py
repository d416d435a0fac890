"""GitHub's nouns, as far as they are read or written here, and what can go wrong with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.errors import UpstreamError, UserError

SITE = "https://github.com"
_REDIRECT = "https://redirect.github.com"

_NAME = r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}(?![\w.-]))[A-Za-z0-9._-]{1,100}"
_SHORT = re.compile(rf"({_NAME})#([1-9][0-9]{{0,9}})")
_LINK = re.compile(
    rf"(?:https?://)?(?:www\.|redirect\.)?github\.com/({_NAME})/(?:issues|pull)/([1-9][0-9]{{0,9}})(?![0-9])"
)
_REPOSITORY = re.compile(_NAME)
_ADDRESS = re.compile(rf"https?://(?:www\.)?github\.com/({_NAME})", re.IGNORECASE)


class GoneError(UpstreamError):
    """What was asked for is not there, or not visible to who asked (404, 410)."""


class ForbiddenError(UpstreamError):
    """The credential is missing, expired or lacks a permission (401, and 403 that is no rate limit)."""


class RefusedError(UpstreamError):
    """GitHub finds the request itself wrong (422, 400): it is not sent again."""


class UnsureError(UpstreamError):
    """A write was sent and its outcome is not known (timeout, lost connection, 5xx): look before trying again."""


class ThreadState(StrEnum):
    """Whether a thread is still open; only pull requests are merged."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, order=True)
class IssueRef:
    """An issue or pull request by its repository (`owner/name`) and number; both change when it is moved."""

    repository: str
    number: int

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"

    @property
    def url(self) -> str:
        """Return its address; GitHub redirects a pull request's from there."""
        return f"{SITE}/{self.repository}/issues/{self.number}"

    def page(self, *, is_pr: bool) -> str:
        """Return the address of its page, to which GitHub redirects nobody any more."""
        return f"{SITE}/{self.repository}/{'pull' if is_pr else 'issues'}/{self.number}"

    @property
    def quiet_url(self) -> str:
        """Return an address that leaves no backlink on the thread when it is written into another one."""
        return f"{_REDIRECT}/{self.repository}/issues/{self.number}"


@dataclass(frozen=True, slots=True)
class Account:
    """Who did something; a deleted account is None wherever one is named."""

    login: str
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Glimpse:
    """The little of a thread that tells whether it changed; ``node_id`` survives renames and transfers."""

    node_id: str
    ref: IssueRef
    title: str
    is_pr: bool
    state: ThreadState
    updated: datetime


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue or pull request as it is now; ``last_comment_by`` is None too where it was not asked for."""

    node_id: str
    ref: IssueRef
    title: str
    body: str
    is_pr: bool
    state: ThreadState
    locked: bool
    author: Account | None
    labels: tuple[str, ...]
    comments: int
    created: datetime
    updated: datetime
    closed: datetime | None = None
    last_comment_by: Account | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an issue or pull request."""

    number: int
    body: str
    author: Account | None
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """A label was put on a thread, or taken off, and by whom."""

    label: str
    added: bool
    actor: Account | None
    at: datetime


def parse_ref(text: str) -> IssueRef:
    """Read `owner/repo#12` or the address of an issue or pull request; a ``UserError`` says what is wrong."""
    found = _SHORT.fullmatch(text.strip()) or _LINK.match(text.strip())
    if found is None:
        raise UserError(f"`{text[:100]}` names no issue. Write it like `numpy/numpy#26157`, or paste its address.")
    return IssueRef(found[1], int(found[2]))


def linked_ref(url: str) -> IssueRef | None:
    """Return the issue or pull request that an address leads to, None for any other address."""
    found = _LINK.match(url.strip())
    return None if found is None else IssueRef(found[1], int(found[2]))


def is_repository(text: str) -> bool:
    """Return whether a text is a repository's full name, `owner/name`."""
    return _REPOSITORY.fullmatch(text) is not None


def repository_of(url: str | None) -> str | None:
    """Return the repository on GitHub that an address lies in, in lower case; None for any other address."""
    found = None if url is None else _ADDRESS.match(url.strip())
    return None if found is None else found[1].lower().removesuffix(".git")
