"""How sure the rules may be, by how often they were right about labelled threads (`evidence`, which a script counts).

A rule states how strong a sign it is beside others; what that is worth depends on the kind and on the rule itself, and
is counted. Nothing is said more surely than its rule states it, unless that rule was seen often enough to speak for
itself, and what was wrong too often is not said at all.
"""

import re

from bot.core.classify.evidence import GATE, KINDS, RULES
from bot.core.classify.text.clauses import Clause
from bot.core.classify.thread import Confidence, KindName

_VERSION = re.compile(r"3 ?1[3-9]")
_ONE_FOR_ALL = {"t-tag": "3.14t", "gil-switch": "PYTHON_GIL", "no-gil-build": "no-GIL build"}
_WEIGHT = 4
_STATED = {Confidence.HIGH: 0.9, Confidence.MEDIUM: 0.6, Confidence.LOW: 0.45}
"""The share that is right of a kind stated so, where nobody has counted yet: as if `_WEIGHT` threads had been."""

_LEAST = ((Confidence.HIGH, 0.85), (Confidence.MEDIUM, 0.58), (Confidence.LOW, 0.4))
_LEAST_ALONE = 0.9
_MANY = 6
"""In so many threads a rule must have been seen to be surer than it states."""

_RANK = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}


def opener(term: str, clause: Clause) -> str:
    """Return the phrase by which a clause says a term of the gate; one stands for all that differ in a noun only."""
    if term in _ONE_FOR_ALL:
        return _ONE_FOR_ALL[term]
    first, last = clause.terms[term]
    words = clause.words[first : last + 1]
    if words[:2] == ("free", "thread"):
        return "free thread build"
    phrase = _VERSION.sub("3.14", " ".join(words))
    return "Py_mod_gil" if "mod gil" in phrase or "gil used" in phrase else phrase


def opens_alone(phrase: str) -> bool:
    """Return whether a phrase says free-threading by itself: it was seen in labelled threads, and hardly ever erred."""
    right, wrong = GATE.get(phrase, (0, 0))
    return right > 1 and right >= _LEAST_ALONE * (right + wrong)


def calibrated(kind: KindName, stated: Confidence, rule: str) -> Confidence | None:
    """Return how sure a kind is that a rule states so surely, None where it is not worth saying.

    Where the rule was seldom seen, it leans on all rules that state the kind as surely, and those on what is usual.
    """
    counted = RULES.get(rule, (0, 0))
    share = _share(counted, _share(KINDS.get((kind, stated), (0, 0)), _STATED[stated]))
    for confidence, least in _LEAST:
        if share >= least and (_RANK[confidence] >= _RANK[stated] or sum(counted) >= _MANY):
            return confidence
    return None


def _share(counted: tuple[int, int], usual: float) -> float:
    right, wrong = counted
    return (right + _WEIGHT * usual) / (right + wrong + _WEIGHT)
