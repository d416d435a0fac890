"""Whether a thread is about free-threaded Python at all.

The title decides if it can. A body alone must say more: it opens with free-threading, comes back to it, or quotes the
interpreter. An aside is not enough, nor is a word that other projects use too (`nogil` in Cython, "thread-safe"
anywhere).
"""

from dataclasses import dataclass

from bot.core.triage.reading import Clause, Part, Reading
from bot.core.triage.thread import Confidence

_STRONG = frozenset({"ft", "t-tag", "ft-mark"})
_LOOSE = frozenset({"ft-loose", "re-enable"})
_NOT_MEANT = frozenset({"non-ft", "skip-tag", "aside"})
_OWN_TOPIC = frozenset({"wheel", "doc"})
_FIRM = frozenset({"ft-build", "ft-mark", "t-tag"})
_LACKING = (frozenset({"lack"}), frozenset({"wheel"}), frozenset({"t-tag", "ft-word"}))


@dataclass(frozen=True, slots=True)
class Gate:
    """The decision, how sure it is, and the words that say so (empty where nothing says so)."""

    free_threading: bool
    confidence: Confidence
    evidence: str


def decide(reading: Reading) -> Gate:
    """Tell whether the thread is about free-threading, for the rules that follow and for people."""
    return _by_name(reading) or _by_title(reading) or _by_body(reading)


def _by_name(reading: Reading) -> Gate | None:
    if "ft-repo" in reading.in_text:
        return Gate(free_threading=True, confidence=Confidence.HIGH, evidence=reading.repo[:120].strip())
    return None


def _by_title(reading: Reading) -> Gate | None:
    terms = reading.in_title
    title = next(clause for clause in reading.clauses if clause.part is Part.TITLE)
    if "non-ft" in terms and "ft" not in terms:
        return Gate(free_threading=False, confidence=Confidence.HIGH, evidence=title.excerpt(["non-ft"]))
    if not terms.isdisjoint(_STRONG):
        return _yes(Confidence.HIGH, title, _STRONG)
    if {"free-threads", "python-release"} <= terms:
        return _yes(Confidence.MEDIUM, title, frozenset({"free-threads"}))
    if "run-parallel" in terms and "tests-threads" not in reading.in_text:
        return _yes(Confidence.MEDIUM, title, frozenset({"run-parallel"}))
    if not terms.isdisjoint(_LOOSE) and "nogil-code" not in reading.in_text:
        return _yes(Confidence.MEDIUM, title, _LOOSE)
    if "cpython" in reading.in_text and "ft-internals" in terms:
        return _yes(Confidence.MEDIUM, title, frozenset({"ft-internals"}))
    return None


def _by_body(reading: Reading) -> Gate:
    words = _STRONG if "nogil-code" in reading.in_text else _STRONG | {"ft-loose"}
    body = [clause for clause in reading.clauses if clause.part in (Part.OPENING, Part.BODY)]
    for clause in body:
        if "gil-warning" in clause.terms:
            return _yes(Confidence.HIGH, clause, frozenset({"gil-warning"}))
    meant = [clause for clause in body if clause.has(words) and not clause.has(_NOT_MEANT)]
    if not reading.in_title.isdisjoint(_OWN_TOPIC) and "thread-safe" not in reading.in_title:
        plain = "python-release" in reading.in_title  # the wheels asked for are another build's
        meant = [clause for clause in meant if not plain and all(map(clause.has, _LACKING))]
        return _yes(Confidence.LOW, meant[0], words) if meant else _no()
    if len(meant) > 1 or (meant and meant[0].part is Part.OPENING):
        return _yes(Confidence.MEDIUM, meant[0], words)
    cpython = "cpython" in reading.in_text
    if meant and (cpython or not reading.in_text.isdisjoint(_FIRM)):
        return _yes(Confidence.LOW, meant[0], words)
    inside = [clause for clause in body if cpython and "ft-internals" in clause.terms]
    return _yes(Confidence.LOW, inside[0], frozenset({"ft-internals"})) if inside else _no()


def _yes(confidence: Confidence, clause: Clause, terms: frozenset[str]) -> Gate:
    found = min((term for term in terms if term in clause.terms), key=lambda term: (clause.terms[term], term))
    return Gate(free_threading=True, confidence=confidence, evidence=clause.excerpt([found]))


def _no() -> Gate:
    return Gate(free_threading=False, confidence=Confidence.LOW, evidence="")
