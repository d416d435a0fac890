"""The client of a package index: pages, what identifies them, metadata, and the list of all projects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.clients.pages import NoPage, ProjectPage
from bot.clients.pypi import PackageIndex
from bot.clients.web import Http, Patience
from bot.core.errors import UpstreamError
from bot.core.index.metadata import NOT_OFFERED, Metadata
from bot.core.index.simple_api import Project, ProjectStatus
from tests.fakes.fake_index import FakeIndex, Fault, Reset, html_page, not_gzip, refusal, truncated, truncated_json
from tests.fakes.index_pages import MIRROR, PYPI, Dialect, StatusShape, sdist, wheels
from tests.patience import at_most

QUICK = Patience(attempts=3, first_wait=0.001, longest_wait=0.01, deadline=at_most(60))
DEMO = [*wheels("demo", "1.0", "cp314-cp314t-win32"), sdist("demo", "1.0")]


@pytest.fixture
async def server() -> AsyncIterator[FakeIndex]:
    """Give a package index."""
    async with FakeIndex() as running:
        yield running


@pytest.fixture
def index(server: FakeIndex, http: Http) -> PackageIndex:
    """Give the client."""
    return PackageIndex(http, server.index_url, server.json_api_url, QUICK)


@pytest.mark.parametrize("dialect", [PYPI, MIRROR], ids=["pypi", "mirror"])
async def test_a_page_is_read_whoever_wrote_it(server: FakeIndex, index: PackageIndex, dialect: Dialect) -> None:
    server.dialect = dialect
    server.publish("demo", DEMO)
    page = await index.project("demo")
    assert isinstance(page, ProjectPage)
    assert [file.filename for file in page.project.files] == [file.filename for file in DEMO]
    assert (page.etag is None) is (dialect is MIRROR)


@pytest.mark.parametrize("shape", StatusShape)
async def test_the_status_is_read_in_every_shape(server: FakeIndex, index: PackageIndex, shape: StatusShape) -> None:
    server.dialect = replace(PYPI, status_shape=shape)
    server.publish("demo", DEMO, status="archived")
    page = await index.project("demo")
    assert isinstance(page, ProjectPage)
    assert page.project.status is ProjectStatus.ARCHIVED


async def test_a_page_with_the_etag_known_is_not_sent(server: FakeIndex, index: PackageIndex) -> None:
    server.publish("demo", DEMO)
    page = await index.project("demo")
    assert isinstance(page, ProjectPage)
    before = server.bytes_sent
    assert await index.project("demo", page.etag) is NoPage.NOT_MODIFIED
    assert server.bytes_sent == before
    server.upload("demo", *wheels("demo", "2.0", "cp314-cp314t-win32"))
    assert isinstance(await index.project("demo", page.etag), ProjectPage)


async def test_an_answer_that_nothing_changed_is_nothing_to_who_knew_nothing(
    server: FakeIndex, index: PackageIndex
) -> None:
    server.serve_raw("demo", status=304)
    with pytest.raises(UpstreamError):
        await index.project("demo")


async def test_a_project_that_is_not_there_is_not_found(index: PackageIndex) -> None:
    assert await index.project("demo") is NoPage.NOT_FOUND


async def test_the_page_of_another_spelling_is_found(server: FakeIndex, index: PackageIndex) -> None:
    server.publish("demo-package", [sdist("demo-package", "1.0")])
    assert isinstance(await index.project("Demo_Package"), ProjectPage)
    assert [request.status for request in server.requests] == [301, 200]


async def test_a_large_page_is_read_without_holding_up_the_loop(
    server: FakeIndex, index: PackageIndex, shared: Path
) -> None:
    server.load_recorded(shared / "data" / "simple", "numpy")
    page = await index.project("numpy")
    assert isinstance(page, ProjectPage)
    assert len(page.project.files) > 4_000


async def test_a_conclusion_is_drawn_from_a_page(server: FakeIndex, index: PackageIndex) -> None:
    def count(project: Project) -> int:
        return len(project.files)

    server.publish("demo", DEMO)
    summary = await index.summary("demo", None, count)
    assert not isinstance(summary, NoPage)
    assert (summary.concluded, summary.size) == (2, server.bytes_sent)
    assert await index.summary("demo", summary.etag, count) is NoPage.NOT_MODIFIED


async def test_the_metadata_file_is_that_of_the_newest_release(server: FakeIndex, index: PackageIndex) -> None:
    text = "Metadata-Version: 2.4\nName: demo\nVersion: {}\nProject-URL: Source, https://example.org/{}\n"
    files = [
        replace(file, metadata=text.format(version, version))
        for version in ("1.0", "10.0", "9.0", "11.0a1")
        for file in wheels("demo", version, "py3-none-any")
    ]
    server.publish("demo", files)
    page = await index.project("demo")
    assert isinstance(page, ProjectPage)
    assert page.metadata_file is not None
    assert page.metadata_file.url == f"{server.url}/files/demo-10.0-py3-none-any.whl.metadata"
    found = await index.metadata("demo", "10.0", page.metadata_file)
    assert found == Metadata(source="https://example.org/10.0")


async def test_metadata_that_nobody_has_is_not_offered(index: PackageIndex) -> None:
    assert await index.metadata("demo", "1.0", None) == NOT_OFFERED


@pytest.mark.parametrize("dialect", [PYPI, MIRROR], ids=["pypi", "mirror"])
async def test_serials_of_wanted_projects_are_read_from_the_list(
    server: FakeIndex, index: PackageIndex, dialect: Dialect
) -> None:
    server.dialect = dialect
    published = {name: server.publish(name).serial for name in (f"demo{number}" for number in range(3_000))}
    wanted = {"demo7", "demo2999", "missing"}
    assert await index.serials(wanted) == {name: published[name] for name in wanted & published.keys()}


@pytest.mark.parametrize(
    "fault",
    [refusal(404), refusal(500), html_page(), truncated, truncated_json, not_gzip, Reset()],
    ids=["404", "500", "html", "half a stream", "half a list", "no gzip", "reset"],
)
async def test_a_list_that_is_not_whole_is_an_upstream_error(
    server: FakeIndex, index: PackageIndex, fault: Fault
) -> None:
    for number in range(3_000):
        server.publish(f"demo{number}")
    server.script(fault, path="^/simple/$", times=None)
    with pytest.raises(UpstreamError):
        await index.serials({"demo7"})
