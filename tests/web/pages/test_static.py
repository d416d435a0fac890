"""A site of files: every page whole and valid, every link leads to a file, and only what changed is written."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from bot.core.errors import UserError
from bot.core.site.frame import PageSite
from bot.web.pages.files import MANIFEST, Folder, StaticFile, Written
from bot.web.pages.pages import HtmlPages
from bot.web.pages.renderer import Renderer
from bot.web.pages.static import StaticSite
from bot.wiring.site_pages import open_site
from storage.engine.sqlite import open_database
from tests.web.pages.data import change, fill, lines_of, settings_for
from tests.web.pages.reading import problems, read

BASE = "https://example.org/ft"
ELSEWHERE = ("https://", "http://")


async def write(database: Path, into: Path, base: str | None = BASE) -> Written:
    async with open_site(settings_for(database)) as tools:
        edition = await tools.catalogue.edition()
        assert edition is not None
        folder = await asyncio.to_thread(Folder.open, into)
        html = HtmlPages(Renderer(PageSite(live=False, base=base)))
        site = StaticSite(tools.pages, tools.stamps, html, folder, lambda: datetime.now(UTC))
        await site.write(edition, lambda _: None)
        return await asyncio.to_thread(folder.close)


@pytest.fixture
async def database(database_path: Path) -> Path:
    """Give a database that was scanned."""
    async with open_database(database_path) as opened:
        await fill(opened)
    return database_path


def pages_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.html"))}


def is_file(folder: Path, page: str, link: str) -> bool:
    path = unquote(urlsplit(urljoin(f"/{page}", link)).path).removeprefix("/")
    place = folder / path
    return (place / "index.html").is_file() if path == "" or path.endswith("/") else place.is_file()


async def test_every_page_is_whole_and_every_link_leads_somewhere(database: Path, tmp_path: Path) -> None:
    written = await write(database, tmp_path / "site")
    pages = pages_of(tmp_path / "site")
    assert (
        written.files == written.written == len([path for path in (tmp_path / "site").rglob("*") if path.is_file()]) - 1
    )
    assert {"index.html", "404.html", "about/index.html", "digests/index.html", "packages/index.html"} <= pages.keys()
    assert {f"packages/{name}/index.html" for name in ("alpha", "beta", "gamma", "delta")} <= pages.keys()
    for path, body in pages.items():
        page = read(body)
        assert (path, problems(page)) == (path, [])
        inside = [link for link in page.links if not link.startswith(ELSEWHERE)]
        if path != "404.html":  # it may be shown at any address, so its links begin at the host's root
            assert [link for link in inside if not is_file(tmp_path / "site", path, link)] == []
            assert not any(link.startswith("/") for link in inside)
        assert not any("/compare" in link or "/deps" in link for link in page.links)
    assert read(pages["404.html"]).links[0].startswith("/ft/assets/")


async def test_what_strangers_wrote_is_text_and_nothing_else(database: Path, tmp_path: Path) -> None:
    await write(database, tmp_path / "site")
    shown = ""
    for path, body in pages_of(tmp_path / "site").items():
        page = read(body)
        assert (path, "<script>alert" in body.decode()) == (path, False)
        assert (path, "49" in page.text and "{{7*7}}" not in page.text and "alert" in page.text) == (path, False)
        assert (path, "\u202e" in body.decode(), b"\0" in body) == (path, False, False)
        assert all(not link.startswith("javascript:") for link in page.links)
        assert (path, len([1 for tag, _ in page.tags if tag == "img"])) in {(path, 0), (path, 1)}  # the badge
        shown += page.text
    assert "<script>alert(1)</script>" in shown  # as text
    assert "{{7*7}}" in shown


async def test_a_package_has_all_that_is_known_of_it_on_its_page(database: Path, tmp_path: Path) -> None:
    await write(database, tmp_path / "site")
    text = read((tmp_path / "site/packages/alpha/index.html").read_bytes()).text
    for words in (
        "alpha 2.0",
        "It installs on 3.14t from wheels, but not on every platform, and importing it turns the GIL back on.",
        "Linux x86-64",
        "2.0, ",
        "needs the GIL",
        "What it requires that lacks wheels delta no wheel gamma abi3 only",
        "alpha/alpha#7, open",
        "# cp314t-manylinux_x86_64",
        f"[![free-threading]({BASE}/badge/alpha.svg)]({BASE}/packages/alpha/)",
    ):
        assert words in text
    assert "The last scan could not read it" in read((tmp_path / "site/packages/delta/index.html").read_bytes()).text


async def test_programs_find_what_they_would_find_where_it_is_served(database: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    await write(database, site)
    assert json.loads((site / "packages/beta.json").read_text("utf-8"))["verdict"] == "supported"
    assert json.loads((site / "badge/gamma.json").read_text("utf-8"))["schemaVersion"] == 1
    assert "<svg" in (site / "badge/alpha.svg").read_text("utf-8")
    assert f"{BASE}/packages/beta/" in (site / "sitemap.xml").read_text("utf-8")
    assert f"{BASE}/feed.xml" in (site / "feed.xml").read_text("utf-8")
    found = lines_of((site / "lists/packages.json").read_bytes())["packages"]
    assert isinstance(found, list)
    assert [line[0] for line in found] == ["alpha", "beta", "gamma", "delta", "many0000"]


async def test_without_an_address_nothing_is_absolute(database: Path, tmp_path: Path) -> None:
    await write(database, tmp_path / "site", base=None)
    body = (tmp_path / "site/packages/alpha/index.html").read_text("utf-8")
    assert "og:url" not in body
    assert "Markdown" not in body
    assert not (tmp_path / "site/sitemap.xml").exists()


async def test_only_what_changed_is_written_again(database: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    first = await write(database, site)
    again = await write(database, site)
    assert (again.files, again.written, again.removed) == (first.files, 0, 0)
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*.html")}
    async with open_database(database) as opened:
        await change(opened, "delta")
    await write(database, site)
    changed = {path.parent for path, time in before.items() if path.stat().st_mtime_ns != time}
    packages = {path.name for path in changed if path.parent.name == "packages"}
    # alpha requires delta, which blocks it no longer.
    assert packages == {"delta", "alpha"}
    assert "delta" not in read((site / "packages/alpha/index.html").read_bytes()).text.partition("What it requires")[2]


def files_of(folder: Path) -> dict[str, bytes]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


async def test_what_is_written_again_is_what_is_written_anew(database_path: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    async with open_database(database_path) as opened:
        await fill(opened, packages=250)
    await write(database_path, site)
    async with open_database(database_path) as opened:
        for name in ("delta", "many0007"):
            await change(opened, name)
        async with opened.transaction() as transaction:
            await transaction.run("DELETE FROM projects WHERE package = 'many0009'")
            await transaction.run("UPDATE scans SET tracked = REPLACE(tracked, 'many0011', 'never-read')")
    await write(database_path, site)
    await write(database_path, tmp_path / "anew")
    assert files_of(site) == files_of(tmp_path / "anew")
    rows = lines_of((site / "lists/packages.json").read_bytes())["packages"]
    assert isinstance(rows, list)
    versions = {row[0]: row[2] for row in rows}
    assert (versions["delta"], versions["many0008"], versions["many0009"]) == ("9.0", "1.0", None)
    assert (versions["never-read"], "many0011" in versions) == (None, False)
    assert not (site / "packages/many0009").exists()


@pytest.mark.parametrize(
    "damage", [b"{}", b"\xff", b'{"targets":[],"platforms":[],"verdicts":{},"packages":[["beta",1,"6.6",[]]]}']
)
async def test_lines_that_others_wrote_are_not_taken_over(database: Path, tmp_path: Path, damage: bytes) -> None:
    site = tmp_path / "site"
    await write(database, site)
    (site / "lists/packages.json").write_bytes(damage)
    async with open_database(database) as opened:
        await change(opened, "delta")
    await write(database, site)
    await write(database, tmp_path / "anew")
    assert files_of(site) == files_of(tmp_path / "anew")


async def test_another_address_writes_everything_anew(database: Path, tmp_path: Path) -> None:
    await write(database, tmp_path / "site")
    again = await write(database, tmp_path / "site", base="https://example.net")
    assert "example.org" not in (tmp_path / "site/packages/alpha/index.html").read_text("utf-8")
    assert again.written >= 20


async def test_what_was_deleted_or_is_gone_is_put_right(database: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    await write(database, site)
    (site / "packages/beta/index.html").unlink()
    async with open_database(database) as opened, opened.transaction() as transaction:
        await transaction.run('UPDATE scans SET tracked = \'[["beta",1],["gamma",2]]\'')
    written = await write(database, site)
    assert (site / "packages/beta/index.html").is_file()
    assert not (site / "packages/alpha/index.html").exists()
    assert written.removed >= 10


async def test_a_folder_with_other_files_is_left_alone(database: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("important", "utf-8")
    with pytest.raises(UserError, match="holds files that no ftbot wrote"):
        await write(database, mine)
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


async def test_a_note_that_others_wrote_takes_nothing_away(database: Path, tmp_path: Path) -> None:
    outside, site = tmp_path / "outside.txt", tmp_path / "site"
    outside.write_text("important", "utf-8")
    site.mkdir()
    (site / MANIFEST).write_text(json.dumps({"schema": 1, "files": {"../outside.txt": "x"}, "groups": {}}), "utf-8")
    await write(database, site)
    assert outside.exists()


async def test_any_page_is_small_with_its_stylesheet(database_path: Path, tmp_path: Path) -> None:
    async with open_database(database_path) as opened:
        await fill(opened, packages=250)
    await write(database_path, tmp_path / "site")
    style = len(gzip.compress((tmp_path / "site/assets/site.css").read_bytes()))
    for path, body in pages_of(tmp_path / "site").items():
        assert (path, len(gzip.compress(body)) + style < 60_000) == (path, True)
    assert (tmp_path / "site/lists/2/index.html").is_file()
    assert (tmp_path / "site/lists/3.14t/not-yet/3/index.html").is_file()


def test_a_first_run_that_was_killed_leaves_a_folder_that_is_known_again(tmp_path: Path) -> None:
    into = tmp_path / "site"
    Folder.open(into).put(StaticFile("index.html", b"half of it"))  # and no note of it: it never closed
    folder = Folder.open(into)
    folder.put(StaticFile("index.html", b"all of it"))
    folder.close()
    assert (into / "index.html").read_bytes() == b"all of it"


def test_a_note_that_contradicts_itself_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"files": {}, "groups": {"a": ["stamp", ["gone.html"]]}}')
    folder = Folder.open(tmp_path)
    assert folder.kept({"a": "stamp"}) == frozenset()
    folder.close()
