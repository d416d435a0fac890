"""What a rule is: the terms that name a thread's kind, and where they are looked for.

A rule holds when one clause has every term of `needs` (`a|b` is either) and none of `unless`, and the whole thread has
every term of `also` and none of `absent`. `where` says which clauses are looked at: the title, the opening of the body,
all of the body, or all three. A rule's version goes up whenever its meaning changes, so that what people said of the
old one is not held against the new one.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.classify.text.terms import TERMS
from bot.core.classify.thread import Confidence, KindName


class UnknownTermError(ValueError):
    """A rule names a term that no clause can hold; the text says which rule and which term."""


class Where(StrEnum):
    """Which clauses a rule looks at."""

    TITLE = "title"
    OPENING = "opening"
    BODY = "body"
    ANY = "any"
    REPOSITORY = "repository"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way in which a text says its kind.

    Raises:
        UnknownTermError: The rule names a term that is not in the vocabulary, which is found when the module is loaded.
    """

    id: str
    version: int = 1
    kind: KindName
    confidence: Confidence
    where: Where
    needs: str
    unless: str = ""
    also: str = ""
    absent: str = ""
    is_pr: bool | None = None
    why: str
    example: str

    def __post_init__(self) -> None:
        """Check the terms: a misspelled one would make the rule hold never, or too often, without a word."""
        named = all_terms(self.unless) | all_terms(self.absent)
        unknown = named.union(*any_terms(self.needs), *any_terms(self.also)) - TERMS
        if unknown:
            raise UnknownTermError(
                f"The rule {self.id} names what is no term of the vocabulary: {', '.join(sorted(unknown))}"
            )


def all_terms(words: str) -> frozenset[str]:
    """Return the terms of `unless` and `absent`, each of which counts by itself."""
    return frozenset(words.split())


def any_terms(words: str) -> tuple[frozenset[str], ...]:
    """Return the terms of `needs` and `also`: of each set one has to be there."""
    return tuple(frozenset(word.split("|")) for word in words.split())
