"""How fast threads are classified: `python -m benchmarks.triage FILE`.

FILE holds threads as `ftbot triage evaluate` reads them, which says how well.
"""

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bot.core.classify.classify import classify
from bot.core.classify.labelled import parse_labelled
from bot.core.classify.text.vocabulary import VOCABULARY, spell_out
from bot.core.classify.thread import Thread

LONG = 65_536
"""Characters in a hostile text."""


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
        "fences": "```\n",
        "quotes": "> > > a\n",
        "list items": "- a\n* b\n1. c\n",
        "glued words": "nogilNogilfreethreadedA",
        "updates": "update a",
        "paths": "/libpython3.14t/python3.13t",
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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    lines = options.file.read_bytes().splitlines()
    threads = [parse_labelled(line).thread for line in lines if line.strip()]
    rate = len(threads) / seconds(lambda: [classify(thread) for thread in threads], 9)
    print(f"{rate:,.0f} threads/s on one core, {len(threads)} threads")
    worst, name = worst_case()
    print(f"{worst:.1f} ms for the worst of {len(hostile_texts())} hostile texts of 64 kB ({name})")


if __name__ == "__main__":
    main()
