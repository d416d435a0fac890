import pytest

from bot.core.classify.classify import classify
from bot.core.classify.thread import Confidence, Thread
from tests.core.triage.threads import issue, pull

ABOUT = [
    issue("Support 3.14t"),
    issue("Nothing works in Python without the GIL"),
    issue("Segfault", "This happens on the free-threaded build of 3.14"),
    issue("Segfault", "It came up. Then I tried it with 3.14t and it was worse. The free-threaded build has no locks"),
    issue("A warning", "The global interpreter lock (GIL) has been enabled to load module 'spam'"),
    issue("Run tests on Python 3.14 with free threads"),
    pull("Run pytest-run-parallel over the suite"),
    pull("Replace the lock in the type cache", "The free-threaded build spins here", "python/cpython"),
    pull("Release LOCK_KEYS() before calling back", "", "python/cpython"),
    issue("Dead-lock", "It hangs", "spam/gilectomy"),
    issue("Ship both free-threaded and non-free-threaded wheels"),
    issue("No wheels for some builds", "There are no wheels for cp314t"),
    issue("Works with nogil"),
    issue("3.14t is chosen where the GIL version was asked for"),
    pull("Mark the extension as requiring the GIL"),
    pull("Update the wheel builds", "This turns on the free-threaded ones"),
    issue("Crash on FT", repo="python/cpython"),
    issue("Extend prange for freethreading", "with nogil: pass"),
    issue("Publish wheels for both free-threaded and GIL-enabled builds"),
    pull("Bump pyo3 to 0.28", "It also marks our module as free-threading compatible"),
    issue(
        "Race in the shape cache",
        "```\nWARNING: ThreadSanitizer: data race (pid=4)\n#0 spam.cpython-314t-darwin.so\n```",
    ),
    issue(
        "Race in the allocator",
        "> WARNING: ThreadSanitizer: data race (pid=4)\n> #3 update_refs gc_free_threading.c:441",
    ),
]

NOT_ABOUT = [
    issue("Python 3.13 wheels (non free-threaded) are missing", "Only cp313t is on PyPI"),
    issue("Please build a Windows ARM64 non-free-threaded wheel"),
    issue("Missing wheels for Python 3.14", "pip builds from source"),
    issue("Missing cp314 wheel for aarch64", "PyPI has no such wheel, only cp314t ones"),
    pull("Build wheels for Python 3.15", "We can't do abi3t wheels yet"),
    pull("Build wheels for Python 3.14", 'skip = "cp31?t-*"'),
    issue("Python 3.14 binaries", "Is anything holding it back? They are on PyPI now (including free-threaded ones)"),
    issue("A loop is slow", "with nogil:\n    for i in prange(n, nogil=True): pass"),
    pull("Release the GIL in read()", "Other threads run while it waits"),
    issue("ThreadSanitizer: data race in the connection pool", "WARNING: ThreadSanitizer: data race (pid=2)"),
    issue("Thread pool has no free threads available"),
    pull("Make the client thread-safe"),
    issue("Deadlock between the GIL and a mutex", "PyGILState_Ensure() never returns"),
    issue("Fix deadlock", "A customer saw it. We push for threads, with free-threaded Python on the horizon"),
    issue("`thread-unsafe` failures are hard to spot", "a marker", "org/pytest-run-parallel"),
    issue("Talk: the free-threaded build"),
    issue("Outline", "What free-threaded Python means", "spam/talks"),
    issue("Free-threaded apartments", "CoInitializeEx() fails"),
    pull("README: no-GIL parallelism", "The work is done in Rust, which releases the GIL"),
    pull("Bump maturin from 1.8 to 1.9", "Release notes: better support for free-threaded builds. Dependabot"),
    issue("Only free-threaded wheels are on PyPI", "The regular ones are missing"),
    pull("cython: mark the loops nogil"),
    pull("[3.11] gh-100: Fix a deadlock", "The free-threaded build has it too", "python/cpython"),
    pull("Build abi3 wheels", "It cuts their number. Free-threaded builds need their own"),
    pull("Build wheels for 3.14 (not free-threaded)"),
    pull("Build wheels for 3.14 (but no free-threading)"),
    pull("[CI] Pin Python 3.13.3", "The installer of 3.13.4 turned the free-threaded build on"),
    pull("README: tell what is cached", "Free-threaded interpreters are not supported yet"),
    issue("Race in the pool", "```\nWARNING: ThreadSanitizer: data race (pid=4)\n#0 spam.cpython-314-darwin.so\n```"),
    issue("Kerning is off with FT 2.13"),
    issue("", None),
]


@pytest.mark.parametrize("thread", ABOUT, ids=lambda thread: f"{thread.title} {str(thread.body)[:40]}")
def test_the_gate_opens_for(thread: Thread) -> None:
    said = classify(thread)
    assert said.free_threading
    assert said.reasons[0].about == "free-threading"


@pytest.mark.parametrize("thread", NOT_ABOUT, ids=lambda thread: f"{thread.title} {str(thread.body)[:40]}")
def test_the_gate_stays_shut_for(thread: Thread) -> None:
    said = classify(thread)
    assert (said.free_threading, said.kinds) == (False, ())


def test_a_title_is_sure_and_an_aside_is_not() -> None:
    assert classify(issue("Support 3.14t")).confidence is Confidence.HIGH
    assert classify(issue("Segfault", "This is the free-threaded build")).confidence is Confidence.MEDIUM
    assert classify(issue("Segfault", "It dies. This is the free-threaded build")).confidence is Confidence.LOW


def test_a_release_of_python_beside_the_gil_is_as_good_as_a_name() -> None:
    assert classify(issue("Segfault with 3.14 no-GIL")).confidence is Confidence.HIGH
    assert classify(issue("Segfault with no-GIL Python spam")).confidence is Confidence.HIGH
    assert classify(issue("Segfault with no GIL")).confidence is Confidence.MEDIUM


def test_a_refusal_quotes_the_words_that_refuse() -> None:
    said = classify(issue("Where are the non-free-threaded wheels"))
    assert said.reasons[0].evidence == "non-free-threaded"


def test_an_html_comment_says_nothing() -> None:
    assert not classify(issue("Segfault", "<!-- Do you use a free-threaded build? -->\nIt dies")).free_threading


def test_a_comment_that_is_never_closed_is_read() -> None:
    assert classify(issue("Segfault", "<!-- This is the free-threaded build")).free_threading
