"""``ftbot digest``: what moved in a week."""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from pathlib import Path

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome
from bot.config import Settings
from bot.core.digest import markdown as digest_text
from bot.core.digest import page as digest_page
from bot.core.digest.digest import Digest
from bot.core.digest.weeks import Week, parse_week
from bot.core.errors import UserError
from bot.core.schema.digest import digest_json
from bot.core.site.whole_lists import WholeLists
from bot.wiring.digest import open_digester

_ENDINGS = {"markdown": "md", "json": "json", "html": "html"}


def show_digest(week: str | None, form: str, into: str | None) -> CommandOutcome:
    """Answer ``ftbot digest``. Raises ``UserError`` where there is none, or where it cannot be written."""
    settings = command_settings()
    asked = None if week is None else parse_week(week)
    return asyncio.run(_digest(settings, asked, form, None if into is None else Path(into).expanduser()))


async def _digest(settings: Settings, week: Week | None, form: str, into: Path | None) -> CommandOutcome:
    async with open_digester(settings) as digester:
        digest = await digester.digest(week)
    whole = WholeLists(settings.site_address)
    if into is None:
        sys.stdout.write(_written(digest, form, whole, chart=None))
        return CommandOutcome.ANSWERED
    chart = into / f"{digest.week}.png"
    document = into / f"{digest.week}.{_ENDINGS[form]}"
    picture = b"" if form == "json" else await asyncio.to_thread(_draw, digest)
    try:
        await asyncio.to_thread(into.mkdir, parents=True, exist_ok=True)
        if picture:
            await asyncio.to_thread(chart.write_bytes, picture)
        await asyncio.to_thread(document.write_text, _written(digest, form, whole, chart=chart.name), "utf-8")
    except OSError as error:
        raise UserError(f"{into} cannot be written: {error.strerror or error}. Name another folder.") from error
    sys.stdout.write(f"{document}\n")
    return CommandOutcome.ANSWERED


def _written(digest: Digest, form: str, whole: WholeLists, chart: str | None) -> str:
    """Write a digest; alone, an HTML page has its chart inside."""
    if form == "json":
        return json.dumps(digest_json(digest)) + "\n"
    if form == "html":
        picture = _draw(digest) if chart is None else chart
        return digest_page.page(digest, picture, partial(whole.in_section, digest), whole.packages())
    return digest_text.markdown(digest, chart, partial(whole.in_section, digest), whole.packages())


def _draw(digest: Digest) -> bytes:
    from bot.charts import draw  # matplotlib takes its time to import

    return draw(digest)
