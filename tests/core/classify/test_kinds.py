import pytest

from bot.core.classify import calibration
from bot.core.classify.classify import classify
from bot.core.classify.gate import gate_of
from bot.core.classify.kinds import find_kinds, matches
from bot.core.classify.rules.rule import Rule, Where
from bot.core.classify.rules.ruleset import RULES
from bot.core.classify.rules.yielding import YIELDING
from bot.core.classify.text.clauses import read
from bot.core.classify.thread import Confidence, KindName, Thread
from tests.core.triage.threads import issue, pull

TITLES = [
    (KindName.MISSING_WHEEL, issue("Please publish free-threaded wheels")),
    (KindName.MISSING_WHEEL, issue("No wheels for 3.13t on macOS")),
    (KindName.MISSING_WHEEL, pull("Enable free-threaded builds in cibuildwheel")),
    (KindName.MISSING_WHEEL, pull("Leave 3.13t out of the wheel builds")),
    (KindName.MISSING_WHEEL, issue("Release binaries for the GIL-less build of 3.14")),
    (KindName.GIL_REENABLED, issue("Importing spam in Python enables the GIL")),
    (KindName.GIL_REENABLED, pull("Set Py_MOD_GIL_NOT_USED in the extension module")),
    (KindName.GIL_REENABLED, pull("Mark the extension as free-threading compatible")),
    (KindName.GIL_REENABLED, pull("feat(python): gil_used = false")),
    (KindName.GIL_REENABLED, issue("spam is not marked as free-threading safe")),
    (KindName.BUILD_FAILURE, issue("Build fails with Python 3.13t")),
    (KindName.BUILD_FAILURE, issue("pip install fails on free-threaded Python 3.14")),
    (KindName.BUILD_FAILURE, pull("Disable limited API on free-threaded builds")),
    (KindName.BUILD_FAILURE, issue("Undefined symbol _PyThreadState_UncheckedGet on python3.13t")),
    (KindName.CRASH, issue("heap-use-after-free in list.sort (free-threading)")),
    (KindName.CRASH, issue("Assertion `ob_ref_local == 0' failed in free-threaded build")),
    (KindName.CRASH, pull("Fix crash in the free-threaded build when a set is cleared")),
    (KindName.DATA_RACE, issue("TSan reports a race in the encoder with free threading")),
    (KindName.DATA_RACE, issue("deque is not thread-safe in the free-threaded build")),
    (KindName.DATA_RACE, pull("Use atomics for the flag on free-threaded builds")),
    (KindName.DATA_RACE, issue("RuntimeError: dictionary changed size during iteration on 3.13t")),
    (KindName.DEADLOCK, issue("Program hangs at exit on 3.13t")),
    (KindName.DEADLOCK, issue("Pool never returns under free-threaded Python")),
    (KindName.PERFORMANCE, issue("Free-threaded Python 40% slower than the GIL build")),
    (KindName.PERFORMANCE, pull("Reduce contention on the type lock in the free-threaded build")),
    (KindName.CI, pull("Add 3.13t to CI")),
    (KindName.CI, pull("tox: add py313t environment")),
    (KindName.CI, issue("Test with the free-threaded build in CI")),
    (KindName.TEST_FAILURE, issue("test_spam fails on free-threaded build")),
    (KindName.TEST_FAILURE, pull("TST: xfail test for nogil")),
    (KindName.TEST_FAILURE, pull("Skip tests that need the GIL on free-threaded builds")),
    (KindName.THREAD_SAFETY_DOCS, pull("DOC: Add free-threading page")),
    (KindName.THREAD_SAFETY_DOCS, pull("Add a note on thread safety under free-threading")),
    (KindName.ABI3T, pull("Build abi3t wheels for 3.15")),
    (KindName.ABI3T, issue("Limited API and free-threaded Python 3.15")),
    (KindName.QUESTION, issue("Does spam support free-threading?")),
    (KindName.QUESTION, issue("Any plans for nogil?")),
    (KindName.SUPPORT_TRACKING, issue("Tracking issue for free-threading")),
    (KindName.SUPPORT_TRACKING, pull("feat: support Python 3.14 free-threading")),
    (KindName.SUPPORT_TRACKING, issue("[FT] Tracking issue for Python 3.14")),
]

