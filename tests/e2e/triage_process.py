"""Processes that triage what is due, and kill themselves at a step if told: the program's own triage, run by tests.

This one imports everything once. For each line that it reads, a JSON list of runs, it forks a process for each run,
writes their process ids, waits for them, and writes how they ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from bot.logs import set_up_logs
from tests.services.triages import Places, open_works


class Run(msgspec.Struct):
    """One process: where everything is, the time, and the nth of a step at which it kills itself."""

    places: Places
    database: str
    now: datetime
    step: str
    number: int


@dataclass(slots=True)
class Executioner:
    """Kills this process, without a chance to tidy up, at the nth time that it gets to a step."""

    step: str
    number: int
    seen: list[str] = field(default_factory=list)

    def __call__(self, step: str) -> None:
        self.seen.append(step)
        if step == self.step and self.seen.count(step) == self.number:
            os.kill(os.getpid(), signal.SIGKILL)


async def triage(run: Run) -> None:
    """Decide what is due and do it; the steps that it took go into a file beside the database."""
    kill = Executioner(run.step, run.number)
    async with open_works(run.places, Path(run.database), lambda: run.now, checkpoint=kill) as works:
        await works.triage.work()
        await works.courier.tick()
    Path(run.database).with_name("steps").write_text(" ".join(kill.seen), encoding="utf-8")


def fork(run: Run) -> int:
    """Start a process of its own for a run."""
    process = os.fork()
    if process:
        return process
    ending = 1
    try:
        asyncio.run(triage(run))
        ending = 0
    finally:
        os._exit(ending)


def main() -> None:
    """Serve the test that started this."""
    set_up_logs(level="info", as_json=True, stream=sys.stderr)
    for line in sys.stdin:
        processes = [fork(run) for run in msgspec.json.decode(line, type=list[Run])]
        sys.stdout.write(f"{' '.join(map(str, processes))}\n")
        sys.stdout.flush()
        endings = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes]
        sys.stdout.write(f"{' '.join(map(str, endings))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
