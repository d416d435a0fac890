"""Which kind gives way to which: one is found in most threads, the other says what this thread is about."""

from dataclasses import dataclass

from bot.core.classify.thread import Confidence, KindName


@dataclass(frozen=True, slots=True)
class Yielding:
    """A kind that gives way: at most this sure, it is dropped if one of the others stands and is at least that sure."""

    kind: KindName
    at_most: Confidence
    others: frozenset[KindName]
    at_least: Confidence
    why: str


_ALL = frozenset(KindName)

YIELDING: tuple[Yielding, ...] = (
    Yielding(
        KindName.THREAD_SAFETY_DOCS,
        Confidence.MEDIUM,
        frozenset({KindName.SUPPORT_TRACKING}),
        Confidence.HIGH,
        "The guide's repository is about documents, unless the title tracks a project.",
    ),
    Yielding(
        KindName.BUILD_FAILURE,
        Confidence.HIGH,
        frozenset({KindName.TEST_FAILURE}),
        Confidence.HIGH,
        "The test fails because of it; the product builds.",
    ),
    Yielding(
        KindName.BUILD_FAILURE,
        Confidence.MEDIUM,
        frozenset({KindName.SUPPORT_TRACKING, KindName.CI, KindName.GIL_REENABLED}),
        Confidence.HIGH,
        "A failed build that is only spoken of is the reason for the work, not its subject.",
    ),
    Yielding(
        KindName.ABI3T,
        Confidence.MEDIUM,
        frozenset({KindName.BUILD_FAILURE}),
        Confidence.HIGH,
        "What will help one day is named where the limited API fails today.",
    ),
    Yielding(
        KindName.SUPPORT_TRACKING,
        Confidence.HIGH,
        frozenset({KindName.BUILD_FAILURE, KindName.THREAD_SAFETY_DOCS}),
        Confidence.MEDIUM,
        "Support is what every thread wants; these say what this one is about.",
    ),
    Yielding(
        KindName.SUPPORT_TRACKING,
        Confidence.HIGH,
        frozenset({KindName.CI}),
        Confidence.HIGH,
        "As above, when the title says it.",
    ),
    Yielding(
        KindName.SUPPORT_TRACKING,
        Confidence.MEDIUM,
        _ALL
        - {
            KindName.SUPPORT_TRACKING,
            KindName.CI,
            KindName.BUILD_FAILURE,
            KindName.THREAD_SAFETY_DOCS,
        },
        Confidence.MEDIUM,
        "As above, for weaker signs of support.",
    ),
    Yielding(
        KindName.SUPPORT_TRACKING, Confidence.LOW, _ALL - {KindName.SUPPORT_TRACKING}, Confidence.LOW, "A last resort."
    ),
    Yielding(
        KindName.CI,
        Confidence.MEDIUM,
        frozenset(
            {
                KindName.GIL_REENABLED,
                KindName.SUPPORT_TRACKING,
                KindName.MISSING_WHEEL,
                KindName.DATA_RACE,
                KindName.TEST_FAILURE,
                KindName.BUILD_FAILURE,
            }
        ),
        Confidence.HIGH,
        "Most work comes with a line for CI.",
    ),
    Yielding(
        KindName.MISSING_WHEEL,
        Confidence.MEDIUM,
        frozenset({KindName.CRASH, KindName.GIL_REENABLED}),
        Confidence.HIGH,
        "The wheel is there and does harm.",
    ),
    Yielding(
        KindName.MISSING_WHEEL,
        Confidence.MEDIUM,
        frozenset({KindName.QUESTION}),
        Confidence.MEDIUM,
        "What is asked is another thing.",
    ),
    Yielding(
        KindName.MISSING_WHEEL,
        Confidence.LOW,
        _ALL - {KindName.MISSING_WHEEL},
        Confidence.LOW,
        "Wheels are mentioned everywhere.",
    ),
    Yielding(
        KindName.QUESTION,
        Confidence.HIGH,
        frozenset({KindName.THREAD_SAFETY_DOCS}),
        Confidence.HIGH,
        "The document is to answer it.",
    ),
    Yielding(
        KindName.QUESTION,
        Confidence.HIGH,
        frozenset({KindName.BUILD_FAILURE}),
        Confidence.HIGH,
        "Who shows a failed build reports it, whatever mark the title ends with.",
    ),
    Yielding(
        KindName.QUESTION,
        Confidence.LOW,
        _ALL - {KindName.QUESTION, KindName.GIL_REENABLED, KindName.PERFORMANCE},
        Confidence.MEDIUM,
        "Most reports end in a question; on a warning or a measurement it is the point.",
    ),
    Yielding(
        KindName.DATA_RACE,
        Confidence.MEDIUM,
        frozenset({KindName.DEADLOCK, KindName.PERFORMANCE}),
        Confidence.MEDIUM,
        "A lock, or state that is shared, is the means; these are the end.",
    ),
    Yielding(
        KindName.DATA_RACE, Confidence.LOW, _ALL - {KindName.DATA_RACE}, Confidence.LOW, "A last resort in CPython."
    ),
    Yielding(
        KindName.PERFORMANCE,
        Confidence.MEDIUM,
        frozenset({KindName.MISSING_WHEEL}),
        Confidence.HIGH,
        "Building from source takes long: that is why wheels are wanted.",
    ),
    Yielding(
        KindName.PERFORMANCE,
        Confidence.LOW,
        _ALL - {KindName.PERFORMANCE},
        Confidence.MEDIUM,
        "Speed is mentioned everywhere.",
    ),
)
"""Applied in this order; a kind that was dropped no longer counts."""
