"""The whole site as files: what there is to write, page by page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from bot.core.site.about import about_page
from bot.core.site.facts import Edition
from bot.core.site.list_page import LINES, file_lists, lines_json
from bot.services.site.listing import SiteListing
from bot.services.site.pages import SitePages
from bot.web.pages.files import Folder, StaticFile
from bot.web.pages.pages import HtmlPages
from bot.web.pages.renderer import assets


@dataclass(frozen=True, slots=True)
class StaticSite:
    """Writes an edition into a folder; ``progress`` is told how many packages are written."""

    pages: SitePages
    listing: SiteListing
    html: HtmlPages
    folder: Folder

    async def write(self, edition: Edition, progress: Callable[[int], object]) -> None:
        """Write everything that changed. Raises ``StorageError`` and ``UserError``."""
        for asset in assets().values():
            self.folder.put(StaticFile(asset.path, asset.body))
        self._page("", self.html.front(await self.pages.front(edition), edition.scanned))
        self._page("about/", self.html.about(about_page(edition)))
        lines = await self.listing.lines(edition)
        self.folder.put(StaticFile(LINES, msgspec.json.encode(lines_json(lines))))
        for view in file_lists(lines):
            self._page(view.path, self.html.listing(view))
        await self._digests(edition)
        await self._packages(edition, progress)

    async def _digests(self, edition: Edition) -> None:
        self._page("digests/", self.html.archive(await self.pages.archive()))
        for week in await self.pages.weeks():
            self._page(f"digests/{week}/", self.html.digest(await self.pages.digest(week, edition)))

    async def _packages(self, edition: Edition, progress: Callable[[int], object]) -> None:
        number = 0
        async for page in self.pages.packages(tuple(edition.ranks), edition):
            self._page(f"packages/{page.name}/", self.html.package(page))
            number += 1
            progress(number)

    def _page(self, path: str, body: bytes) -> None:
        self.folder.put(StaticFile(f"{path}index.html", body))
