"""What exists on the fake GitHub: accounts, repositories, threads, and what people do to them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import TypeAlias

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

MAX_LABELS = 100
DEFAULT_COLOR = "ededed"
MAINTAINER = "maintainer"
"""Who does what a test does not say who did."""

Actor: TypeAlias = "FakeUser | str | None"
"""An account, by its login or itself; None is a deleted one."""


class AccountKind(StrEnum):
    """What GitHub calls the type of an account."""

    USER = "User"
    BOT = "Bot"
    ORGANIZATION = "Organization"


class SuggestionState(StrEnum):
    """What became of a suggestion."""

    PENDING = "pending"
    APPROVED = "approved"
    DISMISSED = "dismissed"
    REPLACED = "replaced"


@cache
def _private_key() -> str:
    """Make one key in a process: it takes longer than a test."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


@dataclass(slots=True, eq=False)
class FakeApp:
    """The GitHub App; its ``events`` are those that it subscribed to, beside the ones that every App gets."""

    id: str = "424242"
    slug: str = "ftbot"
    client_id: str = "Iv23liFtbot"
    private_key: str = field(default_factory=_private_key, repr=False)
    webhook_secret: str = field(default="It's a Secret to Everybody", repr=False)
    permissions: dict[str, str] = field(default_factory=lambda: {"issues": "write", "metadata": "read"})
    events: list[str] = field(default_factory=lambda: ["issues", "issue_comment", "label"])

    @property
    def login(self) -> str:
        """Return the name under which it acts."""
        return f"{self.slug}[bot]"


@dataclass(slots=True, eq=False)
class FakeUser:
    """An account."""

    login: str
    id: int
    kind: AccountKind = AccountKind.USER

    @property
    def node_id(self) -> str:
        """Return its global identifier."""
        return _node_id({"User": "U", "Bot": "BOT", "Organization": "O"}[self.kind.value], self.id)


@dataclass(slots=True, eq=False)
class FakeLabel:
    """A label of a repository."""

    id: int
    name: str
    color: str = DEFAULT_COLOR
    description: str | None = None

    @property
    def node_id(self) -> str:
        """Return its global identifier."""
        return _node_id("LA", self.id)


@dataclass(slots=True, eq=False)
class FakeReaction:
    """Somebody's reaction."""

    id: int
    content: str
    user: FakeUser
    created: datetime


@dataclass(slots=True, eq=False)
class FakeComment:
    """A comment on a thread."""

    id: int
    body: str
    author: FakeUser | None
    created: datetime
    updated: datetime
    via_app: bool = False
    reactions: list[FakeReaction] = field(default_factory=list)

    @property
    def node_id(self) -> str:
        """Return its global identifier."""
        return _node_id("IC", self.id)


@dataclass(slots=True, eq=False)
class FakeEvent:
    """Something that happened to a thread and is in its history, by GitHub's name (`labeled`, `closed`, …)."""

    id: int
    event: str
    actor: FakeUser | None
    created_at: datetime
    label: FakeLabel | None = None
    rename: tuple[str, str] | None = None
    reason: str | None = None
    via_app: bool = False


@dataclass(slots=True, eq=False)
class FakeSuggestion:
    """A label that waits for a person's approval."""

    id: int
    label: FakeLabel
    confidence: str | None
    rationale: str | None
    actor: FakeUser
    created: datetime
    updated: datetime
    state: SuggestionState = SuggestionState.PENDING
    resolved_by: FakeUser | None = None


