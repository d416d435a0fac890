import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.classify.labelled import LabelledThreadError, is_held_out, parse_labelled, part_of

LINE = {"repo": "spam/spam", "number": 1, "title": "Wheels", "labels": {"kind": ["missing-wheel"]}}


def test_a_line_may_leave_out_what_is_not_labelled() -> None:
    thread = parse_labelled(json.dumps(LINE))
    assert (thread.kinds, thread.is_about, thread.labels.packages) == (frozenset({"missing-wheel"}), True, None)
    assert (thread.thread.body, thread.thread.is_pr) == (None, False)
    other = parse_labelled(json.dumps({**LINE, "labels": {"kind": ["not-free-threading"]}, "why": "a talk"}))
    assert (other.kinds, other.is_about) == (frozenset(), False)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "truncated"),
        (json.dumps({**LINE, "labels": None}), "labels"),
        (json.dumps({**LINE, "labels": {"kind": ["crush"]}}), "There is no kind 'crush'"),
        ("[" * 100_000, "."),
        (b"\xff", "."),
    ],
)
def test_what_is_no_labelled_thread_is_refused(line: str | bytes, what: str) -> None:
    with pytest.raises(LabelledThreadError, match=what):
        parse_labelled(line)


@given(st.text(st.characters(), min_size=1))
def test_a_repository_is_held_out_whatever_its_letters_case(repo: str) -> None:
    assert is_held_out(repo.upper().lower()) is is_held_out(repo.upper())


def test_about_a_third_of_the_repositories_is_held_out() -> None:
    names = [f"owner/{number}" for number in range(3_000)]
    assert 900 < sum(map(is_held_out, names)) < 1_100
    threads = [parse_labelled(json.dumps({**LINE, "repo": name})) for name in names[:50]]
    held, rest = part_of(threads, held_out=True), part_of(threads, held_out=False)
    assert sorted(each.repo for each in (*held, *rest)) == sorted(names[:50])
    assert all(is_held_out(each.repo) for each in held)
