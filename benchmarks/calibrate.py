"""Count how often the rules are right, and write it down for them: `python -m benchmarks.calibrate FILE…`.

Each FILE holds labelled threads, as `ftbot triage evaluate` reads them. The threads of repositories that are held out
are left aside, so that they can measure what comes of it. `bot/core/classify/evidence.py` is written anew: for every
phrase that may open the gate, in titles, for every kind by the strength that its rule states, and for every rule, how
often that was right, and how often wrong.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.classify.gate import gate_of
from bot.core.classify.kinds import stated_kinds
from bot.core.classify.labelled import LabelledThread, parse_labelled, part_of
from bot.core.classify.scores import PhraseCount, count_openers
from bot.core.classify.text.clauses import read
from bot.core.classify.thread import Confidence, KindName

TARGET = Path(__file__).resolve().parent.parent / "bot" / "core" / "classify" / "evidence.py"


@dataclass(frozen=True, slots=True)
class Counts:
    """How often kinds were right and wrong: by kind and stated strength, and by rule."""

    kinds: Mapping[tuple[KindName, Confidence], tuple[int, int]]
    rules: Mapping[str, tuple[int, int]]


def count_kinds(threads: Iterable[LabelledThread]) -> Counts:
    """Count how often the kinds that rules state were right, and how often wrong."""
    kinds: dict[bool, Counter[tuple[KindName, Confidence]]] = {True: Counter(), False: Counter()}
    rules: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for thread in threads:
        parsed = read(thread.thread)
        if gate_of(parsed).free_threading:
            for kind in stated_kinds(parsed):
                is_right = kind.kind in thread.kinds
                kinds[is_right][kind.kind, kind.confidence] += 1
                rules[is_right][kind.rule] += 1
    return Counts(
        {key: (kinds[True][key], kinds[False][key]) for key in sorted({*kinds[True], *kinds[False]})},
        {key: (rules[True][key], rules[False][key]) for key in sorted({*rules[True], *rules[False]})},
    )


def module(threads: int, gate: Iterable[PhraseCount], counts: Counts) -> str:
    """Return the module that holds the counts."""
    phrases = "\n".join(
        f'        "{phrase}": {count},'
        for phrase, count in sorted((each.phrase, (each.right, each.wrong)) for each in gate)
    )
    stated = "\n".join(
        f"        (KindName.{kind.name}, Confidence.{stated.name}): {count},"
        for (kind, stated), count in counts.kinds.items()
    )
    rules = "\n".join(f'        "{rule}": {count},' for rule, count in counts.rules.items())
    return f'''"""How often rules were right about {threads} labelled threads, by `python -m benchmarks.calibrate`."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.core.classify.thread import Confidence, KindName

GATE: Mapping[str, tuple[int, int]] = MappingProxyType(
    {{
{phrases}
    }}
)
"""A phrase that may open the gate → the titles with it that are about free-threading, and those that are not."""

KINDS: Mapping[tuple[KindName, Confidence], tuple[int, int]] = MappingProxyType(
    {{
{stated}
    }}
)
"""A kind and how sure its rule states it → right and wrong."""

RULES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {{
{rules}
    }}
)
"""A rule → how often the kind that it states was right, and wrong."""
'''


def main() -> None:
    """Count, and write the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args()
    lines = [line for file in options.files for line in file.read_bytes().splitlines() if line.strip()]
    threads = part_of([parse_labelled(line) for line in lines], held_out=False)
    gate = count_openers(threads)
    TARGET.write_text(module(len(threads), gate, count_kinds(threads)), encoding="utf-8")
    print(
        f"{len(threads)} threads of repositories that are not held out, {len(gate)} phrases: {TARGET.name} is written."
    )


if __name__ == "__main__":
    main()
