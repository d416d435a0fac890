"""Every rule there is, one module a kind.

The order inside a kind decides between rules that are equally sure; the order of the kinds plays no part.
"""

from bot.core.classify.rules import (
    abi3t,
    build_failure,
    ci,
    crash,
    data_race,
    deadlock,
    gil_reenabled,
    missing_wheel,
    performance,
    question,
    support_tracking,
    test_failure,
    thread_safety_docs,
)
from bot.core.classify.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *abi3t.RULES,
    *build_failure.RULES,
    *ci.RULES,
    *crash.RULES,
    *data_race.RULES,
    *deadlock.RULES,
    *gil_reenabled.RULES,
    *missing_wheel.RULES,
    *performance.RULES,
    *question.RULES,
    *support_tracking.RULES,
    *test_failure.RULES,
    *thread_safety_docs.RULES,
)
