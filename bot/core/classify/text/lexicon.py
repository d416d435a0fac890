"""Where the vocabulary's phrases stand among the words of a clause.

No regular expression looks for a phrase. All of them are one tree of words, made once; each word of a text starts at
most one walk down the tree, as long as the longest phrase. The work grows with the number of words and with nothing
else.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.core.classify.text.spellings import SPELLINGS
from bot.core.classify.text.vocabulary import VOCABULARY, WHOLE, spell_out


class _Node:
    """A word in the lexicon: the terms of the phrase that ends with it, and the words that may follow."""

    __slots__ = ("following", "terms", "whole")

    def __init__(self) -> None:
        self.following: dict[str, _Node] = {}
        self.terms: tuple[str, ...] = ()
        self.whole = False


def find_terms(words: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Find where each term first stands: the numbers of its first and its last word."""
    found: dict[str, tuple[int, int]] = {}
    past = 0
    for first, word in enumerate(words):
        node = _LEXICON.get(word)
        if node is None or first < past:
            continue
        last = first
        while node is not None:
            for term in node.terms:
                if term not in found:
                    found[term] = (first, last)
            last += 1
            if node.whole:
                past = last
            node = node.following.get(words[last]) if last < len(words) else None
    return found


def _lexicon() -> Mapping[str, _Node]:
    """Turn the vocabulary round: from the words of a phrase, one after the other, to the terms that it says."""
    root = _Node()
    listed = ((term, spell_out(phrases)) for term, phrases in VOCABULARY.items())
    for term, phrases in (*listed, *SPELLINGS.items()):
        for phrase in dict.fromkeys(phrases):
            node = root
            for word in phrase.split():
                if word not in node.following:
                    node.following[word] = _Node()
                node = node.following[word]
            node.terms = (*node.terms, term)
            node.whole = node.whole or term in WHOLE
    return MappingProxyType(root.following)


_LEXICON = _lexicon()
