"""What triage decides to do, as data: an action, why, in which mode, and whether it may be done."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from bot.core.github.threads import IssueRef

TOPICS = ("versions", "repro", "log")
"""What can be asked of an author."""

SEEN = "eyes"
"""The reaction that says that a comment was read; others say what became of what it asked for."""


class Mode(StrEnum):
    """How much a repository lets the bot do; what is not allowed is only written down."""

    OFF = "off"
    DRY_RUN = "dry-run"
    SUGGEST = "suggest"
    APPLY = "apply"


class ActionKind(StrEnum):
    """The effects there are; sets of labels are never replaced, threads never closed.

    ``COMMENT`` makes the one comment that the bot keeps on a thread say its body; ``REPLY`` answers a command with a
    comment of its own; ``NOTICE`` is said once in a repository, wherever that is. ``SUGGEST_LABEL`` leaves a label for
    a person to approve, in GitHub's own way.
    """

    ADD_LABEL = "add-label"
    REMOVE_LABEL = "remove-label"
    COMMENT = "comment"
    REPLY = "reply"
    NOTICE = "notice"
    REACT = "react"
    SUGGEST_LABEL = "suggest-label"


class Priority(IntEnum):
    """What goes before what, the lowest first: what people asked for, what rules do, answers, and how it all ended."""

    ASKED = 0
    RULES = 1
    ANSWERS = 2
    RECEIPTS = 3


class Outcome(StrEnum):
    """What becomes of a decision: it shall be done, is only written down, or something forbids it; and how that ended.

    ``DONE`` and those after it are results of what was to be done: GitHub has it, something came between, or it was
    refused, by GitHub or by who deleted what the bot had written. What something came between may be decided again.
    """

    DO = "do"
    WOULD_DO = "would-do"
    BLOCKED = "blocked"
    DONE = "done"
    DROPPED = "dropped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Action:
    """One effect on one thread.

    ``value`` is the label as the repository calls it, what a comment is about, or the reaction; ``body`` is a comment's
    text. ``comment`` is the comment that a reaction or reply is about, or that asked for a label by a command.
    ``rule``, ``version`` and ``evidence`` say why, ``kind_name`` which kind, or `topic`, a label stands for.
    """

    kind: ActionKind
    ref: IssueRef
    node_id: str
    value: str
    rule: str
    version: int
    evidence: str = ""
    body: str = ""
    comment: int | None = None
    kind_name: str = ""

    @property
    def priority(self) -> Priority:
        """Return the priority that it goes in."""
        if self.kind is ActionKind.REACT:
            return Priority.ANSWERS if self.value == SEEN else Priority.RECEIPTS
        if self.kind is ActionKind.REPLY:
            return Priority.ANSWERS
        return Priority.RULES if self.comment is None else Priority.ASKED

    @property
    def key(self) -> str:
        """Return what two decisions for the same effect have in common, whatever made them."""
        parts: tuple[str, ...]
        if self.kind is ActionKind.NOTICE:
            parts = (self.ref.repository, self.kind, self.value)
        elif self.kind is ActionKind.REPLY:
            # A comment is answered once, whatever there is to say when its command arrives again.
            parts = (self.node_id, self.kind, self.value, str(self.version), str(self.comment or ""))
        else:
            parts = (self.node_id, self.kind, self.value, str(self.version), str(self.comment or ""), self.body)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Decision:
    """An action, whether it is done, and the sentence that says why or why not."""

    action: Action
    mode: Mode
    outcome: Outcome
    reason: str
