"""How often a project releases goes by stable releases and their first uploads."""

from __future__ import annotations

from datetime import datetime

from bot.core.comparison.cadence import Cadence, cadence
from tests.core.pages import NOW, ago, project, sdist, wheels


def test_stable_releases_of_the_last_year_are_counted() -> None:
    page = project(
        *wheels("py3-none-any", version="1.0", uploaded=ago(days=400)),
        *wheels("py3-none-any", version="1.1", uploaded=ago(days=300)),
        sdist("1.1", uploaded=ago(days=1)),
        sdist("1.2", uploaded=ago(days=50)),
        sdist("2.0b1", uploaded=ago(days=2)),
        sdist("1.3", uploaded=ago(days=9), yanked=True),
        sdist("1.4", uploaded=None),
    )
    assert cadence(page, NOW) == Cadence(2, datetime.fromisoformat(ago(days=50)))


def test_of_an_index_without_times_nothing_is_known() -> None:
    assert cadence(project(sdist(uploaded=None)), NOW) == Cadence(0, None)
