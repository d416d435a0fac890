"""``ftbot site``: the site as static files."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome
from bot.config import Settings, public_address
from bot.core.digest.digest import Digest
from bot.core.errors import UserError
from bot.core.site.frame import PageSite
from bot.terminal.console import output
from bot.terminal.progress import progress_bar
from bot.web.pages.files import Folder, Written
from bot.web.pages.pages import HtmlPages
from bot.web.pages.renderer import Renderer
from bot.web.pages.static import StaticSite
from bot.wiring.clock import utc_now
from bot.wiring.site_pages import open_site


def write_site(into: str, base: str | None) -> CommandOutcome:
    """Answer ``ftbot site``. Raises ``UserError`` where nothing was scanned, or where it cannot be written."""
    gc.disable()  # it makes millions of objects and no cycles: looking for those takes as long as all the rest
    settings = command_settings()
    written = asyncio.run(
        _write(settings, Path(into).expanduser(), settings.public_url if base is None else _address_of(base))
    )
    output().print(
        f"{written.files} files in {into}: {written.written} written, {written.removed} taken away, the others as"
        " they were.",
        soft_wrap=True,
        highlight=False,
    )
    return CommandOutcome.ANSWERED


def _drawer(base: str | None) -> Callable[[Digest], bytes] | None:
    """Return what draws the pictures of links, which have to be absolute, if that is installed."""
    if base is None or find_spec("matplotlib") is None:
        return None

    def draw(digest: Digest) -> bytes:
        from bot.charts import draw_card  # matplotlib takes its time to import

        return draw_card(digest)

    return draw


def _address_of(text: str) -> str:
    try:
        return public_address(text)
    except ValueError as error:
        raise UserError(f"--base-url cannot be used: {error}.") from None


async def _write(settings: Settings, into: Path, base: str | None) -> Written:
    html = HtmlPages(Renderer(PageSite(live=False, base=base)))
    async with open_site(settings) as tools:
        edition = await tools.catalogue.edition()
        if edition is None:
            raise UserError("Nothing has been scanned yet. A running bot does it soon, `ftbot scan` at once.")
        folder = await asyncio.to_thread(Folder.open, into)
        with progress_bar("packages", shown=True) as bar:
            task = bar.add_task("", total=len(edition.ranks))
            static = StaticSite(
                tools.pages,
                tools.stamps,
                html,
                folder,
                utc_now,
                _drawer(base),
            )
            await static.write(edition, lambda done: bar.update(task, completed=done))
    return await asyncio.to_thread(folder.close)
