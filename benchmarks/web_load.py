"""Asks addresses of a site over kept connections, as fast as they are answered or at a pace, and times each answer.

As a process of its own (``python -m benchmarks.web_load PORT CONNECTIONS SECONDS PATH…``) it is the load beside which
others are measured.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle


@dataclass(frozen=True, slots=True)
class Question:
    """An address and what is sent of it; ``size`` counts the bytes of the answer's body."""

    path: str
    headers: str = ""

    def written(self) -> bytes:
        """Return the request."""
        head = f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n{self.headers}\r\n"
        return head.encode()


@dataclass(slots=True)
class Answers:
    """How long each answer took, in seconds, and which statuses there were."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: set[bytes] = field(default_factory=set)

    @property
    def rate(self) -> float:
        """Return the answers a second."""
        return len(self.latencies) / self.seconds


async def ask(port: int, questions: Sequence[Question], seconds: float, connections: int = 1) -> Answers:
    """Ask over so many connections for so long, one question in flight on each."""
    answers, began = Answers(), time.perf_counter()
    await asyncio.gather(*(_connection(port, questions, began + seconds, answers) for _ in range(connections)))
    answers.seconds = time.perf_counter() - began
    return answers


async def _connection(port: int, questions: Sequence[Question], until: float, answers: Answers) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    requests = cycle([question.written() for question in questions])
    now = time.perf_counter()
    while now < until:
        writer.write(next(requests))
        head = await reader.readuntil(b"\r\n\r\n")
        status, length = head[9:12], _length(head)
        if length:
            await reader.readexactly(length)
        before, now = now, time.perf_counter()
        answers.latencies.append(now - before)
        answers.statuses.add(status)
    writer.close()
    await writer.wait_closed()


def _length(head: bytes) -> int:
    place = head.find(b"Content-Length: ")
    return 0 if place < 0 else int(head[place + 16 : head.index(b"\r", place)])


async def _main(port: int, connections: int, seconds: float, paths: Sequence[str]) -> None:
    answers = await ask(port, [Question(path) for path in paths], seconds, connections)
    print(f"{answers.rate:.0f}", *(status.decode() for status in sorted(answers.statuses)))


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
