"""Pages that a resolver read serve whoever needs them next, and take no memory for longer than that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest

from bot.clients.pages import ProjectPage
from bot.clients.pypi import PackageIndex
from bot.clients.web import open_http
from bot.core.index.simple_api import ProjectStatus, group
from bot.services.packages.pages import MOST_BROUGHT, ProjectPages
from bot.services.packages.writer import ReadingWriter
from storage.packages.statuses import Statuses
from tests.databases import open_database
from tests.fakes.fake_index import FakeIndex
from tests.fakes.index_pages import wheels
from tests.services.lookups import QUICK, Clock


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        for name in ("a", "b", "c"):
            running.publish(name, wheels(name, "1.0", "py3-none-any"))
        yield running


@pytest.fixture
async def pages(index: FakeIndex, address: str) -> AsyncIterator[ProjectPages]:
    async with open_http("ftbot-tests") as http, open_database(address) as database:
        readings = ReadingWriter(Statuses(database))
        yield ProjectPages(PackageIndex(http, index.index_url, index.json_api_url, QUICK), readings, Clock())
        await readings.aclose()


def page(name: str) -> ProjectPage:
    return ProjectPage(group(name, [], ProjectStatus.ACTIVE), None, None, None)


def bring(pages: ProjectPages, name: str, size: int = 1) -> None:
    pages.bring(name, partial(page, name), size)


async def asked(pages: ProjectPages, index: FakeIndex, *names: str) -> list[str]:
    """Return which of these projects the index was asked about when all were read."""
    for name in names:
        await pages.read(name)
    return [request.path.split("/")[2] for request in index.requests]


async def test_a_page_that_was_brought_is_not_asked_for(pages: ProjectPages, index: FakeIndex) -> None:
    bring(pages, "a")
    assert await asked(pages, index, "a", "b") == ["b"]


async def test_those_that_came_first_make_room(pages: ProjectPages, index: FakeIndex) -> None:
    for name in ("a", "b", "c"):
        bring(pages, name, MOST_BROUGHT // 2)
    assert await asked(pages, index, "a", "b", "c") == ["a"]


async def test_what_is_brought_again_counts_once(pages: ProjectPages, index: FakeIndex) -> None:
    bring(pages, "a", MOST_BROUGHT // 2)
    for _ in range(3):
        bring(pages, "b", MOST_BROUGHT // 2)
    assert await asked(pages, index, "a", "b") == []


async def test_what_nobody_asked_for_can_be_let_go(pages: ProjectPages, index: FakeIndex) -> None:
    bring(pages, "a")
    pages.let_go()
    assert await asked(pages, index, "a") == ["a"]
