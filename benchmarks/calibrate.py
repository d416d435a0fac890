"""Count how often the rules are right, and write it down for them: `python -m benchmarks.calibrate FILE…`.

Each FILE holds labelled threads, as `ftbot triage evaluate` reads them. The threads of repositories that are held out
are left aside, so that they can measure what comes of it. `bot/core/classify/evidence.py` is written anew: for every
phrase that may open the gate, in titles, and for every kind by the strength that its rule states, how often that was
right, and how often wrong.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.core.classify.gate import gate_of
from bot.core.classify.kinds import stated_kinds
from bot.core.classify.labelled import LabelledThread, parse_labelled, part_of
from bot.core.classify.scores import PhraseCount, count_openers
from bot.core.classify.text.clauses import read
from bot.core.classify.thread import Confidence, KindName

TARGET = Path(__file__).resolve().parent.parent / "bot" / "core" / "classify" / "evidence.py"


def count_kinds(threads: Iterable[LabelledThread]) -> Mapping[tuple[KindName, Confidence], tuple[int, int]]:
    """Return for each kind and stated strength how often it was right, and how often wrong."""
    right: Counter[tuple[KindName, Confidence]] = Counter()
    wrong: Counter[tuple[KindName, Confidence]] = Counter()
    for thread in threads:
        parsed = read(thread.thread)
        if gate_of(parsed).free_threading:
            for kind in stated_kinds(parsed):
                (right if kind.kind in thread.kinds else wrong)[kind.kind, kind.confidence] += 1
    return {key: (right[key], wrong[key]) for key in sorted({*right, *wrong})}


def module(
    threads: int, gate: Iterable[PhraseCount], kinds: Mapping[tuple[KindName, Confidence], tuple[int, int]]
) -> str:
    """Return the module that holds the counts."""
    phrases = "\n".join(
        f'        "{phrase}": {count},'
        for phrase, count in sorted((each.phrase, (each.right, each.wrong)) for each in gate)
    )
    stated = "\n".join(
        f"        (KindName.{kind.name}, Confidence.{stated.name}): {count}," for (kind, stated), count in kinds.items()
    )
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
