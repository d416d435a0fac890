"""Threads, events and decisions as JSON schema 1 has them, for ``ftbot upstream`` and ``ftbot triage``."""

from __future__ import annotations

from bot.core.github.threads import Issue
from bot.core.inspection.modules import MOST_NAMED
from bot.core.schema.times import timestamp
from bot.core.triage.actions import Decision
from bot.core.triage.changeset import AuditEntry, OutboxEntry
from bot.core.triage.snapshot import GilAnswer
from bot.core.upstream.threads import KnownThread, ThreadEvent


def thread_json(thread: KnownThread) -> dict[str, object]:
    """Return a thread as it was last seen; ``origin`` is why it is known."""
    return {
        **issue_json(thread.issue),
        "origin": thread.origin.value,
        "package": thread.package,
        "free_threading": thread.free_threading,
        "kinds": [kind.value for kind in thread.kinds],
    }


def issue_json(issue: Issue) -> dict[str, object]:
    """Return an issue or pull request without its text."""
    return {
        "repository": issue.ref.repository,
        "number": issue.ref.number,
        "title": issue.title,
        "url": issue.ref.page(is_pr=issue.is_pr),
        "is_pr": issue.is_pr,
        "state": issue.state.value,
        "labels": list(issue.labels),
        "comments": issue.comments,
        "created": timestamp(issue.created),
        "updated": timestamp(issue.updated),
        "closed": None if issue.closed is None else timestamp(issue.closed),
    }


def event_json(event: ThreadEvent) -> dict[str, object]:
    """Return what happened to a thread; ``detail`` is a label, a number of comments, or a version and a target."""
    return {
        "event": event.kind.value,
        "repository": event.ref.repository,
        "number": event.ref.number,
        "title": event.title,
        "url": event.ref.page(is_pr=event.is_pr),
        "is_pr": event.is_pr,
        "package": event.package,
        "at": timestamp(event.at),
        "detail": event.detail,
    }


def decision_json(decision: Decision) -> dict[str, object]:
    """Return a decision: the effect, whether it is had, and why."""
    action = decision.action
    return {
        "action": action.kind.value,
        "value": action.value,
        "kind": action.kind_name or None,
        "outcome": decision.outcome.value,
        "reason": decision.reason,
        "mode": decision.mode.value,
        "rule": action.rule,
        "version": action.version,
        "evidence": action.evidence,
        "body": action.body or None,
    }


def gil_json(answer: GilAnswer | None) -> dict[str, object] | None:
    """Return what was read in a wheel about the GIL, null where nothing was; at most so many modules as everywhere."""
    if answer is None:
        return None
    return {
        "package": answer.package,
        "version": answer.version,
        "python": answer.target,
        "wheel": answer.wheel,
        "gil": answer.gil.value,
        "gil_modules": list(answer.modules[:MOST_NAMED]),
        "since": answer.since,
        "before": None
        if answer.before is None
        else {"version": answer.before, "gil_modules": list(answer.modules_before[:MOST_NAMED])},
    }


def entry_json(entry: OutboxEntry) -> dict[str, object]:
    """Return what was to be done and how far it is; ``due`` is when it is tried next, null if it is not."""
    return {
        "action": entry.action.kind.value,
        "value": entry.action.value,
        "progress": entry.progress.value,
        "due": None if entry.due is None else timestamp(entry.due),
        "reason": entry.reason,
    }


def audit_json(entry: AuditEntry) -> dict[str, object]:
    """Return a line of the audit log."""
    return {
        "at": timestamp(entry.at),
        "trigger": entry.trigger.value,
        "delivery": entry.delivery,
        "actor": entry.actor,
        "labels": list(entry.labels),
        **decision_json(entry.decision),
    }
