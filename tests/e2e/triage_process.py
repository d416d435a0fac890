"""Processes that look and triage, and kill themselves at a step if told: the program's own triage, run by tests."""

from __future__ import annotations

from datetime import datetime

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
    steps: str = ""
    """The path of a file for the steps that it took."""


async def triage(run: Run) -> None:
    """Decide what is due and do it; the steps that it took go into a file."""
    kill = Executioner(run.step, run.number)
    async with open_works(run.places, run.database, lambda: run.now, checkpoint=kill) as works:
        await works.follow_up.look()
        await works.triage.work()
        await works.worker.tick()
    kill.report(run.steps)


if __name__ == "__main__":
    serve(Run, triage)
