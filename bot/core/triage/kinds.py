"""What a thread is about: the rules applied, and what remains when kinds contradict each other."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.core.triage.reading import Clause, Part, Reading
from bot.core.triage.rules import RULES, YIELDING, Rule, Where
from bot.core.triage.thread import Confidence, Kind, KindName

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
    also: tuple[frozenset[str], ...]
    absent: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Found:
    kind: Kind
    in_title: bool
    proof: bool


def find_kinds(reading: Reading) -> tuple[Kind, ...]:
    """Name a free-threading thread's kinds, the surest first, each with the rule and the words that it rests on."""
    best: dict[KindName, _Found] = {}
    for test, clause in matches(reading):
        known = best.get(test.kind)
        if known is None or _RANK[test.confidence] < _RANK[known.kind.confidence]:
            best[test.kind] = _Found(_kind(test, clause), clause.part is Part.TITLE, test.proof)
    _give_way(best)
    kinds = [_softened(found, best) for found in best.values()]
    return tuple(sorted(kinds, key=lambda kind: (_RANK[kind.confidence], kind.kind)))


def matches(reading: Reading) -> Iterator[tuple[Rule, Clause]]:
    """Give every rule that holds, with the first clause in which it does."""
    for test in _TESTS:
        if test.rule.is_pr not in (None, reading.is_pr) or not test.absent.isdisjoint(reading.in_text):
            continue
        if any(need.isdisjoint(reading.in_text) for need in (*test.needs, *test.also)):
            continue
        for clause in reading.clauses:
            if clause.part in test.parts and _holds(test, clause):
                yield test.rule, clause
                break


def _holds(test: _Test, clause: Clause) -> bool:
    return all(clause.has(need) for need in test.needs) and not clause.has(test.unless)


def _kind(rule: Rule, clause: Clause) -> Kind:
    """Name the kind, with the words of the clause that the rule asked for."""
    terms = [next(term for term in need.split("|") if term in clause.terms) for need in rule.needs.split()]
    return Kind(rule.kind, rule.confidence, clause.excerpt(terms), rule.id, rule.version)


def _give_way(best: dict[KindName, _Found]) -> None:
    """Drop the kinds that another one explains."""
    for yielding in YIELDING:
        found = best.get(yielding.kind)
        if found is None or _RANK[found.kind.confidence] < _RANK[yielding.at_most]:
            continue
        if any(
            _RANK[best[other].kind.confidence] <= _RANK[yielding.at_least] for other in yielding.others & best.keys()
        ):
            del best[yielding.kind]


def _softened(found: _Found, best: dict[KindName, _Found]) -> Kind:
    """Lower two kinds by what stands beside them.

    A declaration that is only told of in the body, under a title that says something else, may be one step of many.
    Support is no longer sure as soon as anything else is found. What a program printed stays as sure as it is.
    """
    kind = found.kind
    if kind.confidence is not Confidence.HIGH or found.proof:
        return kind
    others = [other for other in best.values() if other is not found]
    told = not found.in_title and any(other.in_title and other.kind.confidence is Confidence.HIGH for other in others)
    if (told and kind.kind is KindName.GIL_REENABLED) or (kind.kind is KindName.SUPPORT_TRACKING and others):
        return replace(kind, confidence=Confidence.MEDIUM)
    return kind


def _test(rule: Rule) -> _Test:
    return _Test(
        rule=rule,
        parts=_PARTS[rule.where],
        needs=tuple(frozenset(need.split("|")) for need in rule.needs.split()),
        unless=frozenset(rule.unless.split()),
        also=tuple(frozenset(term.split("|")) for term in rule.also.split()),
        absent=frozenset(rule.absent.split()),
    )


_TESTS = tuple(_test(rule) for rule in RULES)
