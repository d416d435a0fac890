import pytest

from bot.core.classify.classify import classify
from bot.core.classify.thread import Thread
from bot.core.triage.evaluation import would_say
from tests.core.triage.threads import issue, pull


@pytest.mark.parametrize(
    ("thread", "says"),
    [
        (issue("Publish wheels for 3.14t"), ("wheels of spam, if its newest release has some",)),
        (issue("Importing spam re-enables the GIL on 3.14t"), ("what a wheel of spam declares, if one was read",)),
        (issue("Segfault on the free-threaded build", "It dies."), ("what the report lacks",)),
        (issue("Support free-threaded Python"), ()),
        (pull("Publish wheels for 3.14t"), ()),
        (issue("Data race in the cache on 3.14t"), ("what the report lacks",)),
        (issue("Data race in the cache on 3.14t", "Reproducer: eight threads, one get()"), ()),
        (issue("Segfault on the free-threaded build", "```\n(gdb) bt\n#1 0x7f33 in spam ()\n```\npython -m spam"), ()),
        (issue("Use a lock for the cache on 3.14t"), ()),
        (issue("When will free-threaded Python be supported?"), ("wheels of spam, if its newest release has some",)),
        (issue("Is free-threaded Python faster?"), ()),
        (issue("Is a 3.14t wheel built?", repo="org/maturin"), ()),
        (issue("Fix a typo"), ()),
    ],
)
def test_a_comment_stands_where_it_helps_by_itself(thread: Thread, says: tuple[str, ...]) -> None:
    found = would_say(thread, classify(thread))
    assert (found.says, found.stands) == (says, bool(says))
