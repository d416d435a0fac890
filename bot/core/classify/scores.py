"""How well the rules do on labelled threads: scores with their intervals, mistakes, and what each phrase is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.classify.classify import classify
from bot.core.classify.gate import openers
from bot.core.classify.labelled import LabelledThread
from bot.core.classify.text.clauses import read
from bot.core.classify.thread import Classification, Confidence, KindName

RESAMPLES = 1_000
"""How often the repositories are drawn anew for an interval."""

FACETS = ("pythons", "platforms", "packages")

_CUT = 0.025
_GATE, _TOPIC, _ALL = "gate", "topic label", "all kinds"
_NAMES = (
    _GATE,
    _TOPIC,
    *KindName,
    _ALL,
    *(f"kinds given {level}" for level in Confidence),
    *FACETS,
)


@dataclass(frozen=True, slots=True)
class Hits:
    """Right, wrong and missed answers."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Hits) -> Hits:
        """Return both together."""
        return Hits(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float | None:
        """Return the share of right answers in all that were given, None where none was."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        """Return the share of right answers in all that were wanted, None where none was."""
        return _share(self.right, self.right + self.missed)

    @property
    def f1(self) -> float | None:
        """Return the harmonic mean of the two, None where nothing was said or wanted."""
        return _share(2 * self.right, 2 * self.right + self.wrong + self.missed)


@dataclass(frozen=True, slots=True)
class Interval:
    """Between which shares 95 of 100 draws of the repositories lie."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Score:
    """How one thing was done; an interval is None where there is no share."""

    name: str
    hits: Hits
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that was said and is not so, or is so and was not said (then there are no words, and no rule)."""

    thread: LabelledThread
    about: str
    value: str
    wrong: bool
    words: str = ""
    rule: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True)
class PhraseCount:
    """In how many titles a phrase that may open the gate stands: about free-threading (``right``), and others."""

    phrase: str
    right: int
    wrong: int


Draw = Callable[[int], Iterable[int]]
"""Draws as many of so many numbers, counted from 0, with repetition."""


def scores(threads: Sequence[LabelledThread], said: Sequence[Classification], draw: Draw) -> tuple[Score, ...]:
    """Return every score, with its intervals; repositories are drawn and not threads, as those of one are alike."""
    units: dict[str, Counter[tuple[str, str]]] = {}
    for thread, classification in zip(threads, said, strict=True):
        units.setdefault(thread.repo.lower(), Counter()).update(_answers(thread, classification))
    drawn = list(_draws(list(units.values()), draw))
    whole = sum(units.values(), Counter[tuple[str, str]]())
    return tuple(_score(name, whole, drawn) for name in _NAMES)


def mistakes(threads: Sequence[LabelledThread], said: Sequence[Classification]) -> Iterator[Mistake]:
    """Return every mistake, with the words that led to it."""
    for thread, classification in zip(threads, said, strict=True):
        words = next((reason.evidence for reason in classification.reasons if reason.about == "free-threading"), "")
        if classification.free_threading != thread.is_about:
            wrong = classification.free_threading
            level = classification.confidence.value
            yield Mistake(thread, _GATE, "free-threading", wrong, words, confidence=level if wrong else "")
        yield from _mistaken_kinds(thread, classification)
        if thread.is_about:
            yield from _mistaken_facets(thread, classification)


def count_openers(threads: Iterable[LabelledThread]) -> tuple[PhraseCount, ...]:
    """Return in how many titles each phrase that may open the gate is right and wrong, the most frequent first."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for thread in threads:
        (right if thread.is_about else wrong).update([*openers(read(thread.thread))])
    counted = (PhraseCount(phrase, right[phrase], wrong[phrase]) for phrase in {*right, *wrong})
    return tuple(sorted(counted, key=lambda count: (-count.right - count.wrong, count.phrase)))


def classified(threads: Iterable[LabelledThread]) -> tuple[Classification, ...]:
    """Return what the rules say of each thread."""
    return tuple(classify(thread.thread) for thread in threads)


def _answers(thread: LabelledThread, said: Classification) -> Iterator[tuple[str, str]]:
    """Return each right, wrong or missed answer to a thread, with the score that it belongs to."""
    gate = {"yes"} if said.free_threading else set[str]()
    wanted = {"yes"} if thread.is_about else set[str]()
    yield from _compared(_GATE, gate, wanted)
    sure = gate if said.confidence is Confidence.HIGH else set[str]()
    yield from _compared(_TOPIC, sure, wanted)
    kinds = {kind.kind.value: kind.confidence for kind in said.kinds}
    yield from _compared(_ALL, kinds, thread.kinds)
    for kind in KindName:
        yield from _compared(kind, kinds.keys() & {kind}, thread.kinds & {kind})
    for level in Confidence:
        given = {kind for kind, confidence in kinds.items() if confidence is level}
        yield from _compared(f"kinds given {level}", given, thread.kinds)
    if thread.is_about:
        for facet in FACETS:
            if (compared := _facet(thread, said, facet)) is not None:
                yield from _compared(facet, *compared)


def _compared(name: str, said: Iterable[str], wanted: Iterable[str]) -> Iterator[tuple[str, str]]:
    found, true = set(said), set(wanted)
    yield from ((name, "right") for _ in found & true)
    yield from ((name, "wrong") for _ in found - true)
    yield from ((name, "missed") for _ in true - found)


def _facet(thread: LabelledThread, said: Classification, facet: str) -> tuple[Sequence[str], Sequence[str]] | None:
    """Return what was found and what is true of a facet, None where nobody has labelled it."""
    pairs: Mapping[str, tuple[Sequence[str], Sequence[str] | None]] = {
        "pythons": (said.pythons, thread.labels.pythons),
        "platforms": (said.platforms, thread.labels.platforms),
        "packages": (said.packages, thread.labels.packages),
    }
    found, true = pairs[facet]
    return None if true is None else (found, true)


def _draws(units: Sequence[Counter[tuple[str, str]]], draw: Draw) -> Iterator[Counter[tuple[str, str]]]:
    """Draw as many repositories as there are, again and again."""
    for _ in range(RESAMPLES):
        total: Counter[tuple[str, str]] = Counter()
        for number in draw(len(units)):
            total.update(units[number])
        yield total


def _score(name: str, whole: Mapping[tuple[str, str], int], drawn: Sequence[Mapping[tuple[str, str], int]]) -> Score:
    tallies = [_tally(name, each) for each in drawn]
    return Score(
        name,
        _tally(name, whole),
        _interval([hits.precision for hits in tallies]),
        _interval([hits.recall for hits in tallies]),
        _interval([hits.f1 for hits in tallies]),
    )


def _tally(name: str, counts: Mapping[tuple[str, str], int]) -> Hits:
    return Hits(*(counts.get((name, how), 0) for how in ("right", "wrong", "missed")))


def _interval(shares: Iterable[float | None]) -> Interval | None:
    known = sorted(share for share in shares if share is not None)
    if not known:
        return None
    cut = int(len(known) * _CUT)
    return Interval(known[cut], known[len(known) - 1 - cut])


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mistaken_kinds(thread: LabelledThread, said: Classification) -> Iterator[Mistake]:
    for kind in said.kinds:
        if kind.kind not in thread.kinds:
            yield Mistake(
                thread,
                "kind",
                kind.kind.value,
                wrong=True,
                words=kind.evidence,
                rule=kind.rule,
                confidence=kind.confidence.value,
            )
    named = {kind.kind.value for kind in said.kinds}
    for missed in sorted(thread.kinds - named):
        yield Mistake(thread, "kind", missed, wrong=False)


def _mistaken_facets(thread: LabelledThread, said: Classification) -> Iterator[Mistake]:
    for facet in FACETS:
        compared = _facet(thread, said, facet)
        if compared is None:
            continue
        found, true = compared
        about = facet.removesuffix("s")
        words = {reason.value: reason.evidence for reason in said.reasons if reason.about == about}
        for value in found:
            if value not in true:
                yield Mistake(thread, about, value, wrong=True, words=words.get(value, ""))
        for value in true:
            if value not in found:
                yield Mistake(thread, about, value, wrong=False)
