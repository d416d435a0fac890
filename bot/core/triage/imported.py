"""What was read in the wheels of a package, as evidence about a thread that says that it turns the GIL back on."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.inspection.inspection import ReadWheel
from bot.core.inspection.modules import Gil, turning_on
from bot.core.inspection.releases import newest_reading, turn_of
from bot.core.triage.snapshot import GilAnswer
from bot.core.verdicts.status import project_page
from bot.core.wheels.targets import Target


def gil_answer(read: Sequence[ReadWheel], target: Target, wanted: str | None = None) -> GilAnswer | None:
    """Return what the newest release of a package that was read does for a target; None where that is not told.

    ``read`` are all its wheels that were read, ``wanted`` is the one that is to be read of its newest release.
    """
    now = newest_reading(read, target, wanted)
    if now is None or now.inspection.gil not in {Gil.OFF, Gil.ON}:
        return None
    is_on, version = now.inspection.gil is Gil.ON, str(now.version)
    modules, turn = turning_on(now.inspection.modules), turn_of(now, read, target)
    return GilAnswer(
        package=now.package,
        version=version,
        target=str(target),
        wheel=now.inspection.wheel,
        gil=now.inspection.gil,
        modules=modules if is_on else (),
        but_tests=not is_on and bool(modules),
        url=project_page(now.package, version),
        since=None if turn is None else str(turn.first.version),
        before=None if turn is None else str(turn.before.version),
        modules_before=() if turn is None or is_on else turning_on(turn.before.inspection.modules),
    )
