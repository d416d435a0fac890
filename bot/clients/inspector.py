"""Has machine code from wheels read in a process of its own: without our environment, and with limits.

The libraries that read it are native code, fed with strangers' bytes. Whatever happens to that process, the answer is
that the module could not be read, and the program goes on.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import msgspec
import structlog

from bot.clients.children import bare_environment, end
from bot.core.errors import ReaderFailedError, UnreadableWheelError, UserError
from bot.core.inspection.extension import Extension
from bot.core.inspection.zip_directory import Member, shown
from bot.inspector.messages import LENGTH, LONGEST_MESSAGE, ReadAnswer, ReadRequest, decode_answer, encode

_HOME = Path(__file__).resolve().parents[2]
_START = "import sys; sys.path[:0] = [{home!r}]; from bot.inspector.__main__ import main; main()"
_SECONDS = 30.0
"""How long one module may take, as an answer may wait for it; the process has a limit of CPU time of its own."""

_LIBRARIES = ("lief", "capstone")

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def missing_libraries() -> tuple[str, ...]:
    """Return what reads machine code and is not installed, without importing any."""
    return tuple(name for name in _LIBRARIES if find_spec(name) is None)


def check_libraries() -> None:
    """Raise ``UserError`` where what reads machine code is not installed."""
    missing = missing_libraries()
    if missing:
        what = (
            f"Reading wheels needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed."
        )
        raise UserError(f"{what} Install ftbot[inspect].")


@dataclass(slots=True)
class ModuleReader:
    """Reads modules, one after the other; a process that ended is replaced when the next module comes."""

    seconds: float = _SECONDS
    _process: Process | None = field(default=None, init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    @property
    def pid(self) -> int | None:
        """Return the process that waits for the next module, None where there is none."""
        return None if self._process is None else self._process.pid

    async def read(self, member: Member, data: bytes) -> Extension:
        """Return what a file of a wheel is, from its data as it is in the wheel.

        Raises ``UnreadableWheelError`` for one that cannot be read: with the sentence that tells why.
        """
        async with self._turn:
            process, self._process = self._process, None
            answer = None if process is None else await self._ask(process, member, data)
            if answer is None:  # there was none, or it died before it was asked: a new one tells which
                answer = await self._ask(await self._start(), member, data)
        if answer is None:
            raise ReaderFailedError(f"What reads machine code broke on {shown(member.name)}.")
        if answer.extension is None:
            raise UnreadableWheelError(answer.reason or f"{shown(member.name)} could not be read.")
        return answer.extension

    async def aclose(self) -> None:
        """End the process."""
        async with self._turn:
            process, self._process = self._process, None
            if process is not None:
                await end(process)

    async def _ask(self, process: Process, member: Member, data: bytes) -> ReadAnswer | None:
        """Return what a process answers, and keep it for the next module; None from one that breaks."""
        try:
            async with asyncio.timeout(self.seconds):
                answer = await _ask(process, member, data)
        except TimeoutError:
            await end(process)
            raise ReaderFailedError(f"{shown(member.name)} took too long to read.") from None
        except (OSError, EOFError, msgspec.MsgspecError):
            await end(process)
            log.warning("inspector_ended", module=member.name[:200], status=process.returncode)
            return None
        except BaseException:
            await end(process)
            raise
        self._process = process
        return answer

    async def _start(self) -> Process:
        # -I: no variables, no user's packages, no working directory on the path.
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-c",
            _START.format(home=str(_HOME)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=bare_environment(),
            limit=LONGEST_MESSAGE,
        )


@asynccontextmanager
async def open_module_reader(seconds: float = _SECONDS) -> AsyncIterator[ModuleReader]:
    """Open what reads modules; its process starts with the first one."""
    reader = ModuleReader(seconds)
    try:
        yield reader
    finally:
        await reader.aclose()


async def _ask(process: Process, member: Member, data: bytes) -> ReadAnswer:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(encode(ReadRequest(member)))
    process.stdin.write(data)
    await process.stdin.drain()
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    if length > LONGEST_MESSAGE:
        raise EOFError
    return decode_answer(await process.stdout.readexactly(length))
