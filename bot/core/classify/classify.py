"""Triage of one thread: is it about free-threaded Python, what about it, and which versions, platforms and packages.

Nothing here reads a network, a clock or a file, and no text makes it raise. The text is data: nothing that it says is
done.
"""

from bot.core.classify.facets.packages import find_packages
from bot.core.classify.facets.platforms import find_platforms
from bot.core.classify.facets.pythons import find_pythons
from bot.core.classify.gate import gate_of
from bot.core.classify.kinds import find_kinds
from bot.core.classify.text.clauses import read
from bot.core.classify.thread import Classification, Reason, Thread


def classify(thread: Thread) -> Classification:
    """Return what a thread is about, for triage and for `ftbot triage classify`.

    A thread that the gate refuses has no kinds. Its facets are found all the same: they say what the text names.
    """
    parsed = read(thread)
    gate = gate_of(parsed)
    pythons, platforms, packages = find_pythons(parsed), find_platforms(parsed), find_packages(parsed)
    gated = (Reason("free-threading", "yes" if gate.free_threading else "no", gate.evidence),) if gate.evidence else ()
    return Classification(
        repo=thread.repo,
        number=thread.number,
        free_threading=gate.free_threading,
        confidence=gate.confidence,
        kinds=find_kinds(parsed, gate.confidence) if gate.free_threading else (),
        pythons=_values(pythons),
        platforms=_values(platforms),
        packages=_values(packages),
        reasons=(*gated, *pythons, *platforms, *packages),
    )


def _values(reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    return tuple(reason.value for reason in reasons)
