"""Where pages are read: beside the event loop, or in it where nobody waits."""

from __future__ import annotations

import sys
import threading

import pytest

from bot.clients.readers import Readers, alone


async def test_pages_are_read_in_another_thread() -> None:
    assert await Readers().aside(threading.get_ident) != threading.get_ident()


@pytest.mark.parametrize("gil", [True, False])
async def test_a_process_that_does_nothing_else_reads_in_its_own_thread_unless_there_is_no_gil(
    monkeypatch: pytest.MonkeyPatch, gil: bool
) -> None:
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: gil, raising=False)
    assert (await alone().aside(threading.get_ident) == threading.get_ident()) is gil


async def test_what_goes_wrong_is_raised_where_it_is_awaited() -> None:
    for readers in (Readers(), Readers(None)):
        with pytest.raises(ZeroDivisionError):
            await readers.aside(lambda: 1 // 0)
