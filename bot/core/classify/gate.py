"""Whether a thread is about free-threaded Python at all.

The title decides if it can. A body alone must say more: it opens with free-threading, comes back to it, or quotes the
interpreter. An aside is not enough, nor is a word that other projects use too (`nogil` in Cython, "thread-safe"
anywhere).
"""

from dataclasses import dataclass

from bot.core.classify.text.clauses import Clause, ParsedThread, Part
from bot.core.classify.thread import Confidence

VERSION = 2
"""Goes up whenever the gate's meaning changes, as a rule's does."""

_STRONG = frozenset({"ft", "t-tag", "ft-mark"})
_INSIDE = frozenset({"ft-internals", "ft-short"})
_LOOSE = frozenset({"ft-loose", "re-enable"})
_NOT_MEANT = frozenset({"non-ft", "skip-tag", "aside"})
_OWN_TOPIC = frozenset({"wheel", "doc", "stable-abi"})
_FIRM = frozenset({"ft-build", "ft-mark", "t-tag"})
_SURE = frozenset({"t-tag", "ft-mark", "ft-internals", "gil-warning", "re-enable"})
_LACKING = (frozenset({"lack"}), frozenset({"wheel"}), frozenset({"t-tag", "ft-word"}))


@dataclass(frozen=True, slots=True)
class Gate:
    """The decision, how sure it is, and the words that say so (empty where nothing says so)."""

    free_threading: bool
    confidence: Confidence
    evidence: str


def gate_of(parsed: ParsedThread) -> Gate:
    """Return whether the thread is about free-threading, for the rules that follow and for people."""
    return _by_name(parsed) or _of_others(parsed) or _by_title(parsed) or _by_body(parsed)


def _by_name(parsed: ParsedThread) -> Gate | None:
    if "ft-repo" in parsed.in_text:
        return Gate(free_threading=True, confidence=Confidence.HIGH, evidence=parsed.repo[:120].strip())
    return None


def _of_others(parsed: ParsedThread) -> Gate | None:
    """Refuse what shares the words: talks, other languages' free threads, and "no GIL" for code that releases it."""
    name, title = parsed.clauses[:2]
    for clause in (name, title):
        if "talk" in clause.terms:
            return Gate(free_threading=False, confidence=Confidence.LOW, evidence=clause.excerpt(["talk"]))
    if "old-branch" in title.terms:
        return _no()  # a backport to a Python that has no free-threaded build
    text = parsed.in_text
    if not text.isdisjoint(_SURE):
        return None
    if "foreign" in text and "python-word" not in text:
        return _no()
    released = "nogil-code" in text and text.isdisjoint({"ft-named", "nogil-used"})
    return _no() if released else None


def _by_title(parsed: ParsedThread) -> Gate | None:
    terms = parsed.in_title
    title = next(clause for clause in parsed.clauses if clause.part is Part.TITLE)
    if "non-ft" in terms and "ft" not in terms and ("t-tag" not in terms or "wheel" in terms):
        return Gate(free_threading=False, confidence=Confidence.HIGH, evidence=title.excerpt(["non-ft"]))
    if not terms.isdisjoint(_STRONG):
        return _yes(Confidence.HIGH, title, _STRONG)
    if {"free-threads", "python-release"} <= terms:
        return _yes(Confidence.MEDIUM, title, frozenset({"free-threads"}))
    if "run-parallel" in terms and "tests-threads" not in parsed.in_text:
        return _yes(Confidence.MEDIUM, title, frozenset({"run-parallel"}))
    if {"declare", "needs-gil"} <= terms:
        return _yes(Confidence.MEDIUM, title, frozenset({"needs-gil"}))
    plain = "nogil-used" in terms or ("nogil-code" not in parsed.in_text and "cython-word" not in terms)
    if plain and not terms.isdisjoint(_LOOSE):
        return _yes(Confidence.MEDIUM, title, _LOOSE)
    if "cpython" in parsed.in_text and not terms.isdisjoint(_INSIDE):
        return _yes(Confidence.MEDIUM, title, _INSIDE)
    return None


def _by_body(parsed: ParsedThread) -> Gate:
    words = _STRONG if "nogil-code" in parsed.in_text else _STRONG | {"ft-loose"}
    body = [clause for clause in parsed.clauses if clause.part in (Part.OPENING, Part.BODY)]
    for clause in body:
        if "gil-warning" in clause.terms:
            return _yes(Confidence.HIGH, clause, frozenset({"gil-warning"}))
    if "release-notes" in parsed.in_text:
        return _no()  # a list of somebody else's changes
    meant = [clause for clause in body if clause.has(words) and not clause.has(_NOT_MEANT)]
    if _own_topic(parsed.in_title):
        plain = "python-release" in parsed.in_title  # the wheels asked for are another build's
        stable = "stable-abi" in parsed.in_title  # which is spoken of beside free-threading as not yet for it
        meant = [] if plain else [clause for clause in meant if _takes_over(clause, opening=not stable)]
        return _yes(Confidence.LOW, meant[0], words) if meant else _no()
    if len(meant) > 1 or (meant and meant[0].part is Part.OPENING):
        return _yes(Confidence.MEDIUM, meant[0], words)
    cpython = "cpython" in parsed.in_text
    if meant and (cpython or not parsed.in_text.isdisjoint(_FIRM)):
        return _yes(Confidence.LOW, meant[0], words)
    inside = [clause for clause in body if cpython and "ft-internals" in clause.terms]
    return _yes(Confidence.LOW, inside[0], frozenset({"ft-internals"})) if inside else _no()


def _own_topic(title: frozenset[str]) -> bool:
    """Return whether a title is about what all builds have: wheels, documents, the stable ABI as it was before 3.15."""
    ours = {"thread-safe"} if "py315" not in title else {"thread-safe", "stable-abi"}
    return bool(title & _OWN_TOPIC) and not (title & ours and "wheel" not in title)


def _takes_over(clause: Clause, *, opening: bool) -> bool:
    """Return whether a sentence makes the thread one of free-threading although its title has a topic of its own."""
    return (
        (opening and clause.part is Part.OPENING) or "limited-error" in clause.terms or all(map(clause.has, _LACKING))
    )


def _yes(confidence: Confidence, clause: Clause, terms: frozenset[str]) -> Gate:
    found = min((term for term in terms if term in clause.terms), key=lambda term: (clause.terms[term], term))
    return Gate(free_threading=True, confidence=confidence, evidence=clause.excerpt([found]))


def _no() -> Gate:
    return Gate(free_threading=False, confidence=Confidence.LOW, evidence="")
