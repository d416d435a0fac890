"""What a thread is about: the rules applied, and what remains when kinds contradict each other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.core.classify.calibration import calibrated
from bot.core.classify.rules.rule import Rule, Where, all_terms, any_terms
from bot.core.classify.rules.ruleset import RULES
from bot.core.classify.rules.yielding import YIELDING
from bot.core.classify.text.clauses import Clause, ParsedThread, Part
from bot.core.classify.thread import Confidence, Kind, KindName

_RANK = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}
_PARTS: dict[Where, frozenset[Part]] = {
    Where.REPOSITORY: frozenset({Part.REPOSITORY}),
    Where.TITLE: frozenset({Part.TITLE}),
    Where.OPENING: frozenset({Part.OPENING}),
    Where.BODY: frozenset({Part.OPENING, Part.BODY}),
    Where.ANY: frozenset({Part.TITLE, Part.OPENING, Part.BODY}),
}


@dataclass(frozen=True, slots=True)
class _Test:
    """A rule, its terms taken apart once."""

    rule: Rule
    parts: frozenset[Part]
    needs: tuple[frozenset[str], ...]
    unless: frozenset[str]
    asked: tuple[frozenset[str], ...]
    absent: frozenset[str]


def stated_kinds(parsed: ParsedThread) -> tuple[Kind, ...]:
    """Name the kinds as surely as their rules state them, before anybody asks how often that was right."""
    best: dict[KindName, Kind] = {}
    for test, clause in matches(parsed):
        known = best.get(test.kind)
        if known is None or _RANK[test.confidence] < _RANK[known.confidence]:
            best[test.kind] = _kind(test, clause)
    _give_way(best)
    return tuple(best.values())


def find_kinds(parsed: ParsedThread, gate: Confidence) -> tuple[Kind, ...]:
    """Name a free-threading thread's kinds, the surest first, each with the rule and the words that it rests on.

    What a thread is about cannot be surer than that it is about it at all: under a gate that is `low` none is `high`,
    and only under one that is `high` any is surer than its rule states it.
    """
    kinds = [
        replace(kind, confidence=_bounded(confidence, kind.confidence, gate))
        for kind in stated_kinds(parsed)
        if (confidence := calibrated(kind.kind, kind.confidence, kind.rule)) is not None
    ]
    return tuple(sorted(kinds, key=lambda kind: (_RANK[kind.confidence], kind.kind)))


def _bounded(counted: Confidence, stated: Confidence, gate: Confidence) -> Confidence:
    if gate is Confidence.HIGH:
        return counted
    least = Confidence.MEDIUM if gate is Confidence.LOW else Confidence.HIGH
    return max(counted, stated, least, key=_RANK.__getitem__)


def matches(parsed: ParsedThread) -> Iterator[tuple[Rule, Clause]]:
    """Return every rule that holds, with the first clause in which it does."""
    for test in _candidates(parsed.in_text):
        if test.rule.is_pr not in (None, parsed.is_pr) or not test.absent.isdisjoint(parsed.in_text):
            continue
        if any(need.isdisjoint(parsed.in_text) for need in test.asked):
            continue
        for clause in parsed.clauses:
            if clause.part in test.parts and _holds(test, clause):
                yield test.rule, clause
                break


def _candidates(terms: frozenset[str]) -> list[_Test]:
    """Return the rules whose first need is met somewhere, in their own order; most need no second look."""
    return [_TESTS[number] for number in sorted({number for term in terms for number in _ASKING.get(term, ())})]


def _holds(test: _Test, clause: Clause) -> bool:
    return all(clause.has(need) for need in test.needs) and not clause.has(test.unless)


def _kind(rule: Rule, clause: Clause) -> Kind:
    """Name the kind, with the words of the clause that the rule asked for."""
    terms = [next(term for term in need.split("|") if term in clause.terms) for need in rule.needs.split()]
    return Kind(rule.kind, rule.confidence, clause.excerpt(terms), rule.id, rule.version)


def _give_way(best: dict[KindName, Kind]) -> None:
    """Drop the kinds that another one explains."""
    for yielding in YIELDING:
        found = best.get(yielding.kind)
        if found is None or _RANK[found.confidence] < _RANK[yielding.at_most]:
            continue
        if any(_RANK[best[other].confidence] <= _RANK[yielding.at_least] for other in yielding.others & best.keys()):
            del best[yielding.kind]


def _test(rule: Rule) -> _Test:
    needs = any_terms(rule.needs)
    return _Test(
        rule=rule,
        parts=_PARTS[rule.where],
        needs=needs,
        unless=all_terms(rule.unless),
        asked=(*needs[1:], *any_terms(rule.also)),
        absent=all_terms(rule.absent),
    )


def _asking() -> Mapping[str, tuple[int, ...]]:
    """Return the numbers of the rules whose first need a term meets."""
    asking: dict[str, list[int]] = {}
    for number, test in enumerate(_TESTS):
        for term in test.needs[0]:
            asking.setdefault(term, []).append(number)
    return MappingProxyType({term: tuple(numbers) for term, numbers in asking.items()})


_TESTS = tuple(_test(rule) for rule in RULES)
_ASKING = _asking()