BODIES = [
    (
        KindName.GIL_REENABLED,
        issue(
            "Warning on import",
            "The global interpreter lock\n (GIL) has been\n enabled to load module 'spam._spam'",
        ),
    ),
    (KindName.CRASH, issue("Problem with 3.14t", "$ python3.14t go.py\nSegmentation fault (core dumped)")),
    (KindName.BUILD_FAILURE, issue("Problem with 3.14t", 'error: "The limited API is not currently supported in the')),
    (KindName.DATA_RACE, issue("Report for 3.14t", "WARNING: ThreadSanitizer: data race (pid=1)\n  Write of size 8")),
    (KindName.TEST_FAILURE, issue("Results for 3.14t", "FAILED tests/test_spam.py::test_eggs - AssertionError")),
]


@pytest.mark.parametrize(("kind", "thread"), TITLES, ids=[thread.title for _, thread in TITLES])
def test_a_title_names_its_kind_and_no_other(kind: KindName, thread: Thread) -> None:
    assert [found.kind for found in classify(thread).kinds] == [kind]


@pytest.mark.parametrize(("kind", "thread"), BODIES, ids=[kind.value for kind, _ in BODIES])
def test_what_a_program_printed_names_the_kind_for_sure(kind: KindName, thread: Thread) -> None:
    assert (kind, Confidence.HIGH) in [(found.kind, found.confidence) for found in classify(thread).kinds]


def _repository(rule: Rule) -> str:
    """Return the repository that a rule asks for, if it asks for one."""
    known = {"guide": "py-free-threading/free-threaded-compatibility", "cpython": "python/cpython"}
    known |= {"packager": "conda-forge/spam-feedstock", "tool": "pypa/cibuildwheel"}
    return next((repo for term, repo in known.items() if term in (rule.needs, rule.also)), "spam/spam")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_holds_for_its_own_example(rule: Rule) -> None:
    title = rule.example if rule.where is Where.TITLE else ""
    body = rule.example if not title else ""
    parsed = read(Thread(_repository(rule), 1, title, body, rule.is_pr is True))
    assert rule.id in [found.id for found, _ in matches(parsed)]


def test_every_rule_has_its_own_name_and_says_why() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.why and rule.example and rule.version >= 1 for rule in RULES)


def test_every_kind_has_a_rule() -> None:
    assert {rule.kind for rule in RULES} == set(KindName)


def test_no_kind_gives_way_to_itself() -> None:
    assert [yielding for yielding in YIELDING if yielding.kind in yielding.others] == []


def test_support_that_a_title_asks_for_outright_stands_beside_another_kind() -> None:
    thread = issue(
        "Support free-threaded Python",
        "The global interpreter lock (GIL) has been enabled to load module 'spam', which has not declared",
    )
    assert [(found.kind, found.confidence) for found in classify(thread).kinds] == [
        (KindName.GIL_REENABLED, Confidence.HIGH),
        (KindName.SUPPORT_TRACKING, Confidence.HIGH),
    ]


def test_a_declaration_told_of_under_another_title_is_not_sure() -> None:
    thread = issue("Publish free-threaded wheels", "Declare the module safe to run without the GIL first")
    assert (KindName.GIL_REENABLED, Confidence.MEDIUM) in [
        (found.kind, found.confidence) for found in classify(thread).kinds
    ]


def test_a_failed_build_that_is_spoken_of_is_not_what_a_tracking_issue_is_about() -> None:
    thread = issue("Tracking issue for free-threading", "It fails to build on Windows")
    assert [found.kind for found in classify(thread).kinds] == [KindName.SUPPORT_TRACKING]


def test_what_a_test_is_called_is_not_what_happens_in_it() -> None:
    assert [found.kind for found in classify(issue("test_stack_overflow fails on 3.14t")).kinds] == [
        KindName.TEST_FAILURE
    ]
    assert classify(issue("Fix test_free_threading")).free_threading


