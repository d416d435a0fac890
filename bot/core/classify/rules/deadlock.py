"""The thread is about threads that wait for ever."""

from bot.core.classify.rules.rule import Rule, Where
from bot.core.classify.thread import Confidence, KindName

RULES: tuple[Rule, ...] = (
    Rule(
        id="deadlock-title",
        version=2,
        kind=KindName.DEADLOCK,
        confidence=Confidence.HIGH,
        where=Where.TITLE,
        needs="deadlock|timeout",
        why="A deadlock, a hang or a time-out in the title.",
        example="Deadlock at exit in the free-threaded build",
    ),
    Rule(
        id="deadlock-opening",
        version=2,
        kind=KindName.DEADLOCK,
        confidence=Confidence.MEDIUM,
        where=Where.OPENING,
        needs="deadlock",
        why="The report opens with a hang.",
        example="With 3.14t the pool hangs when it is closed",
    ),
    Rule(
        id="deadlock-avoided",
        kind=KindName.DEADLOCK,
        confidence=Confidence.MEDIUM,
        where=Where.BODY,
        needs="deadlock avoid",
        unless="aside",
        absent="tsan-report crash-strong",
        is_pr=True,
        why="A change that says which hang it avoids: its title has the means.",
        example="Take no lock while the world is stopped. This avoids a deadlock",
    ),
)
