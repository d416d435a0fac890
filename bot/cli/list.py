"""``ftbot list``: the tracked packages, one a line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.cli.environment import command_settings
from bot.cli.output import CommandOutcome, print_json
from bot.config import Settings
from bot.core.listing.query import ListQuery, of_target, page_of, select
from bot.core.listing.words import parse_day, parse_gil, parse_order, parse_platform, parse_ranks, parse_verdict
from bot.core.schema.listing import listed_json
from bot.core.wheels.targets import parse_target
from bot.terminal.console import error_output, output
from bot.terminal.listing import framed_list, package_list
from bot.wiring.clock import utc_now
from bot.wiring.listing import open_lister

_USUAL_PAGE = 50
"""Packages of a page, where only its number is given."""


@dataclass(frozen=True, slots=True)
class ListAsked:
    """What was asked on the command line, as it was typed; ``limit`` and ``page`` count packages and pages."""

    target: str | None = None
    verdicts: Sequence[str] = ()
    gil: str | None = None
    lagging: bool = False
    narrowed: bool = False
    covers: str | None = None
    lacks: str | None = None
    ranks: str | None = None
    gained_since: str | None = None
    order: str = "rank"
    limit: int | None = None
    page: int | None = None


def list_packages(asked: ListAsked, *, as_json: bool) -> CommandOutcome:
    """Answer ``ftbot list``. Raises ``UserError`` for a filter that makes no sense, or where nothing was scanned."""
    query = read_query(asked)
    return asyncio.run(_list(command_settings(), query, asked, as_json=as_json))


def read_query(asked: ListAsked) -> ListQuery:
    """Read what was asked; a ``UserError`` says what a filter looks like."""
    return ListQuery(
        target=None if asked.target is None else parse_target(asked.target),
        verdicts=frozenset(map(parse_verdict, asked.verdicts)),
        gil=None if asked.gil is None else parse_gil(asked.gil),
        lagging=asked.lagging,
        narrowed=asked.narrowed,
        covers=None if asked.covers is None else parse_platform(asked.covers),
        lacks=None if asked.lacks is None else parse_platform(asked.lacks),
        ranks=None if asked.ranks is None else parse_ranks(asked.ranks),
        gained_since=None if asked.gained_since is None else parse_day(asked.gained_since),
        order=parse_order(asked.order),
    )


async def _list(settings: Settings, query: ListQuery, asked: ListAsked, *, as_json: bool) -> CommandOutcome:
    async with open_lister(settings) as lister:
        tracked = await lister.tracked()
    size = asked.limit or (None if asked.page is None else _USUAL_PAGE)
    number = asked.page or 1
    page = page_of(select(tracked.packages, query), number, size)
    if number > page.pages:  # the last page again would let who reads page after page never end
        error_output().print(f"ftbot: There is no page {number}. The last is {page.pages}.", soft_wrap=True)
        return CommandOutcome.ANSWERED
    page = replace(page, packages=tuple(of_target(each, query.target) for each in page.packages))
    if as_json:
        for package in page.packages:
            print_json(listed_json(package))
    else:
        out = output()
        drawn = framed_list(page, tracked.scanned, utc_now()) if out.is_terminal else package_list(page)
        out.print(drawn, crop=False)
    return CommandOutcome.ANSWERED
