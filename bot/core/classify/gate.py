"""Whether a thread is about free-threaded Python at all.

The title decides if it can. A body alone must say more: it opens with free-threading, comes back to it, or quotes the
interpreter. An aside is not enough, nor is a word that other projects use too (`nogil` in Cython, "thread-safe"
anywhere).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.classify.calibration import opener, opens_alone
from bot.core.classify.text.clauses import Clause, ParsedThread, Part
from bot.core.classify.thread import Confidence

VERSION = 5
"""Goes up whenever the gate's meaning changes, as a rule's does."""

_NAMED = frozenset({"ft-named", "no-gil-build", "t-tag", "ft-mark", "gil-switch"})
"""Names of free-threaded Python that mean nothing else."""

_ABOUT_THE_GIL = frozenset(
    {"gil-disabled", "gil-removed", "gil-free", "no-gil", "nogil", "without-gil", "re-enable", "ft-short"}
)
"""Words that others use as well."""

_COMPANY = frozenset(
    {
        "python-word",
        "python-release",
        "wheel",
        "support-word",
        "run-parallel",
        "nogil-used",
        "thread-safe",
        "crash",
        "race",
        "deadlock",
        "test",
        "tst",
        "ask",
        "ci-strict",
    }
)
_INSIDE = frozenset({"ft-internals", "ft-short"})
_NOT_MEANT = frozenset({"non-ft", "skip-tag", "aside", "beside-tag", "banner"})
_OWN_TOPIC = frozenset({"wheel", "doc", "stable-abi", "classifier"})
_FIRM = frozenset({"ft-build", "ft-mark", "t-tag"})
_SURE = frozenset({"t-tag", "ft-mark", "ft-internals", "gil-warning"})
_RACING = frozenset({"t-tag", "ft-named", "ft-internals"})
_OTHERS = frozenset({"gil-talk", "other-gil", "other-python"})
_LACKING = (frozenset({"lack"}), frozenset({"wheel"}), frozenset({"t-tag", "ft-word"}))


@dataclass(frozen=True, slots=True)
class Gate:
    """The decision, how sure it is, and the words that say so (empty where nothing says so)."""

    free_threading: bool
    confidence: Confidence
    evidence: str


def gate_of(parsed: ParsedThread) -> Gate:
    """Return whether the thread is about free-threading, for the rules that follow and for people."""
    said = _by_name(parsed) or _of_others(parsed) or _by_title(parsed) or _by_body(parsed)
    doubted = said.free_threading and said.confidence is not Confidence.HIGH
    return (_by_warning(parsed) or said) if doubted else said


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
    if "foreign" in text and "python-word" not in text and text.isdisjoint(_SURE):
        return _no()
    if title.has(_NAMED):
        return None
    if title.has(_OTHERS) or "other-python" in name.terms:
        return _no()  # releasing the GIL, or having several, is what builds with a GIL do
    if not text.isdisjoint(_SURE):
        return None
    released = not text.isdisjoint({"nogil-code", "gil-talk"}) and text.isdisjoint(
        {"ft-named", "no-gil-build", "nogil-used"}
    )
    return _no() if released else None


def _by_title(parsed: ParsedThread) -> Gate | None:
    terms = parsed.in_title
    title = next(clause for clause in parsed.clauses if clause.part is Part.TITLE)
    if "non-ft" in terms and "ft-named" not in terms and ("t-tag" not in terms or "wheel" in terms):
        return Gate(free_threading=False, confidence=Confidence.HIGH, evidence=title.excerpt(["non-ft"]))
    named = _names(title)
    if proven := _proven(named, title):
        return _yes(Confidence.HIGH, title, proven)
    if named and _is_accompanied(parsed, title):
        return _yes(Confidence.MEDIUM, title, named)
    if {"free-threads", "python-release"} <= terms:
        return _yes(Confidence.MEDIUM, title, frozenset({"free-threads"}))
    if "run-parallel" in terms and "tests-threads" not in parsed.in_text:
        return _yes(Confidence.MEDIUM, title, frozenset({"run-parallel"}))
    if {"declare", "needs-gil"} <= terms:
        return _yes(Confidence.MEDIUM, title, frozenset({"needs-gil"}))
    if not terms.isdisjoint(_INSIDE) and "cpython" in parsed.in_text:
        return _yes(Confidence.MEDIUM, title, _INSIDE)
    return _by_the_gil(parsed, title)


def _by_warning(parsed: ParsedThread) -> Gate | None:
    """Open for the interpreter's own warning, wherever it is quoted: only free-threaded builds give it."""
    for clause in parsed.clauses:
        if "gil-warning" in clause.terms:
            return _yes(Confidence.HIGH, clause, frozenset({"gil-warning"}))
    return None


def _by_report(parsed: ParsedThread) -> Gate | None:
    """Open for a report of ThreadSanitizer whose stack is that of a free-threaded build.

    A race is a race anywhere, and a path is no subject; but of a stack it is the build that raced.
    """
    if "tsan-report" not in parsed.in_text:
        return None
    for clause in parsed.clauses:
        if clause.part is not Part.REPOSITORY and clause.has(_RACING):
            return _yes(Confidence.MEDIUM, clause, _RACING)
    return None