@dataclass(slots=True, eq=False)
class FakeInstallation:
    """The App in an account: which of its repositories, and what it may do there."""

    id: int
    account: FakeUser
    created: datetime
    permissions: dict[str, str]
    repositories: list[FakeRepository] = field(default_factory=list)
    suspended: datetime | None = None
    suspended_by: FakeUser | None = None

    def suspend(self, by: Actor = MAINTAINER) -> None:
        """Keep the App from working there for the moment."""
        repository = self.repositories[0]
        self.suspended, self.suspended_by = repository.world.now(), repository.world.actor(by)
        repository.tell("installation", "suspend", by)

    def unsuspend(self, by: Actor = MAINTAINER) -> None:
        """Let the App work there again."""
        self.suspended, self.suspended_by = None, None
        self.repositories[0].tell("installation", "unsuspend", by)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that GitHub tells the App about, if it is installed there and subscribed to it."""

    event: str
    action: str
    repository: FakeRepository
    sender: FakeUser
    issue: FakeIssue | None = None
    comment: FakeComment | None = None
    label: FakeLabel | None = None
    before: Mapping[str, str] = field(default_factory=dict)
    other: FakeIssue | None = None


class World:
    """Everything there is, and the clock; ``tell`` is called with whatever happens."""

    def __init__(self, now: Callable[[], datetime], app: FakeApp) -> None:
        self.app = app
        self.tell: Callable[[Occurrence], None] = _tell_nobody
        self.users: dict[str, FakeUser] = {}
        self.repositories: dict[int, FakeRepository] = {}
        """By their numbers; ``names`` has them by every full name that they have or had, in lower case."""
        self.names: dict[str, FakeRepository] = {}
        self.issues: dict[str, FakeIssue] = {}
        self.installations: dict[int, FakeInstallation] = {}
        self._now = now
        self._last_id = 1_000_000
        self.bot = self.user(app.login, AccountKind.BOT)

    def now(self) -> datetime:
        """Return the time in UTC, to the second, as GitHub keeps it."""
        return self._now().astimezone(UTC).replace(microsecond=0)

    def new_id(self) -> int:
        """Return a number that nothing has yet."""
        self._last_id += 1
        return self._last_id

    def user(self, login: str, kind: AccountKind | None = None) -> FakeUser:
        """Return the account of this name; there is one as soon as somebody names it."""
        user = self.users.get(login.casefold())
        if user is None:
            kind = kind or (AccountKind.BOT if login.endswith("[bot]") else AccountKind.USER)
            user = self.users[login.casefold()] = FakeUser(login, self.new_id(), kind)
        return user

    def actor(self, by: Actor) -> FakeUser | None:
        """Return the account that a test names."""
        return self.user(by) if isinstance(by, str) else by

    def repository(self, full_name: str, *, labels: Iterable[str] = (), private: bool = False) -> FakeRepository:
        """Make a repository."""
        if full_name.casefold() in self.names:
            raise AssertionError(f"{full_name} exists already")
        owner = self.user(full_name.partition("/")[0], AccountKind.ORGANIZATION)
        repository = FakeRepository(self, self.new_id(), full_name, owner, private=private, created=self.now())
        self.repositories[repository.id] = repository
        self.names[full_name.casefold()] = repository
        for label in labels:
            repository.add_label(label)
        return repository

    def find(self, full_name: str) -> FakeRepository | None:
        """Find a repository by its name, or by one that it once had."""
        return self.names.get(full_name.casefold())

    def installation_of(self, repository: FakeRepository) -> FakeInstallation | None:
        """Find where the App is installed for a repository."""
        return next((here for here in self.installations.values() if repository in here.repositories), None)

    def installation_in(self, account: FakeUser) -> FakeInstallation | None:
        """Find where the App is installed for an account."""
        return next((here for here in self.installations.values() if here.account is account), None)


@dataclass(slots=True, eq=False)
class FakeRepository:
    """A repository. Tests may change ``labels`` and ``files``; ``suggestions``: labels can be suggested in it."""

    world: World = field(repr=False)
    id: int
    full_name: str
    owner: FakeUser = field(repr=False)
    private: bool
    created: datetime
    labels: dict[str, FakeLabel] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    roles: dict[str, str] = field(default_factory=dict, repr=False)
    issues: dict[int, FakeIssue] = field(default_factory=dict, repr=False)
    suggestions: bool = False
    archived: bool = False

    @property
    def name(self) -> str:
        """Return its name without the owner's."""
        return self.full_name.partition("/")[2]

    @property
    def node_id(self) -> str:
        """Return its global identifier."""
        return _node_id("R", self.id)

    @property
    def installed(self) -> bool:
        """Return whether the App is installed in it."""
        return self.world.installation_of(self) is not None

    def role(self, login: str, role: str) -> None:
        """Give somebody a role: `read`, `triage`, `write`, `maintain`, `admin`, or one of the repository's own."""
        self.world.user(login)
        self.roles[login.casefold()] = role

    def role_of(self, user: FakeUser) -> str:
        """Return somebody's role; whoever is no collaborator can read what is public."""
        return self.roles.get(user.login.casefold(), "none" if self.private else "read")

    def enable_suggestions(self) -> None:
        """Let labels be suggested."""
        self.suggestions = True

    def find_label(self, name: str) -> FakeLabel | None:
        """Find a label; upper and lower case are the same to GitHub."""
        return next((label for label in self.labels.values() if label.name.casefold() == name.casefold()), None)

    def add_label(self, name: str, color: str = DEFAULT_COLOR, description: str | None = None) -> FakeLabel:
        """Make a label, quietly."""
        label = self.labels[name] = FakeLabel(self.world.new_id(), name, color, description)
        return label

    def create_label(
        self, name: str, by: Actor = MAINTAINER, *, color: str = DEFAULT_COLOR, description: str | None = None
    ) -> FakeLabel:
        """Make a label."""
        label = self.add_label(name, color, description)
        self.tell("label", "created", by, label=label)
        return label

    def rename_label(self, name: str, new_name: str, by: Actor = MAINTAINER) -> None:
        """Give a label another name, on all threads too."""
        label = self.labels.pop(name)
        label.name = new_name
        self.labels[new_name] = label
        for issue in self.issues.values():
            issue.labels[:] = [new_name if one == name else one for one in issue.labels]
        self.tell("label", "edited", by, label=label, before={"name": name})

    def delete_label(self, name: str, by: Actor = MAINTAINER) -> None:
        """Delete a label, from all threads too."""
        label = self.labels.pop(name)
        for issue in self.issues.values():
            issue.labels[:] = [one for one in issue.labels if one != name]
        self.tell("label", "deleted", by, label=label)

    def install(self, by: Actor = MAINTAINER, *, quiet: bool = False) -> FakeInstallation:
        """Install the App; ``quiet`` tells nobody."""
        installation = self.world.installation_in(self.owner)
        first = installation is None
        if installation is None:
            installation = FakeInstallation(
                self.world.new_id(), self.owner, self.world.now(), dict(self.world.app.permissions)
            )
            self.world.installations[installation.id] = installation
        if self not in installation.repositories:
            installation.repositories.append(self)
            if not quiet:
                event, action = ("installation", "created") if first else ("installation_repositories", "added")
                self.tell(event, action, by)
        return installation

    def uninstall(self, by: Actor = MAINTAINER) -> None:
        """Take the App out of this repository."""
        installation = self.world.installation_of(self)
        if installation is None:
            raise AssertionError(f"the App is not installed in {self.full_name}")
        last = installation.repositories == [self]
        self.tell(*(("installation", "deleted") if last else ("installation_repositories", "removed")), by)
        installation.repositories.remove(self)
        if last:
            del self.world.installations[installation.id]

    def open(  # noqa: PLR0913 — what a thread is made of, with defaults
        self,
        title: str,
        body: str = "",
        by: Actor = "reporter",
        *,
        is_pr: bool = False,
        labels: Sequence[str] = (),
        number: int | None = None,
        created: datetime | None = None,
    ) -> FakeIssue:
        """Open an issue or pull request; the next number is free unless it is said."""
        number = max(self.issues, default=0) + 1 if number is None else number
        if number in self.issues:
            raise AssertionError(f"{self.full_name}#{number} exists already")
        when = self.world.now() if created is None else created.astimezone(UTC).replace(microsecond=0)
        issue = FakeIssue(
            self, self.world.new_id(), number, title, body, self.world.actor(by), is_pr, created=when, updated=when
        )
        self.issues[number] = issue
        self.world.issues[issue.node_id] = issue
        put_on = [self.find_label(label) or self.add_label(label) for label in labels]
        issue.labels.extend(label.name for label in put_on)
        issue.tell("opened", by)
        for label in put_on:
            issue.note("labeled", by, label=label, when=when)
            issue.tell("labeled", by, label=label)
        return issue

    def rename(self, new_name: str) -> None:
        """Give the repository another full name; the old one leads to it."""
        self.full_name = new_name
        self.world.names[new_name.casefold()] = self

    def transfer(self, issue: FakeIssue, to: FakeRepository, by: Actor = MAINTAINER) -> FakeIssue:
        """Move an issue: it gets another number and node ID there, and the old number leads to it."""
        new = FakeIssue(
            to,
            self.world.new_id(),
            max(to.issues, default=0) + 1,
            issue.title,
            issue.body,
            issue.author,
            issue.is_pr,
            created=issue.created,
            updated=self.world.now(),
        )
        new.comments.extend(issue.comments)
        new.events.extend(issue.events)
        new.reactions.extend(issue.reactions)
        new.closed, new.state_reason = issue.closed, issue.state_reason
        new.labels.extend(label for label in issue.labels if to.find_label(label) is not None)
        to.issues[new.number] = new
        self.world.issues[new.node_id] = new
        issue.tell("transferred", by, other=new)
        del self.world.issues[issue.node_id]
        issue.moved_to = new
        new.note("transferred", by)
        new.tell("opened", by, other=issue)
        return new

    def delete(self, issue: FakeIssue, by: Actor = MAINTAINER) -> None:
        """Delete an issue for good."""
        issue.tell("deleted", by)
        del self.world.issues[issue.node_id]
        issue.deleted = True

    def tell(
        self,
        event: str,
        action: str,
        by: Actor,
        *,
        label: FakeLabel | None = None,
        before: Mapping[str, str] | None = None,
    ) -> None:
        """Say what happened to the repository."""
        sender = self.world.actor(by) or self.world.user("ghost")
        self.world.tell(Occurrence(event, action, self, sender, label=label, before=before or {}))


