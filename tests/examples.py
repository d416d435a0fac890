"""How many examples properties are tried with: a bounded number in the gate, many in `make check-all`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

_GATE = 25
_LONG = 500


def register_profiles() -> None:
    """Name what can be chosen by ``--hypothesis-profile``, and choose the gate.

    No deadline for one example: on a shared machine, and under coverage, its time says nothing about the program.
    """
    slow = [HealthCheck.too_slow]  # says something about the machine only
    settings.register_profile(
        "gate",
        deadline=None,
        max_examples=_GATE,
        derandomize=True,  # it judges the change, not the day's luck
        print_blob=True,
        suppress_health_check=slow,
    )
    settings.register_profile("long", deadline=None, max_examples=_LONG, print_blob=True, suppress_health_check=slow)
    settings.load_profile("gate")


def examples(in_the_gate: int) -> int:
    """Return how many examples a property has that takes longer than most, or needs more; in proportion elsewhere."""
    return max(1, in_the_gate * settings().max_examples // _GATE)
