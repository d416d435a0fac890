"""What the rules would have a thread labelled, before anybody asks whether that is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.classify.gate import VERSION as GATE_VERSION
from bot.core.classify.rules.data_race import REPORT as RACE_REPORT
from bot.core.classify.thread import Confidence, Kind, KindName
from bot.core.triage.actions import ActionKind, Mode
from bot.core.triage.changeset import MarkKind
from bot.core.triage.decide.texts import sections_of
from bot.core.triage.settings import NEEDS_INFO, TOPIC
from bot.core.triage.snapshot import Snapshot, counts

GATE = "gate"
"""The rule of the topic label."""

ASKING_VERSION = 3
"""Goes up whenever it is changed which reports are asked for more."""

AUTOMATIC = frozenset(
    {
        KindName.GIL_REENABLED,
        KindName.BUILD_FAILURE,
        KindName.CRASH,
        KindName.DATA_RACE,
        KindName.DEADLOCK,
        KindName.MISSING_WHEEL,
    }
)
"""Kinds that may be labelled without a person, if they are sure; the others are a matter of judgement."""

LONGEST_EVIDENCE = 200
"""Characters of what somebody wrote that are kept as the reason for a decision."""

LEAST_MISSING = 2
"""Of version, code and log, how many a report must lack to be asked for them; of a race, code and log must be two."""

_SIGNS = {
    "versions": ("free-threading build", "python -vv", "sys.version", "python version", "python 3."),
    "repro": (
        "import ",
        "def ",
        "lambda",
        "pytest",
        "gist.github.com",
        "thread(",
        "reproducer",
        "repro.py",
        "python -c",
        "python -m",
        "./python",
        ".py:",
        " script",
    ),
    "log": (
        "traceback (most recent call last)",
        "fatal python error",
        "sanitizer",
        "backtrace",
        "stack trace",
        "thread 0x",
        "#0 ",
        "#1 ",
        "+0x",
        " 0x0",
        "assertion ",
        "frame #",
        "(gdb)",
        "coredumpctl",
        "gist.github.com",
    ),
}
"""What shows, in small letters, that a report has something of it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A label that a rule would put on (``is_sure``) or suggest; ``kind`` is None for the labels that are no kinds."""

    neutral: str
    rule: str
    version: int
    evidence: str
    mode: Mode
    is_sure: bool
    confidence: Confidence
    kind: KindName | None = None


def concerns(snapshot: Snapshot) -> bool:
    """Return whether a thread is about free-threading for sure enough to do anything about it."""
    said = snapshot.classification
    return said.free_threading and said.confidence is not Confidence.LOW


def concerns_for_sure(snapshot: Snapshot) -> bool:
    """Return whether a thread is about free-threading beyond doubt: only then it is spoken to, or labelled, unasked."""
    said = snapshot.classification
    return said.free_threading and said.confidence is Confidence.HIGH


def sure_kinds(snapshot: Snapshot) -> tuple[Kind, ...]:
    """Return the kinds that are more than a guess, the surest first."""
    return tuple(kind for kind in snapshot.classification.kinds if kind.confidence is not Confidence.LOW)


def wanted_labels(snapshot: Snapshot, topics: tuple[str, ...]) -> Iterator[Wanted]:
    """Return the labels that the rules lead to, those to put on first; ``topics`` are what the author is asked for."""
    if not concerns(snapshot):
        return
    said = snapshot.classification
    words = next((reason.evidence for reason in said.reasons if reason.about == "free-threading"), "")
    is_sure = concerns_for_sure(snapshot)
    yield Wanted(TOPIC, GATE, GATE_VERSION, words, snapshot.settings.mode, is_sure, said.confidence)
    kinds = sorted(sure_kinds(snapshot), key=lambda kind: not _is_automatic(kind, snapshot))
    for kind in kinds:
        if _is_automatic(kind, snapshot):
            yield _wanted(kind, snapshot)
    if topics:
        mode = asking_mode(snapshot)
        if mode is not Mode.SUGGEST:  # a label that says "the author was asked" is not one to think about
            lacking = f"no {', no '.join(topics)}"
            yield Wanted(
                NEEDS_INFO, NEEDS_INFO, ASKING_VERSION, lacking, mode, is_sure=True, confidence=Confidence.HIGH
            )
    for kind in kinds:
        if not _is_automatic(kind, snapshot):
            yield _wanted(kind, snapshot)


def topics_to_ask(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what the author of a report should be asked for: nothing once anybody has spoken, or has asked before."""
    issue = snapshot.issue
    reported = _reported(snapshot)
    is_report = reported is not None and concerns_for_sure(snapshot) and not issue.is_pr
    label = snapshot.label_for(NEEDS_INFO)
    override = None if label is None else snapshot.override(label)
    if not is_report or issue.comments or was_asked(snapshot) or (override is not None and not override.wanted):
        return ()
    text = f"{issue.title}\n{issue.body}".lower()
    missing = tuple(
        topic
        for topic, signs in _SIGNS.items()
        if not any(sign in text for sign in signs) and not (topic == "versions" and snapshot.classification.pythons)
    )
    shown = reported is KindName.DATA_RACE and not {"repro", "log"} <= {*missing}
    return missing if len(missing) >= LEAST_MISSING and not shown else ()


def asking_mode(snapshot: Snapshot) -> Mode:
    """Return the mode in which the author of a report is asked: that of its kind."""
    return snapshot.settings.mode_of(_reported(snapshot) or KindName.CRASH)


def was_asked(snapshot: Snapshot) -> bool:
    """Return whether the author was ever asked for more, by the rules or by a command."""
    by_label = any(entry.action.kind_name == NEEDS_INFO for entry in snapshot.entries_for(ActionKind.ADD_LABEL))
    by_comment = any(
        NEEDS_INFO in sections_of(entry.action.body)
        for entry in snapshot.entries_for(ActionKind.COMMENT)
        if counts(entry)
    )
    return by_label or by_comment or MarkKind.NEEDS_INFO in snapshot.marks


def _reported(snapshot: Snapshot) -> KindName | None:
    """Return what is reported for sure that nobody can look into without being shown it: a crash, or else a race.

    Of races only those that a title names: what else is said of locks and safety is work that somebody plans.
    """
    found = {
        kind.kind
        for kind in snapshot.classification.kinds
        if kind.confidence is Confidence.HIGH
        and is_used(kind.kind, snapshot)
        and (kind.kind is KindName.CRASH or kind.rule == RACE_REPORT)
    }
    return next((kind for kind in (KindName.CRASH, KindName.DATA_RACE) if kind in found), None)


def is_used(kind: KindName, snapshot: Snapshot) -> bool:
    """Return whether the repository wants anything done about a kind."""
    rule = snapshot.settings.rules.get(kind)
    return (rule is None or rule.enabled) and snapshot.settings.mode_of(kind) is not Mode.OFF


def _is_automatic(kind: Kind, snapshot: Snapshot) -> bool:
    return kind.kind in AUTOMATIC and kind.confidence is Confidence.HIGH and concerns_for_sure(snapshot)


def _wanted(kind: Kind, snapshot: Snapshot) -> Wanted:
    return Wanted(
        neutral=kind.kind,
        rule=kind.rule,
        version=kind.version,
        evidence=kind.evidence[:LONGEST_EVIDENCE],
        mode=snapshot.settings.mode_of(kind.kind),
        is_sure=_is_automatic(kind, snapshot),
        confidence=kind.confidence,
        kind=kind.kind,
    )
