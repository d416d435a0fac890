"""What looks packages up, built from the settings on resources that somebody opened.

Apart from ``bot.wiring.discord``, so that a command in a terminal does not wait for Discord's library.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from bot.config import Settings
from bot.services.packages.lookup import Source, StatusLookup, uncounted
from bot.services.packages.writer import ReadingWriter
from bot.wiring.http import build_index
from storage.engine.engine import Engine
from storage.packages.inspections import Inspections
from storage.packages.statuses import Statuses


def build_lookup(
    settings: Settings,
    http: httpx.AsyncClient,
    database: Engine,
    count: Callable[[Source], None] = uncounted,
    stored: Callable[[str], None] = lambda _package: None,
) -> StatusLookup:
    """Build what answers whether a package has wheels.

    ``count`` is told where each answer came from, ``stored`` of each package of which something new is stored.
    """
    index = build_index(settings, http)
    readings = ReadingWriter(Statuses(database, settings.index_url, index), stored)
    return StatusLookup(index, readings, settings.targets, database.now, count=count, inspections=Inspections(database))
