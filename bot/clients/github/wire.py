"""GitHub's REST answers, as far as they are read, and the nouns they become; unknown keys are skipped."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from bot.core.errors import UpstreamError
from bot.core.github.threads import Account, Comment, Issue, IssueRef, LabelEvent, ThreadState, is_repository
from bot.core.text.sentences import without_nul

Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A number that a column of a database holds."""


class WireUser(msgspec.Struct):
    """Who did something."""

    login: str
    type: str = "User"


class WireLabel(msgspec.Struct):
    """A label, of a repository or on a thread."""

    name: str | None = None


class WirePull(msgspec.Struct):
    """What an issue that is a pull request has besides."""

    merged_at: datetime | None = None


class WireIssue(msgspec.Struct):
    """An issue or pull request, in listings and searches too."""

    node_id: str
    number: Number
    title: str
    state: str
    repository_url: str
    created_at: datetime
    updated_at: datetime
    body: str | None = None
    user: WireUser | None = None
    locked: bool = False
    labels: list[WireLabel | str] = []
    comments: Number = 0
    closed_at: datetime | None = None
    pull_request: WirePull | None = None

    def noun(self) -> Issue:
        """Return the thread. Raises ``UpstreamError``."""
        labels = (label if isinstance(label, str) else label.name for label in self.labels)
        return Issue(
            node_id=self.node_id,
            ref=IssueRef(repository_of(self.repository_url), self.number),
            title=without_nul(self.title),
            body=without_nul(self.body or ""),
            is_pr=self.pull_request is not None,
            state=self._state(),
            locked=self.locked,
            author=account(self.user),
            labels=tuple(label for label in labels if label),
            comments=self.comments,
            created=self.created_at,
            updated=self.updated_at,
            closed=self.closed_at,
        )

    def _state(self) -> ThreadState:
        if self.pull_request is not None and self.pull_request.merged_at is not None:
            return ThreadState.MERGED
        return ThreadState.OPEN if self.state == "open" else ThreadState.CLOSED


class WireComment(msgspec.Struct):
    """A comment on a thread."""

    id: Number
    created_at: datetime
    updated_at: datetime
    issue_url: str = ""
    body: str | None = None
    user: WireUser | None = None

    def noun(self) -> Comment:
        """Return the comment."""
        return Comment(self.id, self.body or "", account(self.user), self.created_at, self.updated_at)

    def ref(self) -> IssueRef:
        """Return the thread that it is on. Raises ``UpstreamError``."""
        repository, _, number = self.issue_url.rpartition("/issues/")
        if not (number.isascii() and number.isdigit()):
            raise UpstreamError("GitHub lists a comment that is on no issue.")
        return IssueRef(repository_of(repository), int(number[:12]))


class WireEvent(msgspec.Struct):
    """Something that was done to a thread."""

    event: str
    created_at: datetime
    actor: WireUser | None = None
    label: WireLabel | None = None

    def noun(self) -> LabelEvent | None:
        """Return what was done to a label, None for anything else."""
        if self.event not in {"labeled", "unlabeled"} or self.label is None or not self.label.name:
            return None
        return LabelEvent(self.label.name, self.event == "labeled", account(self.actor), self.created_at)


class WireRepository(msgspec.Struct):
    """A repository."""

    full_name: str
    private: bool = True


class WireContent(msgspec.Struct):
    """A file; from 1 MB on it comes without its content (``encoding`` is `none`)."""

    type: str
    size: int
    encoding: str = ""
    content: str = ""


class WireSearch(msgspec.Struct):
    """A page of what a search found."""

    total_count: int
    incomplete_results: bool
    items: list[WireIssue]


class WireRole(msgspec.Struct):
    """What somebody may do in a repository; ``permission`` is the older, coarser word for it."""

    permission: str
    role_name: str = ""


def account(user: WireUser | None) -> Account | None:
    """Return who it was; None for a deleted account."""
    return None if user is None else Account(user.login, is_bot=user.type == "Bot")


def repository_of(url: str) -> str:
    """Read a repository's full name out of its address in the API. Raises ``UpstreamError``."""
    name = "/".join(urlsplit(url).path.rstrip("/").split("/")[-2:])
    if not is_repository(name):
        raise UpstreamError("GitHub names a repository in a way that cannot be read.")
    return name
