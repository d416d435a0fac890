from __future__ import annotations

from datetime import date

import pytest

from bot.core.index.simple_api import File
from bot.core.verdicts.earlier import losses, since
from bot.core.verdicts.support import first_trusted, newest_release
from bot.core.wheels.platforms import Platform
from tests.core.pages import T314, ago, project, sdist, wheel, wheels

_GIL, _FT = "cp314-cp314-win32", "cp314-cp314t-win32"


@pytest.mark.parametrize(
    ("files", "oldest"),
    [
        ([wheel(_FT, "1.0"), wheel(_FT, "2.0")], "1.0"),
        ([wheel(_FT, "1.0"), wheel(_GIL, "1.1"), wheel(_FT, "2.0")], "2.0"),
        ([wheel(_FT, "1.0"), wheel(_GIL, "1.1", yanked=True), wheel(_FT, "2.0")], "1.0"),
        ([wheel(_FT, "1.0"), wheel(_GIL, "1.1a1"), wheel(_FT, "2.0")], "1.0"),
        ([wheel(_FT, "1.0a1"), wheel(_FT, "2.0")], "2.0"),
        ([wheel(_FT, "1.0"), wheel(_GIL, "2.0")], None),
        ([wheel(_FT, "1.0"), wheel(_FT, "2.0", requires=">=3.15")], None),
        ([wheel(_FT, "1.0a1")], None),
        ([wheel("py3-none-win32", "1.0"), wheel(_FT, "2.0")], "1.0"),
        ([wheel("cp314-none-win32", "1.0"), wheel(_FT, "2.0")], "2.0"),
        ([wheel("cp314-cp314t-manylinux_2_39_riscv64", "1.0"), wheel(_FT, "2.0")], "2.0"),
    ],
)
def test_support_dates_from_the_oldest_stable_release_of_an_unbroken_run(files: list[File], oldest: str | None) -> None:
    demo = project(*files)
    newest = newest_release(demo)
    assert newest is not None
    found = since(demo, newest, T314)
    assert (None if found is None else str(found.version)) == oldest


def test_the_day_of_support_is_that_of_the_first_trusted_wheel_in_utc() -> None:
    demo = project(
        sdist(uploaded="2026-10-01T00:00:00Z"),
        wheel(_FT, uploaded="2026-10-03T00:30:00+02:00"),
        wheel("cp314-cp314t-win_amd64", uploaded="2026-10-04T00:00:00Z"),
    )
    found = since(demo, demo.releases[0], T314)
    assert found is not None
    assert (found.version, found.date) == (demo.releases[0].version, date(2026, 10, 2))


def test_support_has_no_day_where_the_index_has_no_upload_times() -> None:
    demo = project(wheel(_FT, uploaded=None))
    found = since(demo, demo.releases[0], T314)
    assert found is not None
    assert found.date is None
    assert first_trusted(demo.releases[0], T314) == (True, None)


def test_a_loss_names_the_last_release_that_had_the_wheels_and_the_first_that_did_not() -> None:
    demo = project(
        *wheels(_FT, "cp314-cp314t-win_amd64", version="1.0"),
        *wheels(_FT, _GIL, "cp314-cp314-win_amd64", version="1.1"),
        sdist("1.2", uploaded=ago(days=60)),
        *wheels(_FT, _GIL, "cp314-cp314-win_amd64", version="1.2"),
        *wheels(_FT, version="1.3", uploaded=ago(days=50)),
    )
    found = losses(demo, demo.releases[-1], T314)
    (loss,) = found.narrowed
    versions = [str(each.version) for each in (loss.had, loss.lacks, loss.takes)]
    assert (loss.platforms, versions, found.regressed) == ((Platform.WIN_AMD64,), ["1.0", "1.1", "1.2"], None)
