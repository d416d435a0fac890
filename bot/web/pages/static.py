"""The whole site as files: what there is to write, and what it is made from."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus

import msgspec

from bot.build import version
from bot.core.digest.digest import Digest
from bot.core.digest.weeks import Week
from bot.core.listing.listed import listed_of, unread
from bot.core.site.about import about_page
from bot.core.site.badge import badge_of, shields_json, svg
from bot.core.site.digest_pages import digest_page, week_line
from bot.core.site.facts import Edition, SitePackage
from bot.core.site.feed import Feed, atom, digests_feed, moves_feed, package_feed
from bot.core.site.frame import FaultView
from bot.core.site.lines import Line, line_of, lines_json, read_lines
from bot.core.site.list_page import LINES, FileList, file_lists
from bot.core.site.moves import moves_of, newest_first, told_of
from bot.core.site.package_json import package_json
from bot.core.site.sitemap import robots, site_pages, sitemaps
from bot.services.site.pages import SitePages
from bot.services.site.stamps import Stamps
from bot.web.pages.files import Folder, Group, StaticFile
from bot.web.pages.pages import HtmlPages
from bot.web.pages.renderer import ASSETS, TEMPLATES_HASH

_AT_ONCE = 50
"""Packages whose files are in memory at a time."""

_MOST_DIGESTS = 12
"""Digests of their feed."""

_MOVES = 8
"""Weeks of which the feed of all moves tells."""

_PICTURED = 2
"""Weeks that have pictures of their own: each takes some tenths of a second to draw."""

_LENGTH = 12

Draw = Callable[[Digest], bytes]
"""Draws the picture that chats show of a link, as a PNG."""


@dataclass(frozen=True, slots=True)
class StaticSite:
    """Writes an edition into a folder; without ``draw`` there are no pictures of links."""

    pages: SitePages
    stamps: Stamps
    html: HtmlPages
    folder: Folder
    now: Callable[[], datetime]
    draw: Draw | None = None

    async def write(self, edition: Edition, progress: Callable[[int], object]) -> None:
        """Write everything that changed; ``progress`` is told how many packages are done.

        Raises ``StorageError``, and ``UserError`` where something cannot be written.
        """
        for asset in ASSETS.values():
            await self._put(asset.path, asset.body)
        stamps = {name: self._stamp(stamp) for name, stamp in (await self.stamps.of(edition)).items()}
        lines = await self._packages(edition, stamps, progress)
        await asyncio.to_thread(self._lists, lines, stamps)
        await self._digests(edition)
        await self._put("index.html", self.html.front(await self.pages.front(edition), edition.scanned))
        await self._put("about/index.html", self.html.about(about_page(edition)))
        await self._put("404.html", self.html.fault(_NOT_FOUND))

    async def _packages(
        self, edition: Edition, stamps: Mapping[str, str], progress: Callable[[int], object]
    ) -> list[Line]:
        """Write what is about packages of which anything changed, and return the lines of all of them.

        Those of the others are taken from the file that has them.
        """
        lines = await asyncio.to_thread(self._unchanged, stamps)
        changed = [name for name in stamps if name not in lines]
        done = len(lines)
        progress(done)
        made: list[Group] = []
        async for package in self.pages.catalogue.packages(changed, edition):
            lines[package.name] = line_of(listed_of(package.status.judgement, package.rank))
            page = self.html.package(await self.pages.page_of(package, edition))
            files = [StaticFile(f"packages/{package.name}/index.html", page), *self._beside(package)]
            made.append(Group(_group_of(package.name), stamps[package.name], files))
            if len(made) == _AT_ONCE:
                await asyncio.to_thread(self.folder.put_groups, made)
                done, made = done + len(made), []
                progress(done)
        await asyncio.to_thread(self.folder.put_groups, made)
        progress(done + len(made))
        targets = self.pages.catalogue.targets
        return [lines.get(name) or line_of(unread(name, rank, targets)) for name, rank in edition.ranks.items()]

    def _unchanged(self, stamps: Mapping[str, str]) -> dict[str, Line]:
        """Leave what is about packages of which nothing changed, and return their lines."""
        before = {line.name: line for line in read_lines(self.folder.read(LINES)) if line.name in stamps}
        kept = self.folder.kept({_group_of(name): stamps[name] for name in before})
        return {name: line for name, line in before.items() if _group_of(name) in kept}

    def _beside(self, package: SitePackage) -> Iterator[StaticFile]:
        """Yield what programs read of a package; the addresses are those of the site that is served."""
        badge = badge_of(package.status)
        moves = moves_of(package, self.now())
        changed = package.status.judgement.released or package.status.checked
        feed = package_feed(package.name, moves, changed)
        yield StaticFile(f"packages/{package.name}.json", package_json(package))
        yield StaticFile(f"packages/{package.name}/feed.xml", atom(feed, self.html.renderer.site.base))
        yield StaticFile(f"badge/{package.name}.svg", svg(badge))
        yield StaticFile(f"badge/{package.name}.json", shields_json(badge))

    def _lists(self, lines: Sequence[Line], stamps: Mapping[str, str]) -> None:
        targets = self.pages.catalogue.targets
        self.folder.put(StaticFile(LINES, lines_json(targets, lines)))
        for page in file_lists(targets, lines):
            source = " ".join((page.says, *(stamps[name] for name in page.packages)))
            self._group(f"list {page.path}", source, partial(self._list, page))

    def _list(self, page: FileList) -> dict[str, bytes]:
        return {f"{page.path}index.html": self.html.listing(page.view())}

    def _group(self, name: str, source: str, make: Callable[[], dict[str, bytes]]) -> None:
        """Write files that are made from the same, unless they were."""
        stamp = self._stamp(source)
        if not self.folder.kept({name: stamp}):
            files = [StaticFile(path, body) for path, body in make().items()]
            self.folder.put_groups([Group(name, stamp, files)])

    async def _digests(self, edition: Edition) -> None:
        """Write the weeks, the archive and what tells of them, of all weeks that have anything to tell."""
        weeks = await self.pages.weeks()
        digests = [digest async for digest in self.pages.digests_of(weeks)]
        over = [digest for digest in digests if digest.complete]
        pictured = {str(digest.week) for digest in digests[:_PICTURED]} if self._draws else set()
        beside = self._stamp(repr((weeks, sorted(edition.ranks))))
        for digest in digests:
            is_pictured = str(digest.week) in pictured
            source = f"{beside} {is_pictured} {msgspec.json.encode(digest)!r}"
            make = partial(self._week, digest, weeks, edition, is_pictured=is_pictured)
            await asyncio.to_thread(self._group, f"week {digest.week}", source, make)
        await self._put("digests/index.html", self.html.archive([week_line(digest) for digest in digests]))
        moves = newest_first({each.key: each for digest in digests[:_MOVES] for each in told_of(digest)}.values())
        read = edition.scanned
        await self._feed("digests/feed.xml", digests_feed(over[:_MOST_DIGESTS], over[0].read if over else read))
        await self._feed("feed.xml", moves_feed(moves, read))
        await self._map(edition, [digest.week for digest in over])
        if self._draws:
            await self._pictures(digests[:_PICTURED])

    def _week(self, digest: Digest, weeks: Sequence[Week], edition: Edition, *, is_pictured: bool) -> dict[str, bytes]:
        page = digest_page(digest, weeks, edition.ranks)
        return {f"digests/{digest.week}/index.html": self.html.digest(page, pictured=is_pictured)}

    @property
    def _draws(self) -> bool:
        """Return whether links have pictures: where somebody can draw, and the address of the site is known."""
        return self.draw is not None and self.html.renderer.site.base is not None

    async def _map(self, edition: Edition, weeks: Sequence[Week]) -> None:
        base = self.html.renderer.site.base
        await self._put("robots.txt", robots(base))
        if base is not None:
            for path, body in sitemaps(site_pages(edition.ranks, weeks), base).items():
                await self._put(path.removeprefix("/"), body)

    async def _pictures(self, digests: Sequence[Digest]) -> None:
        """Draw what is not drawn yet, or shows another week by now; the site's is the newest's."""
        for digest in digests:
            paths = [f"digests/{digest.week}/og.png", *(["og.png"] if digest is digests[0] else [])]
            source = repr((digest.shares, digest.chart, paths))
            await asyncio.to_thread(
                self._group, f"picture {digest.week}", source, partial(self._picture, digest, paths)
            )

    def _picture(self, digest: Digest, paths: Sequence[str]) -> dict[str, bytes]:
        return {} if self.draw is None else dict.fromkeys(paths, self.draw(digest))

    async def _feed(self, path: str, feed: Feed) -> None:
        await self._put(path, atom(feed, self.html.renderer.site.base))

    async def _put(self, path: str, body: bytes) -> None:
        await asyncio.to_thread(self.folder.put, StaticFile(path, body))

    def _stamp(self, text: str) -> str:
        """Return what is another one where what a page is made from is, the program included."""
        made_by = f"{version()} {TEMPLATES_HASH} {self.html.renderer.site.base}"
        return hashlib.blake2b(f"{made_by} {text}".encode(), digest_size=_LENGTH).hexdigest()


def _group_of(package: str) -> str:
    return f"package {package}"


_NOT_FOUND = FaultView(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.NOT_FOUND.phrase,
    "There is no such page here. This site has the packages that are downloaded most; search for one, or begin at the"
    " front page.",
)
