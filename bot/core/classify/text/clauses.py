"""How a thread is read: clauses, and the terms of the vocabulary that each clause holds.

A phrase never runs from one clause into the next, and what is read is bounded: the length of a text and of a clause,
and the number of clauses.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from bot.core.classify.text.lexicon import find_terms
from bot.core.classify.text.normalise import TITLE, Block, blocks, lowered, normalise
from bot.core.classify.text.terms import Shape
from bot.core.classify.text.vocabulary import REPOSITORIES
from bot.core.classify.thread import Thread

CLAUSES = 200
"""Clauses with different terms that are looked at in one text; no report by a person comes near."""

EXCERPT = 120
"""Longest excerpt given as evidence, in characters."""

SENTENCES = 1_000
"""Sentences that are looked at in one text."""

LONGEST = 600
"""Longest clause in characters: words further apart, as in a log without full stops, do not belong together."""

_END = re.compile(r"[.?!;] ")
_WORD = re.compile(r"[a-z0-9]+")
_TEST_ID = re.compile(r"\btest_\w+")
_OLD_BRANCHES = tuple(f"[3.{minor}]" for minor in range(6, 13))
_REFERENCE = frozenset({"closes", "fixes", "fix", "resolves", "see", "ref", "refs", "towards", "issue"})
"""The first words of sentences that only name another thread."""
_LETTERS = re.compile(r"[a-z0-9]")
_T_PATH = re.compile(r"(?<=[/\\])(?:lib)?python3\.\d\dt|libpython3\.\d\dt")
"""A free-threaded build as a part of a path, as every traceback and backtrace has them."""
_BANNER = re.compile(r"3\.\d\d\.\d\S{0,8} (?:experimental )?free-threading build")
"""What the interpreter says of itself, as forms for reports ask for."""
_SET_ASIDE = re.compile(r"(?<=\()((?:but )?)(?:not|no)(?=[ -]free[ -]?thread)")
"""The word with which parentheses take free-threading back."""
_BUMP = re.compile(r"\b(?:bump|update|upgrade) (?:dependency )?[\w./-]{1,60} (?:from|to) |\brelease v?\d")
_OLD_PYTHON = re.compile(r"(?<![\d.])(?:2\.7|3\.[3-9]|3\.1[0-2])(?!\d)")
_SIGNS: tuple[tuple[str, Shape], ...] = (
    ("[ft]", "ft"),
    ("[ ]", "checkbox"),
    ("python_gil", "gil-switch"),
    ("pythongil=", "gil-switch"),
    ("-x gil", "gil-switch"),
    ("-xgil", "gil-switch"),
    ("with nogil:", "nogil-code"),
    ("nogil=", "nogil-code"),
)
"""What is told by signs between the letters, in small letters."""
_CI_PREFIXES = ("ci:", "ci(", "[ci]", "chore(ci)")
_CI_ITSELF = ("test", "job", "workflow", "matrix", "actions", "nightly", "pipeline", "runner", "run ")


class Part(StrEnum):
    """Where a clause stands."""

    REPOSITORY = "repository"
    TITLE = "title"
    OPENING = "opening"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of text up to a full stop, and where each term first stands in it: its first and last word.

    ``quoted`` says that it stands in code, or is quoted from elsewhere.
    """

    part: Part
    text: str
    words: tuple[str, ...]
    terms: Mapping[str, tuple[int, int]]
    quoted: bool = False

    def has(self, terms: frozenset[str]) -> bool:
        """Return whether the clause holds one of these terms."""
        return not terms.isdisjoint(self.terms)

    def excerpt(self, terms: Iterable[str]) -> str:
        """Cut out the words from the first to the last of these terms, for a person to read."""
        places = [self.terms[term] for term in terms if term in self.terms]
        return self.cut(min(first for first, _ in places), max(last for _, last in places))

    def cut(self, first: int, last: int) -> str:
        """Cut out the words numbered first to last, at most `EXCERPT` characters."""
        start = end = 0
        for number, word in enumerate(_WORD.finditer(lowered(self.text))):
            if number == first:
                start = word.start()
            if number == last:
                end = word.end()
                break
        return self.text[start : min(end, start + EXCERPT)].strip()


@dataclass(frozen=True, slots=True)
class ParsedThread:
    """A thread made plain, with every term in its title and in all of it."""

    repo: str
    title: str
    body: str
    is_pr: bool
    clauses: tuple[Clause, ...]
    in_title: frozenset[str]
    in_text: frozenset[str]

    @property
    def text(self) -> str:
        """The normalised text that every excerpt is taken from."""
        return f"{self.repo}\n{self.title}\n{self.body}"


