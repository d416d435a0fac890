from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.index.simple_api import File
from bot.core.verdicts.freshness import FRESH_WHEN_CLOSED, FRESH_WHILE_OPEN, Reading
from tests.core.pages import NOW, ago, project, sdist


@pytest.mark.parametrize(
    ("files", "lasts"),
    [
        ([sdist(uploaded=ago(days=13, hours=23))], FRESH_WHILE_OPEN),
        ([sdist(uploaded=ago(days=14))], FRESH_WHEN_CLOSED),
        ([sdist(uploaded=ago(days=99)), sdist("2.0", uploaded=ago(days=1))], FRESH_WHILE_OPEN),
        ([sdist(uploaded=None)], FRESH_WHILE_OPEN),
        ([], FRESH_WHILE_OPEN),
    ],
)
def test_a_reading_is_believed_longer_when_the_newest_release_takes_no_more_files(
    files: list[File], lasts: timedelta
) -> None:
    assert Reading.of(project(*files), NOW).fresh_until() == NOW + lasts


@pytest.mark.parametrize(
    ("later", "fresh"),
    [(timedelta(), True), (timedelta(minutes=9), True), (FRESH_WHILE_OPEN, False), (timedelta(seconds=-1), False)],
)
def test_a_reading_is_fresh_for_its_time_and_never_before_it_was_made(later: timedelta, *, fresh: bool) -> None:
    assert Reading.of(project(sdist(uploaded=None)), NOW).is_fresh(NOW + later) is fresh