@dataclass(slots=True, eq=False)
class FakeIssue:
    """An issue or pull request, and what people can do to it."""

    repository: FakeRepository
    id: int
    number: int
    title: str
    body: str
    author: FakeUser | None
    is_pr: bool
    created: datetime
    updated: datetime
    labels: list[str] = field(default_factory=list)
    closed: datetime | None = None
    closed_by: FakeUser | None = None
    state_reason: str | None = None
    merged: bool = False
    locked: bool = False
    lock_reason: str | None = None
    assignees: list[FakeUser] = field(default_factory=list)
    comments: list[FakeComment] = field(default_factory=list, repr=False)
    events: list[FakeEvent] = field(default_factory=list, repr=False)
    reactions: list[FakeReaction] = field(default_factory=list, repr=False)
    suggestions: list[FakeSuggestion] = field(default_factory=list, repr=False)
    deleted: bool = False
    moved_to: FakeIssue | None = field(default=None, repr=False)

    @property
    def node_id(self) -> str:
        """Return its global identifier."""
        return _node_id("PR" if self.is_pr else "I", self.id)

    @property
    def state(self) -> str:
        """Return `open` or `closed`."""
        return "open" if self.closed is None else "closed"

    @property
    def html_url(self) -> str:
        """Return its address for people."""
        kind = "pull" if self.is_pr else "issues"
        return f"https://github.com/{self.repository.full_name}/{kind}/{self.number}"

    @property
    def _world(self) -> World:
        return self.repository.world

    def comment(self, body: str, by: Actor = "reporter") -> FakeComment:
        """Comment on it."""
        now = self._world.now()
        author = self._world.actor(by)
        comment = FakeComment(self._world.new_id(), body, author, now, now, via_app=author is self._world.bot)
        self.comments.append(comment)
        self.updated = now
        self.tell_of_comment("created", by, comment)
        return comment

    def edit_comment(self, comment: FakeComment, body: str, by: Actor = None) -> None:
        """Change a comment; its author does unless somebody else is named."""
        before, comment.body, comment.updated = comment.body, body, self._world.now()
        self.tell_of_comment("edited", by or comment.author, comment, {"body": before})

    def delete_comment(self, comment: FakeComment, by: Actor = None) -> None:
        """Delete a comment; its author does unless somebody else is named."""
        self.comments.remove(comment)
        self.updated = self._world.now()
        self.tell_of_comment("deleted", by or comment.author, comment)

    def label(self, name: str, by: Actor = MAINTAINER) -> None:
        """Put a label on it; the label is made where the repository has none of that name."""
        label = self.repository.find_label(name) or self.repository.add_label(name)
        if label.name in self.labels:
            return
        self.labels.append(label.name)
        self.note("labeled", by, label=label)
        self.tell("labeled", by, label=label)

    def unlabel(self, name: str, by: Actor = MAINTAINER) -> None:
        """Take a label off."""
        label = self.repository.find_label(name)
        if label is None or label.name not in self.labels:
            raise AssertionError(f"{self.repository.full_name}#{self.number} has no label {name!r}")
        self.labels.remove(label.name)
        self.note("unlabeled", by, label=label)
        self.tell("unlabeled", by, label=label)

    def close(self, by: Actor = MAINTAINER, *, merged: bool = False, reason: str = "completed") -> None:
        """Close it, or merge it if it is a pull request."""
        if self.closed is not None:
            return
        self.closed, self.closed_by, self.merged = self._world.now(), self._world.actor(by), merged
        self.state_reason = None if self.is_pr else reason
        if merged:
            self.note("merged", by)
        self.note("closed", by, reason=self.state_reason)
        self.tell("closed", by)

    def reopen(self, by: Actor = MAINTAINER) -> None:
        """Open it again."""
        if self.closed is None:
            return
        self.closed, self.closed_by = None, None
        self.state_reason = None if self.is_pr else "reopened"
        self.note("reopened", by)
        self.tell("reopened", by)

    def lock(self, by: Actor = MAINTAINER, reason: str | None = None) -> None:
        """Let only collaborators comment."""
        self.locked, self.lock_reason = True, reason
        self.note("locked", by, reason=reason)
        self.tell("locked", by)

    def unlock(self, by: Actor = MAINTAINER) -> None:
        """Let everybody comment again."""
        self.locked, self.lock_reason = False, None
        self.note("unlocked", by)
        self.tell("unlocked", by)

    def edit(self, *, title: str | None = None, body: str | None = None, by: Actor = None) -> None:
        """Change title, body or both; its author does unless somebody else is named."""
        who = by or self.author
        before: dict[str, str] = {}
        if title is not None and title != self.title:
            before["title"] = self.title
            self.note("renamed", who, rename=(self.title, title))
            self.title = title
        if body is not None and body != self.body:
            before["body"] = self.body
            self.body = body
        if before:
            self.updated = self._world.now()
            self.tell("edited", who, before=before)

    def react(self, content: str, by: Actor = MAINTAINER, comment: FakeComment | None = None) -> FakeReaction:
        """React to it, or to a comment; the same reaction again is the same."""
        user = self._world.actor(by) or self._world.user("ghost")
        reactions = self.reactions if comment is None else comment.reactions
        for reaction in reactions:
            if reaction.user is user and reaction.content == content:
                return reaction
        reaction = FakeReaction(self._world.new_id(), content, user, self._world.now())
        reactions.append(reaction)
        return reaction

    def suggest(
        self, label: FakeLabel, by: FakeUser, confidence: str | None, rationale: str | None
    ) -> FakeSuggestion | None:
        """Suggest a label; None where it is on already. An older suggestion of it that waits is replaced."""
        if label.name in self.labels:
            return None
        now = self._world.now()
        for old in self.suggestions:
            if old.label is label and old.state is SuggestionState.PENDING:
                old.state, old.updated = SuggestionState.REPLACED, now
        suggestion = FakeSuggestion(self._world.new_id(), label, confidence, rationale, by, now, now)
        self.suggestions.append(suggestion)
        return suggestion

    def approve(self, suggestion: FakeSuggestion, by: Actor = MAINTAINER) -> None:
        """Approve a suggestion: the label is put on by who approves."""
        self._resolve(suggestion, SuggestionState.APPROVED, by)
        self.label(suggestion.label.name, by)

    def dismiss(self, suggestion: FakeSuggestion, by: Actor = MAINTAINER) -> None:
        """Dismiss a suggestion."""
        self._resolve(suggestion, SuggestionState.DISMISSED, by)

    def _resolve(self, suggestion: FakeSuggestion, state: SuggestionState, by: Actor) -> None:
        suggestion.state, suggestion.updated = state, self._world.now()
        suggestion.resolved_by = self._world.actor(by)

    def note(  # noqa: PLR0913 — what an event can have, by name
        self,
        event: str,
        by: Actor,
        *,
        label: FakeLabel | None = None,
        rename: tuple[str, str] | None = None,
        reason: str | None = None,
        when: datetime | None = None,
    ) -> None:
        """Write something into its history."""
        actor = self._world.actor(by)
        self.updated = when or self._world.now()
        self.events.append(
            FakeEvent(
                self._world.new_id(),
                event,
                actor,
                self.updated,
                label=label,
                rename=rename,
                reason=reason,
                via_app=actor is self._world.bot,
            )
        )

    def tell(
        self,
        action: str,
        by: Actor,
        *,
        label: FakeLabel | None = None,
        before: Mapping[str, str] | None = None,
        other: FakeIssue | None = None,
    ) -> None:
        """Say what happened to it."""
        event = "pull_request" if self.is_pr else "issues"
        sender = self._world.actor(by) or self._world.user("ghost")
        self._world.tell(
            Occurrence(
                event, action, self.repository, sender, issue=self, label=label, before=before or {}, other=other
            )
        )

    def tell_of_comment(
        self, action: str, by: Actor, comment: FakeComment, before: Mapping[str, str] | None = None
    ) -> None:
        """Say what happened to a comment."""
        sender = self._world.actor(by) or self._world.user("ghost")
        self._world.tell(
            Occurrence(
                "issue_comment",
                action,
                self.repository,
                sender,
                issue=self,
                comment=comment,
                before=before or {},
            )
        )


def _tell_nobody(_happened: Occurrence) -> None:
    """Stand in until somebody listens."""


def visible(issues: Collection[FakeIssue]) -> list[FakeIssue]:
    """Leave out what was deleted or moved away."""
    return [issue for issue in issues if not issue.deleted and issue.moved_to is None]


def _node_id(prefix: str, number: int) -> str:
    return f"{prefix}_kwDO{base64.urlsafe_b64encode(number.to_bytes(6)).decode()}"