def read(thread: Thread) -> ParsedThread:
    """Normalise a thread and find the vocabulary's terms in it."""
    repo, title = normalise(thread.repo, TITLE, 0), normalise(thread.title, TITLE, 0)
    body = blocks(thread.body)
    name = _repository(repo)
    heading = _clause(Part.TITLE, title)
    clauses = (name, heading, *_clauses(body))
    return ParsedThread(
        repo=repo,
        title=title,
        body="\n".join(block.text for block in body),
        is_pr=thread.is_pr is True,
        clauses=clauses,
        in_title=frozenset(heading.terms),
        in_text=frozenset(term for clause in clauses for term in clause.terms),
    )


def _repository(repo: str) -> Clause:
    """Read a repository's name: a few say what every thread in them is about."""
    words = tuple(_WORD.findall(lowered(repo)))
    terms = {term: (0, len(words) - 1) for part, term in REPOSITORIES.items() if part in f"{lowered(repo)}$"}
    return Clause(Part.REPOSITORY, repo, words, terms if words else {})


def _clauses(body: Iterable[Block]) -> list[Clause]:
    """Cut a body into clauses; of those that hold the same terms only the first is kept.

    It opens with the first sentence that is neither a heading nor quoted.
    """
    found: dict[tuple[frozenset[str], bool], Clause] = {}
    part = Part.OPENING
    sentences = ((block, text) for block in body for text in _sentences(block.text))
    for block, text in islice(sentences, SENTENCES):
        apart = block.quoted or block.heading or _only_refers(text)
        clause = _clause(Part.BODY if apart else part, text, quoted=block.quoted)
        if clause.terms:
            found.setdefault((frozenset(clause.terms), block.quoted), clause)
        if len(found) >= CLAUSES:
            break
        part = part if apart else Part.BODY
    return list(found.values())


def _only_refers(text: str) -> bool:
    """Return whether a sentence says no more than "Closes #12"."""
    words = lowered(text[:200]).split()
    return len(words) in (2, 3) and words[0].strip("*-:(") in _REFERENCE


def _sentences(text: str) -> Iterator[str]:
    """Cut a text after every full stop, and where it runs on without one."""
    start = 0
    while start < len(text):
        found = _END.search(text, start, start + LONGEST)
        if found:
            end = found.end()
        elif len(text) - start <= LONGEST:
            end = len(text)
        else:
            space = text.rfind(" ", start, start + LONGEST)
            end = space + 1 if space > start else start + LONGEST
        yield text[start:end]
        start = end


def _clause(part: Part, text: str, *, quoted: bool = False) -> Clause:
    low = lowered(text)
    told = _TEST_ID.sub(_unnamed, low) if "test_" in low else low
    words = _WORD.findall(_SET_ASIDE.sub(r"\1non", told) if "(" in told else told)
    terms = find_terms(words)
    if part is Part.TITLE and "both-builds" in terms:
        terms.pop("non-ft", None)  # the one build is named beside the other, and not instead of it
    if words:
        terms.update((shape, (0, len(words) - 1)) for shape in _shapes(low))
    return Clause(part, text, tuple(words), terms, quoted)


def _unnamed(test: re.Match[str]) -> str:
    """Take the meaning from a test's name, word by word: in `test_stack_overflow` nothing overflows."""
    name = test[0]
    about_builds = "gil" in name or ("free" in name and "thread" in name)
    return name if about_builds else name[:5] + _LETTERS.sub("0", name[5:])


def _shapes(low: str) -> Iterator[Shape]:
    """Find what letters and digits alone do not show."""
    start = low.lstrip("` '\u200d")
    if low.rstrip().endswith("?") or "? " in low:
        yield "?"
    if low.startswith(_OLD_BRANCHES):
        yield "old-branch"
    for sign, shape in _SIGNS:
        if sign in low:
            yield shape
    if start.startswith("test_"):
        yield "test-first"
    if "test_" in low or "::test" in low:
        yield "test-id"
        if "failed " in low and "::test" in low:
            yield "failed-test"
    yield from _versions(low, start)


def _versions(low: str, start: str) -> Iterator[Shape]:
    """Find what is said of versions that are not what is spoken of."""
    if start.startswith(_CI_PREFIXES) and not any(word in low for word in _CI_ITSELF):
        yield "ci-prefix"
    if _T_PATH.search(low):
        yield "t-path"
    if "free-threading build" in low and _BANNER.search(low):
        yield "banner"
    if _BUMP.search(low):
        yield "bump"
    if _OLD_PYTHON.search(low):
        yield "old-python"
