"""The thread is about a process that dies."""

from bot.core.classify.rules.rule import Rule, Where
from bot.core.classify.thread import Confidence, KindName

RULES: tuple[Rule, ...] = (
    Rule(
        id="crash-title",
        kind=KindName.CRASH,
        confidence=Confidence.HIGH,
        where=Where.TITLE,
        needs="crash",
        unless="deadlock doc-prefix",
        why="A crash in the title.",
        example="Segfault in free-threaded Python",
    ),
    Rule(
        id="assertion-title",
        version=2,
        kind=KindName.CRASH,
        confidence=Confidence.HIGH,
        where=Where.TITLE,
        needs="assertion fail",
        unless="test-id race",
        why="An assertion of the interpreter that fails ends the process.",
        example="Assertion `refcnt > 0' failed in the free-threaded build",
    ),
    Rule(
        id="crash-log",
        kind=KindName.CRASH,
        confidence=Confidence.HIGH,
        where=Where.ANY,
        needs="crash-log",
        why="A line that a dying process, a shell or a debugger prints.",
        example="Then it prints Fatal Python error: Aborted",
    ),
    Rule(
        id="crash-opening",
        kind=KindName.CRASH,
        confidence=Confidence.MEDIUM,
        where=Where.OPENING,
        needs="crash-strong",
        is_pr=False,
        why="The report opens with a crash.",
        example="Two threads that append to one list crash",
    ),
    Rule(
        id="crash-observed",
        kind=KindName.CRASH,
        confidence=Confidence.MEDIUM,
        where=Where.BODY,
        needs="crash-strong observe",
        is_pr=False,
        why="The reporter saw a crash.",
        example="I run four threads. Sometimes I get a segfault",
    ),
)
