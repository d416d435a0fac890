import json
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from bot.core.classify.labelled import LabelledThread, parse_labelled
from bot.core.classify.scores import Hits, classified, count_openers, mistakes, scores


def labelled(
    title: str, kinds: str, *, repo: str = "spam/spam", packages: Iterable[str] = (), body: str = ""
) -> LabelledThread:
    labels = {"kind": kinds.split(), "packages": [*packages]}
    return parse_labelled(json.dumps({"repo": repo, "number": 7, "title": title, "body": body, "labels": labels}))


THREADS = (
    labelled("Segfault on 3.14t", "crash", packages=["spam"]),
    labelled("Deadlock on 3.14t", "crash", packages=["eggs"], repo="org/ham"),
    labelled("Talk: free-threaded Python", "not-free-threading", repo="org/ham"),
    labelled("Release the GIL", "question", repo="org/eggs"),
)


def first(number: int) -> list[int]:
    return [0] * number


def test_a_score_counts_what_is_right_wrong_and_missed() -> None:
    found = {score.name: score for score in scores(THREADS, classified(THREADS), first)}
    assert found["gate"].hits == Hits(2, 0, 1)
    assert found["topic label"].hits == Hits(2, 0, 1)
    assert found["all kinds"].hits == Hits(1, 1, 2)
    assert found["crash"].hits == Hits(1, 0, 1)
    assert found["deadlock"].hits == Hits(0, 1, 0)
    assert found["packages"].hits == Hits(1, 2, 1)  # of what is about free-threading
    assert found["abi3t"].precision is None
    assert found["crash"].hits.f1 == 2 / 3


def test_an_interval_is_of_draws_of_repositories() -> None:
    gate = scores(THREADS, classified(THREADS), first)[0]
    assert gate.recall is not None
    assert (gate.recall.low, gate.recall.high) == (1.0, 1.0)  # of the first repository alone, all is right


def test_a_mistake_has_the_words_that_led_to_it() -> None:
    told = {
        (each.thread.title, each.about, each.value, each.wrong): each for each in mistakes(THREADS, classified(THREADS))
    }
    wrong = told["Deadlock on 3.14t", "kind", "deadlock", True]
    assert (wrong.words, wrong.rule, wrong.confidence) == ("Deadlock", "deadlock-title", "high")
    assert told["Deadlock on 3.14t", "kind", "crash", False].words == ""
    assert told["Release the GIL", "gate", "free-threading", False].rule == ""
    assert told["Deadlock on 3.14t", "package", "ham", True].words == "org/ham"


def test_phrases_are_counted_where_they_decide() -> None:
    counts = {each.phrase: (each.right, each.wrong) for each in count_openers(THREADS)}
    assert counts == {"3.14t": (2, 0), "free threaded": (0, 1)}
    aside = labelled("Segfault on 3.14t", "crash", body="The free-threaded build dies.")
    assert "free threaded" not in {each.phrase for each in count_openers([aside])}


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_shares_are_between_none_and_all(right: int, wrong: int, missed: int) -> None:
    hits = Hits(right, wrong, missed)
    for share in (hits.precision, hits.recall, hits.f1):
        assert share is None or 0 <= share <= 1
    assert (hits.f1 is None) is (right + wrong + missed == 0)
