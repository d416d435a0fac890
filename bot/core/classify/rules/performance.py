"""The thread is about how fast free-threaded builds are, or how they scale."""

from bot.core.classify.rules.rule import Rule, Where
from bot.core.classify.thread import Confidence, KindName

RULES: tuple[Rule, ...] = (
    Rule(
        id="speed-title",
        kind=KindName.PERFORMANCE,
        confidence=Confidence.HIGH,
        where=Where.TITLE,
        needs="slow-strong",
        why="Slowness, scaling, contention or overhead in the title.",
        example="Poor scaling with free-threaded Python",
    ),
    Rule(
        id="cost-title",
        version=2,
        kind=KindName.PERFORMANCE,
        confidence=Confidence.MEDIUM,
        where=Where.TITLE,
        needs="slow|deferred",
        unless="doc ci test crash deadlock",
        why="A cost, or a cure for one such as deferred reference counting, in the title.",
        example="Use deferred reference counting for functions",
    ),
    Rule(
        id="speed-told",
        kind=KindName.PERFORMANCE,
        confidence=Confidence.MEDIUM,
        where=Where.ANY,
        needs="perf-clause ft|t-tag",
        why="One sentence speaks of the speed of the free-threaded build.",
        example="The free-threaded build is three times slower",
    ),
    Rule(
        id="speed-opening",
        kind=KindName.PERFORMANCE,
        confidence=Confidence.MEDIUM,
        where=Where.OPENING,
        needs="perf-clause",
        unless="build-fails crash-strong deadlock wheel support-title tracking-title",
        why="The text opens with speed.",
        example="Reduces contention between readers",
    ),
    Rule(
        id="speed-mentioned",
        kind=KindName.PERFORMANCE,
        confidence=Confidence.LOW,
        where=Where.ANY,
        needs="slow-strong",
        why="Speed is spoken of somewhere.",
        example="A mutex has less overhead here",
    ),
)
