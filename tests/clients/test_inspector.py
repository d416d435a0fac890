"""The process that reads machine code: whatever becomes of it, the program gets an answer or a sentence."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from bot.clients.inspector import ModuleReader, open_module_reader
from bot.core.errors import UnreadableWheelError
from bot.core.inspection.zip_directory import DEFLATED, STORED, Member

# An extension module that every developer has: of this Python, which has the GIL, so that it declares nothing.
MODULE = Path(msgspec._core.__file__ or "")  # noqa: SLF001 — for its file only


def stored(name: str, data: bytes) -> Member:
    return Member(name, STORED, len(data), len(data), zlib.crc32(data), 0)


def deflated(name: str, data: bytes) -> tuple[Member, bytes]:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = deflater.compress(data) + deflater.flush()
    return Member(name, DEFLATED, len(packed), len(data), zlib.crc32(data), 0), packed


@pytest.fixture
async def reader() -> AsyncIterator[ModuleReader]:
    async with open_module_reader() as reader:
        yield reader


async def child_of(reader: ModuleReader) -> int:
    """Return the process that read the last module."""
    await reader.read(stored("a.so", b"no module"), b"no module")
    assert reader.pid is not None
    return reader.pid


async def test_a_module_is_read_as_it_is_in_the_wheel(reader: ModuleReader) -> None:
    data = await asyncio.to_thread(MODULE.read_bytes)
    for member, packed in (deflated(f"msgspec/{MODULE.name}", data), (stored(f"msgspec/{MODULE.name}", data), data)):
        extension = await reader.read(member, packed)
        assert [module.module for module in extension.modules] == ["msgspec._core"]
        assert extension.exports == ("PyInit__core",)


async def test_what_is_no_module_holds_none(reader: ModuleReader) -> None:
    assert (await reader.read(stored("libz.so", b"\x7fELF"), b"\x7fELF")).modules == ()


async def test_a_bomb_is_not_inflated_and_the_next_module_is_read(reader: ModuleReader) -> None:
    member, packed = deflated("bomb.so", b"\0" * (64 << 20))
    lying = replace(member, size=1000)
    with pytest.raises(UnreadableWheelError, match=r"^bomb\.so has another size than the wheel says\.$"):
        await reader.read(lying, packed)
    assert (await reader.read(stored("a.so", b""), b"")).modules == ()


async def test_it_has_none_of_our_environment(reader: ModuleReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_DISCORD_TOKEN", "secret")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    child = await child_of(reader)
    if sys.platform == "linux":
        assert await asyncio.to_thread(Path(f"/proc/{child}/environ").read_bytes) == b""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no process")
async def test_it_may_write_no_file_and_open_few(reader: ModuleReader) -> None:
    import resource  # noqa: PLC0415 — not on Windows

    child = await child_of(reader)
    if sys.platform == "linux":
        assert resource.prlimit(child, resource.RLIMIT_FSIZE)[1] == 0
        assert resource.prlimit(child, resource.RLIMIT_CORE)[1] == 0
        assert resource.prlimit(child, resource.RLIMIT_NOFILE)[1] <= 64
        assert 0 < resource.prlimit(child, resource.RLIMIT_AS)[0] < 4 << 30
        assert 0 < resource.prlimit(child, resource.RLIMIT_CPU)[0] < 60


async def test_one_that_died_while_nobody_asked_is_replaced(reader: ModuleReader) -> None:
    child = await child_of(reader)
    os.kill(child, signal.SIGKILL)
    assert await child_of(reader) != child


async def test_one_that_dies_over_a_module_costs_that_module_only(
    reader: ModuleReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/bin/false")  # a process that ends, whatever it is asked
        with pytest.raises(UnreadableWheelError, match=r"^What reads machine code broke on evil\.so\.$"):
            await reader.read(stored("evil.so", b""), b"")
    assert (await reader.read(stored("a.so", b""), b"")).modules == ()


async def test_one_that_takes_too_long_is_ended() -> None:
    async with open_module_reader(seconds=0) as reader:
        with pytest.raises(UnreadableWheelError, match=r"^a\.so took too long to read\.$"):
            await reader.read(stored("a.so", b""), b"")


async def test_it_ends_with_the_reader() -> None:
    async with open_module_reader() as reader:
        child = await child_of(reader)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
