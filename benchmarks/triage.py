"""How well and how fast threads are classified: `python -m benchmarks.triage FILE`.

FILE holds one labelled thread a line: `{"repo", "number", "title", "body", "is_pr", "labels": {"kind": [...],
"pythons": [...], "platforms": [...], "packages": [...]}}`, where the kind `not-free-threading` says that the gate must
refuse it. `--wrong` lists what was missed, `--rules` how often each rule named a kind and was right.
"""

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from bot.core.classify.classify import classify
from bot.core.classify.rules.ruleset import RULES
from bot.core.classify.text.vocabulary import VOCABULARY, spell_out
from bot.core.classify.thread import Classification, Confidence, KindName, Thread

REFUSED = "not-free-threading"
LONG = 65_536
"""Characters in a hostile text."""


class Labels(msgspec.Struct, frozen=True):
    """What a person says of a thread."""

    kind: list[str]
    pythons: list[str]
    platforms: list[str]
    packages: list[str]


class Row(msgspec.Struct, frozen=True):
    """One line of the file."""

    repo: str
    number: int
    title: str
    body: str | None
    is_pr: bool
    labels: Labels

    def thread(self) -> Thread:
        """Return what the classifier may see."""
        return Thread(self.repo, self.number, self.title, self.body, self.is_pr)

    def kinds(self) -> set[str]:
        """Return the kinds that the classifier should name."""
        return set(self.labels.kind) - {REFUSED}


@dataclass(slots=True)
class Score:
    """Right, wrong and missed answers."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, said: Iterable[str], true: Iterable[str]) -> None:
        """Count the answers to one thread."""
        found, wanted = set(said), set(true)
        self.right += len(found & wanted)
        self.wrong += len(found - wanted)
        self.missed += len(wanted - found)

    @property
    def precision(self) -> float:
        """Right answers of all given."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Right answers of all wanted."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    def line(self, name: str) -> str:
        """Return one row of the report."""
        wanted = self.right + self.missed
        return f"{name:24} {wanted:5} {self.precision:9.3f} {self.recall:9.3f} {self.f1:9.3f}"


@dataclass(slots=True)
class Report:
    """Every score of one run."""

    gate: Score = field(default_factory=Score)
    all_kinds: Score = field(default_factory=Score)
    kinds: dict[str, Score] = field(default_factory=lambda: {kind.value: Score() for kind in KindName})
    sure: dict[str, Score] = field(default_factory=lambda: {level.value: Score() for level in Confidence})
    rules: dict[str, Score] = field(default_factory=lambda: {rule.id: Score() for rule in RULES})
    facets: dict[str, Score] = field(
        default_factory=lambda: {name: Score() for name in ("pythons", "platforms", "packages")}
    )

    def add(self, row: Row, said: Classification) -> None:
        """Count one thread."""
        true, found = row.kinds(), {kind.kind.value for kind in said.kinds}
        self.gate.add(["yes"] * said.free_threading, ["yes"] * (REFUSED not in row.labels.kind))
        self.all_kinds.add(found, true)
        for name, score in self.kinds.items():
            score.add(found & {name}, true & {name})
        for level, score in self.sure.items():
            score.add((kind.kind.value for kind in said.kinds if kind.confidence == level), true)
        for kind in said.kinds:
            self.rules[kind.rule].add([kind.kind], true & {kind.kind})
        self.facets["pythons"].add(said.pythons, row.labels.pythons)
        self.facets["platforms"].add(said.platforms, row.labels.platforms)
        self.facets["packages"].add(said.packages, row.labels.packages)

    def lines(self) -> list[str]:
        """Return the report, one row a score."""
        return [
            f"{'':24} {'wanted':>5} {'precision':>9} {'recall':>9} {'F1':>9}",
            self.gate.line("gate: free-threading"),
            *(score.line(name) for name, score in self.kinds.items()),
            self.all_kinds.line("all kinds (micro)"),
            *(score.line(f"kinds given {level}") for level, score in self.sure.items()),
            *(score.line(name) for name, score in self.facets.items()),
        ]


