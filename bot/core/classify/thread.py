"""The nouns of triage: the thread that is read, and what is said of it."""

from dataclasses import dataclass
from enum import StrEnum


class Confidence(StrEnum):
    """How far a decision may be trusted: `high` may be acted on, the rest is for a person to look at."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class KindName(StrEnum):
    """What a free-threading thread is about, in names that no repository owns."""

    ABI3T = "abi3t"
    BUILD_FAILURE = "build-failure"
    CI = "ci"
    CRASH = "crash"
    DATA_RACE = "data-race"
    DEADLOCK = "deadlock"
    GIL_REENABLED = "gil-reenabled"
    MISSING_WHEEL = "missing-wheel"
    PERFORMANCE = "performance"
    QUESTION = "question"
    SUPPORT_TRACKING = "support-tracking"
    TEST_FAILURE = "test-failure"
    THREAD_SAFETY_DOCS = "thread-safety-docs"


@dataclass(frozen=True, slots=True)
class Thread:
    """An issue or pull request as its author published it."""

    repo: str
    number: int
    title: str
    body: str | None
    is_pr: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that a thread is about, with the words that say so and the rule that read them."""

    kind: KindName
    confidence: Confidence
    evidence: str
    rule: str
    version: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the gate or a facet was decided: `about` is free-threading, python, platform or package."""

    about: str
    value: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Classification:
    """What the rules say of one thread."""

    repo: str
    number: int
    free_threading: bool
    confidence: Confidence
    kinds: tuple[Kind, ...]
    pythons: tuple[str, ...]
    platforms: tuple[str, ...]
    packages: tuple[str, ...]
    reasons: tuple[Reason, ...]
