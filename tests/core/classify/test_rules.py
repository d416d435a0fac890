import importlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.core.classify.rules import deadlock
from bot.core.classify.rules.rule import Rule, UnknownTermError
from bot.core.classify.rules.ruleset import RULES
from bot.core.classify.text.terms import TERMS
from bot.core.classify.thread import KindName

HANG = next(rule for rule in RULES if rule.id == "deadlock-title")
EITHER: dict[str, Callable[[str], Rule]] = {
    "needs": lambda terms: replace(HANG, needs=terms),
    "also": lambda terms: replace(HANG, also=terms),
}
NEITHER: dict[str, Callable[[str], Rule]] = {
    "unless": lambda terms: replace(HANG, unless=terms),
    "absent": lambda terms: replace(HANG, absent=terms),
}
BOTH = {**EITHER, **NEITHER}


def _rules_of(kind: KindName) -> tuple[Rule, ...]:
    module = importlib.import_module(f"bot.core.classify.rules.{kind.replace('-', '_')}")
    found: tuple[Rule, ...] = module.RULES
    return found


@pytest.mark.parametrize("kind", KindName)
def test_a_kind_has_its_rules_in_the_module_of_its_name(kind: KindName) -> None:
    assert _rules_of(kind) == tuple(rule for rule in RULES if rule.kind == kind)


def test_a_module_with_a_term_that_the_vocabulary_lacks_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.core.classify.rules.rule.TERMS", TERMS - {"timeout"})
    with pytest.raises(UnknownTermError, match=r"deadlock-title .*: timeout$"):
        importlib.reload(deadlock)


@pytest.mark.parametrize("rule", BOTH.values(), ids=BOTH)
def test_a_misspelled_term_is_refused_wherever_a_rule_names_it(rule: Callable[[str], Rule]) -> None:
    with pytest.raises(UnknownTermError, match=r"deadlock-title .*: deadlok$"):
        rule("crash deadlok")


@pytest.mark.parametrize("rule", EITHER.values(), ids=EITHER)
def test_a_misspelled_alternative_is_refused(rule: Callable[[str], Rule]) -> None:
    with pytest.raises(UnknownTermError, match=r": deadlok$"):
        rule("deadlok|crash")


@pytest.mark.parametrize("rule", NEITHER.values(), ids=NEITHER)
def test_what_must_not_be_there_has_no_alternatives(rule: Callable[[str], Rule]) -> None:
    with pytest.raises(UnknownTermError, match=r": deadlock\|crash$"):
        rule("deadlock|crash")