def read_rows(path: Path) -> list[Row]:
    """Read the labelled threads."""
    decoder = msgspec.json.Decoder(Row)
    return [decoder.decode(line) for line in path.read_bytes().splitlines() if line.strip()]


def seconds(action: Callable[[], object], repeat: int) -> float:
    """Return the median processor time of an action, in seconds."""
    taken: list[float] = []
    for _ in range(repeat):
        start = time.process_time()
        action()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def hostile_texts() -> dict[str, str]:
    """Make texts of 64 kB that would cost a careless reader dear."""
    phrases = sorted({phrase for listed in VOCABULARY.values() for phrase in spell_out(listed)})
    openers = Counter(phrase.split()[0] for phrase in phrases)
    busiest = " ".join(word for word, _ in openers.most_common(40))
    pieces = {
        "one letter": "a",
        "letters apart": "a ",
        "brackets": "[",
        "nested brackets": "[[ ] (`[x] ",
        "full stops": "a. ",
        "question marks": "? ",
        "spaces": " ",
        "open comments": "<!-- ",
        "comments": "<!-- -->",
        "surrogates": "\ud800",
        "zero width": "\u200b",
        "dotted I": "\u0130",
        "free free": "free ",
        "free-threaded": "free-threaded ",
        "versions": "3.13 python ",
        "near misses": "the limited API is not ",
        "near phrases": "disable the global interpreter has been not declared that it can run safely without ",
        "half phrases": f"{' '.join(phrase.rpartition(' ')[0] for phrase in phrases)} ",
        "wrapped log": "File spam.py line 1\n   #0 _Py_Dea\n  lloc WARN\n  ING: Thread\n Sanitizer\n",
        "test names": "test_spam_",
        "near warning": "enabled to load module 'a",
        "names": "spam-py ",
        "busiest words": f"{busiest} ",
        "all phrases": f"{' '.join(phrases)} ",
        "all phrases, stopped": f"{'. '.join(phrases)}. ",
    }
    return {name: (piece * (LONG // len(piece) + 1))[:LONG] for name, piece in pieces.items()}


def worst_case() -> tuple[float, str]:
    """Return the longest time for one hostile text, in milliseconds, and its name."""
    times = {
        name: 1_000 * seconds(partial(classify, Thread("spam/spam", 1, text, text, is_pr=False)), 5)
        for name, text in hostile_texts().items()
    }
    name = max(times, key=times.__getitem__)
    return times[name], name


def wrong(rows: Sequence[Row]) -> list[str]:
    """List the threads whose kinds were not all right."""
    found: list[str] = []
    for row in rows:
        said = classify(row.thread())
        names = {kind.kind.value: f"{kind.kind} ({kind.rule}, {kind.confidence})" for kind in said.kinds}
        if names.keys() != row.kinds() or said.free_threading == (REFUSED in row.labels.kind):
            gate = "free-threading" if said.free_threading else REFUSED
            found.append(
                f"{row.repo}#{row.number} {row.title!r}: {gate}, said {sorted(names.values())}, is {row.labels.kind}"
            )
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--rules", action="store_true")
    options = parser.parse_args()
    rows = read_rows(options.file)
    if options.wrong:
        print("\n".join(wrong(rows)))
    report = Report()
    for row in rows:
        report.add(row, classify(row.thread()))
    print("\n".join(report.lines()))
    if options.rules:
        print(
            "\n".join(
                f"{name:24} {score.right:3} of {score.right + score.wrong}" for name, score in report.rules.items()
            )
        )
    threads = [row.thread() for row in rows]
    rate = len(threads) / seconds(lambda: [classify(thread) for thread in threads], 9)
    print(f"{rate:,.0f} threads/s on one core, {len(threads)} threads")
    worst, name = worst_case()
    print(f"{worst:.1f} ms for the worst of {len(hostile_texts())} hostile texts of 64 kB ({name})")


if __name__ == "__main__":
    main()
