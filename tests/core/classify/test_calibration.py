import re
from itertools import chain

import pytest

from bot.core.classify import calibration, evidence
from bot.core.classify.calibration import calibrated, opener, opens_alone
from bot.core.classify.classify import classify
from bot.core.classify.gate import openers
from bot.core.classify.rules.ruleset import RULES
from bot.core.classify.text.clauses import read
from bot.core.classify.thread import Confidence, KindName
from tests.core.triage.threads import issue

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW
RACE = KindName.DATA_RACE


@pytest.mark.parametrize(
    ("stated", "right", "wrong", "said"),
    [
        (HIGH, 0, 0, HIGH),
        (HIGH, 20, 1, HIGH),
        (HIGH, 3, 2, MEDIUM),
        (HIGH, 1, 9, None),
        (MEDIUM, 0, 0, MEDIUM),
        (MEDIUM, 50, 0, MEDIUM),  # never surer than its rule, which was not seen itself
        (MEDIUM, 0, 1, LOW),
        (MEDIUM, 2, 10, None),
        (LOW, 0, 0, LOW),
        (LOW, 0, 3, None),
    ],
)
def test_a_kind_is_as_sure_as_it_was_right(
    monkeypatch: pytest.MonkeyPatch, stated: Confidence, right: int, wrong: int, said: Confidence | None
) -> None:
    monkeypatch.setattr(calibration, "KINDS", {(RACE, stated): (right, wrong)})
    assert calibrated(RACE, stated, "spam-title") is said


@pytest.mark.parametrize(
    ("stated", "right", "wrong", "said"),
    [
        (MEDIUM, 5, 0, MEDIUM),
        (MEDIUM, 7, 0, HIGH),  # seen often enough to speak for itself
        (LOW, 20, 0, HIGH),
        (LOW, 8, 3, MEDIUM),
        (HIGH, 0, 1, MEDIUM),
        (HIGH, 3, 6, LOW),
        (MEDIUM, 1, 6, None),
    ],
)
def test_a_rule_that_was_seen_speaks_for_itself(
    monkeypatch: pytest.MonkeyPatch, stated: Confidence, right: int, wrong: int, said: Confidence | None
) -> None:
    monkeypatch.setattr(calibration, "KINDS", {})
    monkeypatch.setattr(calibration, "RULES", {"spam-title": (right, wrong)})
    assert calibrated(RACE, stated, "spam-title") is said
    assert calibrated(RACE, stated, "eggs-title") is stated


def test_what_was_wrong_too_often_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    thread = issue("Data race on 3.14t")
    assert [(kind.kind, kind.confidence) for kind in classify(thread).kinds] == [(RACE, HIGH)]
    monkeypatch.setattr(calibration, "RULES", {})
    monkeypatch.setattr(calibration, "KINDS", {(RACE, HIGH): (3, 2)})
    assert [(kind.kind, kind.confidence) for kind in classify(thread).kinds] == [(RACE, MEDIUM)]
    monkeypatch.setattr(calibration, "KINDS", {(RACE, HIGH): (0, 9)})
    assert classify(thread).kinds == ()


@pytest.mark.parametrize(
    ("right", "wrong", "alone"), [(0, 0, False), (1, 0, False), (2, 0, True), (9, 1, True), (8, 1, False)]
)
def test_a_phrase_opens_alone_where_it_was_seen_and_hardly_erred(
    monkeypatch: pytest.MonkeyPatch, right: int, wrong: int, alone: bool
) -> None:
    monkeypatch.setattr(calibration, "GATE", {"gil free": (right, wrong)})
    assert opens_alone("gil free") is alone
    said = classify(issue("GIL-free spam"))
    assert (said.free_threading, said.confidence) == ((True, MEDIUM) if alone else (False, LOW))


def test_phrases_that_differ_in_a_noun_are_one() -> None:
    titles = ("No wheels for free thread Python", "Publish free thread wheels", "A free-thread build")
    assert {*chain(*(openers(read(issue(title))) for title in titles))} == {"free thread build"}
    titles = ("Run on nogil Python", "No-GIL build", "Support for no GIL")
    assert {*chain(*(openers(read(issue(title))) for title in titles))} >= {"no-GIL build"}


def test_ft_alone_opens_nothing_whatever_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "GATE", {"ft": (99, 0)})
    assert not classify(issue("Kerning is off with FT")).free_threading


def test_a_phrase_without_evidence_opens_in_company(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "GATE", {})
    assert not classify(issue("Free-threaded spam")).free_threading
    for title, body in (("Free-threaded spam for Python", ""), ("Free-threaded spam", "It is for 3.14t.")):
        assert classify(issue(title, body)).confidence is MEDIUM


@pytest.mark.parametrize(
    ("title", "term", "phrase"),
    [
        ("cp315t wheels", "t-tag", "3.14t"),
        ("Free-Threading", "ft-named", "free threading"),
        ("PYTHON_GIL=0", "gil-switch", "PYTHON_GIL"),
        ("Python 3.15 FT", "ft-short", "python 3.14 ft"),
    ],
)
def test_a_phrase_stands_for_its_spellings(title: str, term: str, phrase: str) -> None:
    assert opener(term, read(issue(title)).clauses[1]) == phrase


def test_the_counts_are_those_of_a_run() -> None:
    counted = re.search(r"(\d+) labelled threads", str(evidence.__doc__))
    assert counted is not None
    assert int(counted[1]) > 100
    assert all(right >= 0 <= wrong and right + wrong > 0 for right, wrong in evidence.GATE.values())
    assert all(right + wrong > 0 for right, wrong in evidence.KINDS.values())
    assert {kind for kind, _ in evidence.KINDS} == {*KindName}
    assert evidence.RULES.keys() <= {rule.id for rule in RULES}
