"""The verdicts, and the rules that choose between them: in order, the first hit wins."""

from __future__ import annotations

from enum import StrEnum

from bot.core.verdicts.support import Offer, Support


class Verdict(StrEnum):
    """What an installer finds on one target, in a word; the order is the order of the rules."""

    UNKNOWN = "unknown"
    NOT_FOUND = "not-found"
    QUARANTINED = "quarantined"
    NO_FILES = "no-files"
    EXCLUDED = "excluded"
    SDIST_ONLY = "sdist-only"
    PURE = "pure"
    NO_PYTHON_ABI = "no-python-abi"
    SUPPORTED = "supported"
    PARTIAL = "partial"
    PURE_FALLBACK = "pure-fallback"
    MIS_TAGGED = "mis-tagged"
    ABI3_ONLY = "abi3-only"
    NOT_YET = "not-yet"
    BLOCKED = "blocked"

    @property
    def ok(self) -> bool | None:
        """Return whether the newest release installs without a compiler; None where nobody can say."""
        if self in _UNSAID:
            return None
        return self in _INSTALLS


_UNSAID = frozenset({Verdict.UNKNOWN, Verdict.NOT_FOUND, Verdict.QUARANTINED, Verdict.NO_FILES})
PURE_ITSELF = frozenset({Verdict.PURE, Verdict.NO_PYTHON_ABI})
"""What says nothing of wheels: then those of what the package requires decide."""

_INSTALLS = frozenset({Verdict.SUPPORTED, Verdict.PARTIAL, Verdict.NO_PYTHON_ABI, Verdict.PURE, Verdict.PURE_FALLBACK})


def verdict_of(offer: Offer, support: Support) -> Verdict:
    """Apply the rules to what a release offers in general and what it offers one target."""
    rules = (
        (support.excluded, Verdict.EXCLUDED),
        (offer.wheels == 0, Verdict.SDIST_ONLY),
        (not offer.native and not offer.no_python_abi and support.fallback, Verdict.PURE),
        (not offer.native and offer.no_python_abi, Verdict.NO_PYTHON_ABI),
        (support.trusted and not support.missing, Verdict.SUPPORTED),
        (support.trusted, Verdict.PARTIAL),
        (support.fallback, Verdict.PURE_FALLBACK),
        (bool(support.suspects), Verdict.MIS_TAGGED),
        (offer.abi3_only, Verdict.ABI3_ONLY),
        (offer.sdist, Verdict.NOT_YET),
    )
    return next((verdict for holds, verdict in rules if holds), Verdict.BLOCKED)
