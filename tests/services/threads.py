"""Upstream threads and what happens to them, made up for tests."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.classify.thread import KindName
from bot.core.github.threads import Issue, IssueRef, ThreadState
from bot.core.upstream.threads import EventKind, KnownThread, ThreadEvent, ThreadOrigin

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def thread(  # noqa: PLR0913 — what a thread is made of, all with defaults
    repository: str = "numpy/numpy",
    number: int = 26157,
    title: str = "Support free-threading",
    *,
    state: ThreadState = ThreadState.OPEN,
    labels: tuple[str, ...] = (),
    kinds: tuple[KindName, ...] = (),
    package: str | None = "numpy",
    updated: datetime = NOW,
    is_pr: bool = False,
) -> KnownThread:
    """Make a thread as it was last seen."""
    issue = Issue(
        node_id=f"I_{repository}#{number}",
        ref=IssueRef(repository, number),
        title=title,
        body="",
        is_pr=is_pr,
        state=state,
        locked=False,
        author=None,
        labels=labels,
        comments=0,
        created=updated,
        updated=updated,
    )
    return KnownThread(issue, ThreadOrigin.REPOSITORY, package, free_threading=True, kinds=kinds)


def event(kind: EventKind, of: KnownThread, at: datetime = NOW, detail: str = "") -> ThreadEvent:
    """Make something happen to a thread."""
    issue = of.issue
    return ThreadEvent(kind, issue.node_id, issue.ref, issue.title, issue.is_pr, of.package, at, issue.comments, detail)
