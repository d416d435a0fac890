"""Every term that a clause can hold, so that a rule that names another is found when it is loaded."""

from typing import Literal, get_args

from bot.core.classify.text.spellings import SPELLINGS
from bot.core.classify.text.vocabulary import REPOSITORIES, VOCABULARY

Shape = Literal[
    "?",
    "banner",
    "bump",
    "checkbox",
    "ci-prefix",
    "failed-test",
    "ft",
    "gil-switch",
    "nogil-code",
    "old-branch",
    "old-python",
    "t-path",
    "test-first",
    "test-id",
]
"""A term that no words say: `clauses` finds it by the signs between them."""

TERMS: frozenset[str] = frozenset({*VOCABULARY, *SPELLINGS, *REPOSITORIES.values(), *get_args(Shape)})
