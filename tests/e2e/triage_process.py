"""Processes that look and triage, and kill themselves at a step if told: the program's own triage, run by tests."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from tests.e2e.forked import Executioner, serve
from tests.services.triages import Places, open_works


class Run(msgspec.Struct):
    """One process: where everything is, the time, and the nth of a step at which it kills itself."""

    places: Places
    database: str
    now: datetime
    step: str
    number: int


async def triage(run: Run) -> None:
    """Decide what is due and do it; the steps that it took go into a file beside the database."""
    kill = Executioner(run.step, run.number)
    async with open_works(run.places, Path(run.database), lambda: run.now, checkpoint=kill) as works:
        await works.follow_up.look()
        await works.triage.work()
        await works.worker.tick()
    kill.report(Path(run.database))


if __name__ == "__main__":
    serve(Run, triage)