def _by_the_gil(parsed: ParsedThread, title: Clause) -> Gate | None:
    """Open for what a title says about the GIL: where that means free-threading, or what stands beside it does.

    A release of Python beside it says as much as a name: the GIL of one release is not gone because it is let go of.
    """
    plain = "nogil-used" in title.terms or ("nogil-code" not in parsed.in_text and "cython-word" not in title.terms)
    found = frozenset(term for term in _ABOUT_THE_GIL if term in title.terms)
    if not found or not plain or "old-python" in title.terms:
        return None
    released = "python-release" in title.terms
    if found == {"ft-short"}:
        named = released or not parsed.in_text.isdisjoint(_NAMED)
        return _yes(Confidence.MEDIUM, title, found) if named else None
    if proven := _proven(found, title):
        return _yes(Confidence.HIGH if released else Confidence.MEDIUM, title, proven)
    return _yes(Confidence.MEDIUM, title, found) if _is_accompanied(parsed, title) else None


def _is_accompanied(parsed: ParsedThread, title: Clause) -> bool:
    """Return whether what stands beside a title's words makes them mean a build of Python."""
    return title.has(_COMPANY) or not parsed.in_text.isdisjoint(_NAMED - frozenset(title.terms) | {"cpython"})


def _proven(terms: frozenset[str], clause: Clause) -> frozenset[str]:
    """Return the terms whose phrase in a clause opens the gate by itself; "FT" never does, whatever was counted."""
    return frozenset(term for term in terms if term != "ft-short" and opens_alone(opener(term, clause)))


def _has(clause: Clause, words: frozenset[str]) -> bool:
    """Return whether a clause holds one of these; a tag that is only a part of a path is none."""
    return clause.has(words - {"t-tag"} if "t-path" in clause.terms else words)


def _names(clause: Clause) -> frozenset[str]:
    """Return the names of free-threaded Python in a clause."""
    return frozenset(term for term in _NAMED if term in clause.terms and _has(clause, frozenset({term})))


def _by_body(parsed: ParsedThread) -> Gate:
    words = _NAMED
    if "nogil-code" not in parsed.in_text and not parsed.in_text.isdisjoint(_NAMED | {"python-release"}):
        words |= _ABOUT_THE_GIL - {"re-enable", "ft-short"}
    body = [clause for clause in parsed.clauses if clause.part in (Part.OPENING, Part.BODY)]
    if (shown := _by_warning(parsed) or _by_report(parsed)) is not None:
        return shown
    meant = [clause for clause in body if not clause.quoted and not clause.has(_NOT_MEANT) and _has(clause, words)]
    plain = "python-release" in parsed.in_title  # what is done for all builds of a release may name this one
    bumped = "bump" in parsed.in_title and (parsed.is_pr or len(meant) == 1)
    if "release-notes" in parsed.in_text:
        return _no()  # a list of somebody else's changes
    if bumped:
        return _by_declaring(meant)
    if _own_topic(parsed.in_title):
        aside = "stable-abi" in parsed.in_title  # which is spoken of beside free-threading as not yet for it
        aside |= "doc" in parsed.in_title and parsed.is_pr  # whose title says what is written
        meant = [] if plain else [clause for clause in meant if _takes_over(clause, opening=not aside)]
        return _yes(Confidence.LOW, meant[0], words) if meant else _no()
    cpython = "cpython" in parsed.in_text
    if len(meant) > 1 or (meant and not plain and meant[0].part is Part.OPENING):
        return _yes(Confidence.MEDIUM, meant[0], words)
    if meant and not plain and (cpython or not parsed.in_text.isdisjoint(_FIRM)):
        return _yes(Confidence.LOW, meant[0], words)
    inside = [clause for clause in body if cpython and "ft-internals" in clause.terms]
    return _yes(Confidence.LOW, inside[0], frozenset({"ft-internals"})) if inside else _no()


def _by_declaring(meant: Sequence[Clause]) -> Gate:
    """Open under a new version of a dependency for what is declared on the way; the rest is somebody else's change."""
    for clause in meant:
        if {"declare-strict", "gil-slot"} <= clause.terms.keys():
            return _yes(Confidence.LOW, clause, frozenset({"gil-slot"}))
    return _no()


def _own_topic(title: frozenset[str]) -> bool:
    """Return whether a title is about what all builds have: wheels, documents, the stable ABI as it was before 3.15."""
    ours = {"thread-safe"} if "py315" not in title else {"thread-safe", "stable-abi"}
    return bool(title & _OWN_TOPIC) and not (title & ours and "wheel" not in title)


def _takes_over(clause: Clause, *, opening: bool) -> bool:
    """Return whether a sentence makes the thread one of free-threading although its title has a topic of its own."""
    asked = opening and (clause.part is Part.OPENING or all(map(clause.has, _LACKING)))
    return asked or "limited-error" in clause.terms


def _yes(confidence: Confidence, clause: Clause, terms: frozenset[str]) -> Gate:
    found = min((term for term in terms if term in clause.terms), key=lambda term: (clause.terms[term], term))
    return Gate(free_threading=True, confidence=confidence, evidence=clause.excerpt([found]))


def _no() -> Gate:
    return Gate(free_threading=False, confidence=Confidence.LOW, evidence="")


def openers(parsed: ParsedThread) -> Mapping[str, str]:
    """Return the phrases of a thread's title that may open the gate, each with its term.

    In a body none does by itself, so that what stands there is no evidence. What is set aside opens nothing.
    """
    found: dict[str, str] = {}
    title = next(clause for clause in parsed.clauses if clause.part is Part.TITLE)
    if not title.has(_NOT_MEANT):
        for term in sorted(_names(title) | (_ABOUT_THE_GIL & frozenset(title.terms))):
            found.setdefault(opener(term, title), term)
    return found