def test_a_test_that_hangs_is_the_subject_only_where_it_comes_first() -> None:
    first, last = issue("test_spam hangs on 3.14t"), issue("Deadlock on 3.14t, seen in test_spam")
    assert KindName.TEST_FAILURE in {found.kind for found in classify(first).kinds}
    assert KindName.TEST_FAILURE not in {found.kind for found in classify(last).kinds}


def test_a_lock_is_the_means_and_a_hang_the_end() -> None:
    thread = pull("Do not hold the lock on 3.14t while calling back", "It deadlocks otherwise")
    assert [found.kind for found in classify(thread).kinds] == [KindName.DEADLOCK]


def test_a_pull_request_asks_nothing() -> None:
    assert KindName.QUESTION not in {kind.kind for kind in classify(pull("Is free-threading on the way?")).kinds}


def test_what_is_changed_in_the_guide_is_its_text() -> None:
    repo = "org/free-threaded-compatibility"
    changed = pull("Rephrase the second paragraph", "It is hard to read", repo)
    assert [found.kind for found in classify(changed).kinds] == [KindName.THREAD_SAFETY_DOCS]
    asked = issue("Where are the images?", "There are none", repo)
    assert [found.kind for found in classify(asked).kinds] == [KindName.QUESTION]


def test_a_list_to_tick_off_is_a_tracking_issue_unless_all_is_ticked() -> None:
    listed = issue("Free-threading", "- [ ] audit the caches\n- [x] publish")
    assert [(found.kind, found.rule) for found in classify(listed).kinds] == [(KindName.SUPPORT_TRACKING, "checklist")]
    ticked = issue("Crash on 3.14t", "- [x] I have searched for it")
    assert [found.kind for found in classify(ticked).kinds] == [KindName.CRASH]


def test_what_a_packaging_tool_makes_is_not_missing_from_a_release() -> None:
    title = "Build free-threaded wheels on riscv64"
    assert [found.kind for found in classify(issue(title)).kinds] == [KindName.MISSING_WHEEL]
    assert KindName.MISSING_WHEEL not in {found.kind for found in classify(issue(title, repo="org/maturin")).kinds}


def test_wheels_that_are_tested_are_a_job_as_well() -> None:
    kinds = {found.kind for found in classify(pull("Test and publish 3.14t wheels")).kinds}
    assert kinds == {KindName.CI, KindName.MISSING_WHEEL}


def test_a_build_named_beside_the_other_is_asked_for() -> None:
    thread = issue("Publish wheels for both free-threaded and regular GIL builds")
    assert [found.kind for found in classify(thread).kinds] == [KindName.MISSING_WHEEL]


def test_the_surest_kind_comes_first_and_tells_its_rule() -> None:
    kinds = classify(issue("Segfault on 3.14t", "How can I help? Two threads crash")).kinds
    assert (kinds[0].kind, kinds[0].rule, kinds[0].version) == (KindName.CRASH, "crash-title", 1)
    assert kinds[0].evidence == "Segfault"


def test_kinds_are_found_only_behind_the_gate() -> None:
    parsed = read(issue("Segfault on Python 3.12", "Segmentation fault"))
    assert not gate_of(parsed).free_threading
    assert find_kinds(parsed, Confidence.HIGH)
    assert classify(issue("Segfault on Python 3.12", "Segmentation fault")).kinds == ()


def test_no_kind_is_surer_than_that_the_thread_is_about_free_threading() -> None:
    parsed = read(issue("Deadlock at exit of the free-threaded build"))
    assert [kind.confidence for kind in find_kinds(parsed, Confidence.HIGH)] == [Confidence.HIGH]
    assert [kind.confidence for kind in find_kinds(parsed, Confidence.MEDIUM)] == [Confidence.HIGH]
    assert [kind.confidence for kind in find_kinds(parsed, Confidence.LOW)] == [Confidence.MEDIUM]


def test_no_kind_is_surer_than_its_rule_states_where_the_gate_is_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "RULES", {"bare-title": (30, 0)})
    parsed = read(issue("Free-threaded Python"))
    assert [kind.confidence for kind in find_kinds(parsed, Confidence.HIGH)] == [Confidence.HIGH]
    assert [kind.confidence for kind in find_kinds(parsed, Confidence.MEDIUM)] == [Confidence.LOW]
