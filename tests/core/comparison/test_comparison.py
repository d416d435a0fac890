"""Packages side by side."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.core.comparison.comparison import compare
from bot.core.index.simple_api import File, Project
from bot.core.schema.comparison import comparison_json
from bot.core.schema.status import status_json
from bot.core.verdicts.judge import judge, without_release
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from tests.core.pages import NOW, T314, T315, project, wheel, wheels
from tests.core.strategies import TARGETS, projects

BOTH = (T314, T315)


def status(name: str, *files: File) -> Status:
    return Status(judge(replace(project(*files), name=name), BOTH, NOW), NOW)


NUMPY = status("numpy", *wheels("cp314-cp314-win32", "cp314-cp314t-win32", "cp314-cp314t-win_amd64"))
LXML = status("lxml", *wheels("cp314-cp314-win_amd64", "cp315-cp315t-win_amd64"))
SIX = status("six", wheel("py3-none-any"))
GONE = Status(without_release("gone", BOTH, Verdict.NOT_FOUND), NOW)


def rows(*packages: Status) -> list[tuple[str, str, dict[str, str | None]]]:
    return [(str(row.target), row.platform.value, dict(row.how)) for row in compare(packages).rows]


def test_a_row_says_by_which_tag_each_package_is_covered() -> None:
    assert rows(NUMPY, LXML) == [
        ("3.14t", "win_amd64", {"numpy": "cp314t", "lxml": None}),
        ("3.14t", "win32", {"numpy": "cp314t", "lxml": None}),
        ("3.15t", "win_amd64", {"numpy": None, "lxml": "cp315t"}),
        ("3.15t", "win32", {"numpy": None, "lxml": None}),
    ]


def test_pure_python_is_everywhere_and_adds_no_platform() -> None:
    assert [how for python, _, how in rows(NUMPY, SIX) if python == "3.14t"] == [
        {"numpy": "cp314t", "six": "any"},
        {"numpy": "cp314t", "six": "any"},
    ]


def test_where_all_are_pure_every_platform_has_a_row() -> None:
    assert len(rows(SIX)) == 2 * 9


def test_what_is_not_there_has_no_wheel_anywhere() -> None:
    assert rows(GONE) == []
    assert rows(GONE, LXML)[0] == ("3.14t", "win_amd64", {"gone": None, "lxml": None})


def test_the_json_has_the_statuses_in_the_order_asked_each_once() -> None:
    told = comparison_json(compare([LXML, NUMPY, LXML]))
    assert list(told) == ["schema", "packages", "rows"]
    assert told["packages"] == [status_json(LXML), status_json(NUMPY)]
    assert told["rows"] == [
        {"python": python, "platform": platform, "how": how} for python, platform, how in rows(LXML, NUMPY)
    ]


@given(st.lists(projects, min_size=1, max_size=4))
def test_every_row_tells_of_every_package_what_its_status_says(pages: list[Project]) -> None:
    packages = [Status(judge(replace(page, name=f"p{place}"), TARGETS, NOW), NOW) for place, page in enumerate(pages)]
    for row in compare(packages).rows:
        said = {}
        for each in packages:
            verdict = next(verdict for verdict in each.judgement.targets if verdict.target == row.target)
            cover = verdict.covered.get(row.platform)
            said[each.package] = None if cover is None else cover.how
        assert dict(row.how) == said
