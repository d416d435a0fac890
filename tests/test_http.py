"""The three routes tell whether the process lives, whether it can answer, and what it counted."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest
from httpx_aiohttp import HttpxAiohttpClient

from bot.core.errors import UserError
from bot.http import Site, serve
from bot.services.metrics import Metrics

ANY_PORT = 0


def site(metrics: Metrics | None = None, **needs: bool) -> Site:
    async def readiness() -> Mapping[str, bool]:
        return needs

    return Site((metrics or Metrics.new()).registry, readiness)


async def get(served: Site, path: str) -> httpx.Response:
    async with serve(served, "127.0.0.1", ANY_PORT) as port, HttpxAiohttpClient() as http:
        return await http.get(f"http://127.0.0.1:{port}{path}")


async def test_a_live_process_says_ok_even_if_it_is_not_ready() -> None:
    answer = await get(site(discord=False), "/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize(("discord", "database", "status"), [(True, True, 200), (True, False, 503), (False, True, 503)])
async def test_it_is_ready_when_everything_it_needs_is_there(discord: bool, database: bool, status: int) -> None:
    answer = await get(site(discord=discord, database=database), "/readyz")
    assert (answer.status_code, answer.json()) == (status, {"discord": discord, "database": database})


async def test_metrics_are_in_the_text_format_of_prometheus() -> None:
    metrics = Metrics.new()
    metrics.answers.labels("ftstatus", "answered").inc(3)
    metrics.guilds.set(2)
    answer = await get(site(metrics), "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = answer.text.splitlines()
    assert 'ftbot_answers_total{command="ftstatus",outcome="answered"} 3.0' in lines
    assert "ftbot_guilds 2.0" in lines
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)


@pytest.mark.parametrize("path", ["/", "/healthz/", "/../etc/passwd", "/%00"])
async def test_nothing_else_is_served(path: str) -> None:
    assert (await get(site(), path)).status_code == 404


async def test_metrics_of_two_bots_in_one_process_are_apart() -> None:
    one, other = Metrics.new(), Metrics.new()
    one.guilds.set(7)
    assert "ftbot_guilds 0.0" in (await get(site(other), "/metrics")).text


async def test_a_port_that_is_taken_is_a_sentence_that_names_the_setting() -> None:
    async with serve(site(), "127.0.0.1", ANY_PORT) as port:
        with pytest.raises(UserError, match=rf"Port {port} on 127\.0\.0\.1 .* Set FTBOT_HTTP_PORT"):
            async with serve(site(), "127.0.0.1", port):
                pass


async def test_a_port_is_free_again_after_the_end() -> None:
    async with serve(site(), "127.0.0.1", ANY_PORT) as port:
        pass
    async with serve(site(), "127.0.0.1", port) as again:
        assert again == port


async def test_a_host_that_is_not_here_is_a_sentence() -> None:
    with pytest.raises(UserError, match=r"FTBOT_HTTP"):
        async with serve(site(), "192.0.2.1", ANY_PORT):
            pass
