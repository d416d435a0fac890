"""What a scan keeps of a project page, and when the page is due again."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.errors import TooLargeError
from bot.core.history.scan import Conclusion, PrereleaseWheels, conclude, due, rules_for
from bot.core.history.timelines import at, timelines
from bot.core.index.simple_api import File, Project, ProjectStatus, parse
from bot.core.verdicts.judge import TargetVerdict, judge
from bot.core.verdicts.kept import Kept, judgement_of, keep
from bot.core.verdicts.modifiers import UPLOADS_CLOSED
from bot.core.verdicts.support import newest_release, offer_of
from bot.core.wheels.targets import Target
from tests.core.pages import LONG_AGO, NAME, NOW, T314, T315, ago, page, project, sdist, wheel, wheels
from tests.core.strategies import TARGETS, projects
from tests.examples import examples

BOTH = (T314, T315)
LATER = ago(days=3)
AT = datetime.fromisoformat(LATER)
NATIVE = ("cp314-cp314-win_amd64", "cp314-cp314t-win_amd64")


def test_a_native_project_keeps_timelines_and_verdicts() -> None:
    page = replace(project(*wheels(*NATIVE), sdist()), serial=7)
    traced = {str(target): steps for target, steps in timelines(page, BOTH).items()}
    assert conclude(page, BOTH, NOW) == Conclusion(
        package="demo",
        native=True,
        timelines=traced,
        open_until=datetime.fromisoformat(LONG_AGO) + UPLOADS_CLOSED,
        serial=7,
        verdicts={"3.14t": "supported", "3.15t": "not-yet"},
        rules=rules_for(BOTH),
        wheels={"3.14t": "demo-1.0-cp314-cp314t-win_amd64.whl"},
        kept=keep(page, BOTH, NOW),
    )


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        ([wheel(NATIVE[0]), wheel(NATIVE[1], "2.0rc1", uploaded=LATER)], {"3.14t": PrereleaseWheels("2.0rc1", AT)}),
        ([wheel(NATIVE[0]), wheel(NATIVE[0], "2.0a1"), wheel(NATIVE[1], "2.0a2", uploaded=LATER)], {"3.14t": "2.0a2"}),
        ([wheel(NATIVE[0]), wheel(NATIVE[1], "2.0a1", uploaded=LATER), wheel(NATIVE[1], "2.0a2")], {"3.14t": "2.0a1"}),
        ([wheel(NATIVE[0]), wheel(NATIVE[1], "2.0rc1", yanked=True)], {}),
        ([wheel(NATIVE[0]), wheel(NATIVE[1], "2.0rc1", uploaded=None)], {}),
        ([*wheels(*NATIVE), wheel(NATIVE[1], "2.0rc1")], {}),
        ([wheel(NATIVE[0]), wheel(NATIVE[1], "0.9rc1")], {}),
        ([wheel(NATIVE[0], "2.0rc1"), wheel(NATIVE[1], "2.0rc2")], {}),
    ],
)
def test_the_first_pre_release_with_wheels_that_the_newest_release_has_not_is_kept(
    files: list[File], kept: dict[str, PrereleaseWheels | str]
) -> None:
    found = conclude(project(*files), BOTH, NOW).prereleases
    expected = {target: PrereleaseWheels(each, AT) if isinstance(each, str) else each for target, each in kept.items()}
    assert found == expected


@pytest.mark.parametrize(
    "files",
    [
        [],
        [sdist()],
        [wheel("py3-none-any"), sdist()],
        [wheel("py3-none-win_amd64")],
        [wheel("pp311-pypy311_pp73-win_amd64")],
        [*wheels(*NATIVE), wheel("py3-none-any", "2.0")],
    ],
)
def test_of_others_only_that_they_are_not_native_is_kept(files: list[File]) -> None:
    concluded = conclude(project(*files), BOTH, NOW)
    assert (concluded.native, concluded.timelines, concluded.verdicts) == (False, {}, {})


@pytest.mark.parametrize(
    ("uploads", "open_until"),
    [
        ([LONG_AGO], datetime.fromisoformat(LONG_AGO) + timedelta(days=14)),
        ([ago(days=3), ago(days=1)], NOW + timedelta(days=11)),
        ([None], None),
        (["soon"], None),
        (["9999-12-31T23:59:59Z"], None),
        (["0001-01-01T00:00:00Z"], datetime(1, 1, 15, tzinfo=UTC)),
    ],
)
def test_a_release_is_open_for_two_weeks_from_its_first_upload(
    uploads: list[str | None], open_until: datetime | None
) -> None:
    files = [wheel(tags, uploaded=upload) for tags, upload in zip(NATIVE, uploads, strict=False)]
    concluded = conclude(project(*files), BOTH, NOW)
    assert concluded.open_until == open_until
    assert set(concluded.verdicts) == {"3.14t", "3.15t"}


@pytest.mark.parametrize(
    ("later", "counts"),
    [
        ([sdist("2.0", uploaded=ago(days=50))], True),
        (wheels("py3-none-any", version="2.0", uploaded=ago(days=50)), True),
        ([sdist("2.0", uploaded=ago(days=50)), sdist("2.1", uploaded=ago(days=1))], True),
        ([sdist("2.0", uploaded=ago(days=57))], False),
        ([sdist("2.0", uploaded=ago(days=57)), sdist("2.1", uploaded=ago(days=1))], False),
        ([sdist("2.0", uploaded=None)], False),
    ],
)
def test_a_project_that_has_no_native_wheels_any_more_counts_for_a_while(later: list[File], counts: bool) -> None:
    concluded = conclude(project(*wheels(*NATIVE, version="1.0"), *later), BOTH, NOW)
    assert concluded.native is counts
    assert bool(concluded.timelines) is counts


@given(projects)
@settings(max_examples=examples(13))
def test_any_project_is_concluded(page: Project) -> None:
    concluded = conclude(page, TARGETS, NOW)
    newest = newest_release(page)
    has = newest is not None and offer_of(newest).native
    assert concluded.native is (has or (concluded.native_until is not None and concluded.native_until > NOW))
    assert concluded.native_until is None or not has
    named = {str(target) for target in TARGETS} if concluded.native else set()
    assert set(concluded.verdicts) == set(concluded.timelines) == named


@given(projects.filter(lambda page: page.status is ProjectStatus.ACTIVE))
def test_verdicts_are_those_of_the_judge(page: Project) -> None:
    judged = {str(each.target): each.verdict.value for each in judge(page, TARGETS, NOW).targets}
    concluded = conclude(page, TARGETS, NOW)
    assert concluded.verdicts == (judged if concluded.native else {})


def test_the_last_step_of_a_recorded_timeline_is_the_verdict(shared: Path) -> None:
    for path in sorted((shared / "data" / "simple").glob("*.json.gz")):
        name = path.name.removesuffix(".json.gz")
        concluded = conclude(parse(name, gzip.decompress(path.read_bytes())), BOTH, NOW)
        last = {target: at(steps, NOW + timedelta(days=999)) for target, steps in concluded.timelines.items()}
        assert {target: step.shows.verdict.value for target, step in last.items() if step} == concluded.verdicts


@given(projects, st.permutations(TARGETS))
@settings(max_examples=examples(13))
def test_the_order_of_targets_does_not_matter(page: Project, targets: list[Target]) -> None:
    one, other = conclude(page, targets, NOW), conclude(page, TARGETS, NOW)
    assert replace(one, rules="", kept=None) == replace(other, rules="", kept=None)
    assert verdicts_of(one.kept) == verdicts_of(other.kept)


def verdicts_of(kept: Kept | None) -> list[TargetVerdict]:
    if kept is None:
        return []
    return sorted(judgement_of(NAME, kept, NOW).targets, key=lambda verdict: verdict.target)


@pytest.mark.parametrize(
    ("native", "open_until", "wait"),
    [
        (True, None, timedelta(days=1)),
        (True, NOW - timedelta(days=1), timedelta(days=1)),
        (True, NOW, timedelta(days=1)),
        (True, NOW + timedelta(seconds=1), timedelta(hours=1)),
        (True, NOW + timedelta(days=14), timedelta(hours=1)),
        (False, None, timedelta(days=7)),
        (False, NOW + timedelta(days=14), timedelta(days=7)),
    ],
)
def test_a_project_is_due_by_what_may_change(native: bool, open_until: datetime | None, wait: timedelta) -> None:
    assert due(NOW, native=native, open_until=open_until) == NOW + wait


def test_the_rules_name_their_targets() -> None:
    named = {rules_for(targets) for targets in ((), (T314,), (T315,), (T314, T315), (T315, T314))}
    assert len(named) == 5


_FILENAMES = st.builds(
    "{}-{}{}".format,
    st.sampled_from(("demo", "Demo", "de__mo", "other", "")),
    st.sampled_from(("1.0", "1.0.0", "1.10", "2.0", "2.0.0", "2.0rc1", "3.0.dev1", "2026.1", "1!0.1", "none", "x")),
    st.sampled_from(
        (
            "-py3-none-any.whl",
            "-py2.py3-none-any.whl",
            "-1-py3-none-any.whl",
            "-none-any.whl",
            "-cp314-none-any.whl",
            ".tar.gz",
            ".zip",
            ".egg",
            "-cp314-cp314-win_amd64.whl",
        )
    ),
)
_LISTED = st.lists(
    st.builds(
        File,
        _FILENAMES,
        st.none(),
        st.none() | st.integers(0, 400).map(lambda days: ago(days=days)),
        st.sampled_from((False, False, False, True, "broken")),
    ),
    max_size=12,
)


@given(
    _LISTED | _LISTED.map(lambda files: [file for file in files if "cp314-cp" not in file.filename and not file.yanked])
)
@example([wheel("py3-none-any"), File("de__mo-2.0-py3-none-any.whl")])
@example([wheel("py3-none-any"), File("demo-2.0-none-any.whl")])
@example([wheel("py3-none-any"), File("other-2.0-py3-none-any.whl"), sdist("2.0rc1")])
def test_a_page_that_is_read_in_brief_gives_the_same(files: list[File]) -> None:
    written = page(*files)
    brief, whole = parse(NAME, written, brief=True), parse(NAME, written)
    assert conclude(brief, BOTH, NOW) == conclude(whole, BOTH, NOW)
    newest, known = newest_release(brief), newest_release(whole)
    assert (newest is None) == (known is None)
    if newest is not None and known is not None:
        assert (newest.version, sorted(newest.files, key=repr)) == (known.version, sorted(known.files, key=repr))


def test_a_page_that_is_too_large_is_not_read_in_brief_either() -> None:
    wide = wheel(f"{'.'.join(f'py{number}' for number in range(80_000))}-none-any")
    with pytest.raises(TooLargeError):
        parse(NAME, page(wide), brief=True)


def test_a_project_without_native_code_is_read_in_brief() -> None:
    files = [wheel("py3-none-any", f"{number}.0") for number in range(9)]
    assert [str(release.version) for release in parse(NAME, page(*files), brief=True).releases] == ["8.0"]
    assert len(parse(NAME, page(*files, *wheels(*NATIVE)), brief=True).releases) == len(files)
