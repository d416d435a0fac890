"""Time zones are found by name, and offered while somebody types."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.services.discord.zones import MOST_OFFERED, Zones


@pytest.fixture
async def zones() -> Zones:
    loaded = Zones()
    await loaded.load()
    return loaded


@pytest.mark.parametrize("typed", ["Europe/Berlin", "europe/berlin", " EUROPE/BERLIN "])
async def test_a_zone_is_found_in_any_case(typed: str) -> None:
    assert await Zones().name_of(typed) == "Europe/Berlin"


async def test_spaces_stand_for_underscores(zones: Zones) -> None:
    assert await zones.name_of("America/New York") == "America/New_York"


@pytest.mark.parametrize("name", ["", "Nowhere", "../passwd", "/etc/localtime", "Europe", "\0", "x" * 5000])
async def test_what_is_no_zone_is_none(zones: Zones, name: str) -> None:
    assert await zones.name_of(name) is None
    assert await zones.find(name) is None


async def test_a_zone_knows_its_clocks(zones: Zones) -> None:
    zone = await zones.find("Europe/Berlin")
    assert zone is not None
    assert datetime(2026, 7, 1, 12, tzinfo=UTC).astimezone(zone).hour == 14
    assert await zones.find("Europe/Berlin") is zone


def test_nothing_is_offered_before_the_names_are_read() -> None:
    assert Zones().complete("berlin") == Zones().complete("") == []


async def test_names_that_begin_so_are_offered_first(zones: Zones) -> None:
    offered = zones.complete("par")
    assert "Europe/Paris" in offered
    assert all(any(part.startswith("par") for part in name.lower().split("/")) for name in offered[:3])
    assert len(zones.complete("a")) == MOST_OFFERED
