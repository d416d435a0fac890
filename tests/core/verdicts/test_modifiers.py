from __future__ import annotations

from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.core.index.metadata import Metadata
from bot.core.index.simple_api import File, ProjectStatus, group
from bot.core.verdicts.judge import judge
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.wheels.targets import Target
from tests.core.pages import NOW, T313, T314, T315, ago, judged, kinds, project, sdist, verdict_for, wheel, wheels

_GIL, _FT = "cp314-cp314-win32", "cp314-cp314t-win32"
_SIX_GIL = tuple(f"cp3{minor}-cp3{minor}-win32" for minor in range(9, 15))


def _release(version: str, *tags: str, uploaded: str) -> list[File]:
    """Make a release with an sdist and these wheels."""
    return [sdist(version, uploaded=uploaded), *wheels(*tags, version=version, uploaded=uploaded)]


_HAD = _release("1.0", *_SIX_GIL, _FT, uploaded=ago(days=100))
_LOST = ModifierKind.REGRESSED, ModifierKind.NARROWED, ModifierKind.UPLOADING


def _lost(*later: list[File], target: Target = T314) -> list[str]:
    """Return which of regressed, narrowed and uploading is said after 1.0, which had wheels, and these releases."""
    files = [*_HAD, *(file for release in later for file in release)]
    return [kind.value for kind in kinds(verdict_for(target, files)) if kind in _LOST]


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(0), "uploading"),
        (timedelta(hours=47, minutes=59), "uploading"),
        (timedelta(hours=48), "regressed"),
        (timedelta(days=300), "regressed"),
        (-timedelta(hours=1), "uploading"),  # the index's clock may be ahead
    ],
)
def test_a_complete_release_without_the_wheels_is_uploading_until_it_is_48_hours_old(age: timedelta, said: str) -> None:
    assert _lost(_release("2.0", *_SIX_GIL, uploaded=(NOW - age).isoformat())) == [said]


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(hours=48), "uploading"),
        (timedelta(days=13, hours=23), "uploading"),
        (timedelta(days=14), "regressed"),
    ],
)
def test_a_release_without_the_sdist_that_was_there_is_uploading_until_pypi_takes_no_more_files(
    age: timedelta, said: str
) -> None:
    assert _lost(wheels(*_SIX_GIL, version="2.0", uploaded=(NOW - age).isoformat())) == [said]


@pytest.mark.parametrize(("count", "said"), [(3, "uploading"), (4, "regressed"), (5, "regressed")])
def test_a_release_with_less_than_two_thirds_of_the_wheels_is_incomplete(count: int, said: str) -> None:
    before = _release("2.0", *_SIX_GIL[1:], _FT, uploaded=ago(days=50))
    assert _lost(before, _release("3.0", *_SIX_GIL[:count], uploaded=ago(days=3))) == [said]


def test_the_age_of_a_release_is_that_of_its_first_file() -> None:
    late = _release("2.0", *_SIX_GIL[1:], uploaded=ago(hours=1))
    assert _lost([wheel(_SIX_GIL[0], "2.0", uploaded=ago(hours=49)), *late]) == ["regressed"]
    assert _lost([wheel(_SIX_GIL[0], "2.0", uploaded=ago(hours=47)), *late]) == ["uploading"]


def test_a_newer_release_confirms_a_loss_at_once() -> None:
    lost = _release("2.0", _GIL, uploaded=ago(hours=2))
    assert _lost(lost, _release("2.0.1", _GIL, uploaded=ago(hours=1))) == ["regressed"]


def test_a_loss_is_dated_to_the_first_release_without_the_wheels() -> None:
    later = [_release(version, _GIL, uploaded=ago(days=9)) for version in ("2.0", "2.1", "2.2")]
    (lost,) = verdict_for(T314, [*_HAD, *(file for release in later for file in release)]).modifiers
    assert lost.detail == snapshot("demo 1.0 had wheels for 3.14t; none since 2.0.")


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(_release("2.0", _GIL, _FT, uploaded=ago(days=9)), id="the wheels are there"),
        pytest.param(
            _release("2.0", _GIL, "py3-none-win32", uploaded=ago(days=9)),
            id="trusted wheels without Python ABI are there",
        ),
        pytest.param(_release("2.0a1", _GIL, uploaded=ago(days=9)), id="only a pre-release lacks them"),
        pytest.param(
            [sdist("2.0", yanked=True), wheel(_GIL, "2.0", yanked=True)], id="the release that lacks them was yanked"
        ),
        pytest.param(_release("2.0", "py3-none-any", uploaded=ago(days=15)), id="it became pure Python"),
        pytest.param(_release("0.9", _GIL, uploaded=ago(days=9)), id="an older series lacks them"),
    ],
)
def test_nothing_was_lost(later: list[File]) -> None:
    assert _lost(later) == []


def test_a_release_that_shuts_the_target_out_lost_the_wheels_too() -> None:
    shut_out = [sdist("2.0", requires="<3.14"), wheel(_FT, "2.0", requires="<3.14")]
    assert _lost(shut_out) == ["regressed"]


def test_what_never_was_cannot_be_lost() -> None:
    files = [*_release("1.0", _GIL, uploaded=ago(days=100)), *_release("2.0", _GIL, uploaded=ago(days=3))]
    assert kinds(verdict_for(T314, files)) == []
    assert kinds(verdict_for(T314, [wheel("cp314-none-win32", "1.0"), *files[2:]])) == []


def test_a_pre_release_that_had_the_wheels_does_not_count() -> None:
    files = [*_release("1.0a1", _GIL, _FT, uploaded=ago(days=100)), *_release("1.0", _GIL, uploaded=ago(days=3))]
    assert kinds(verdict_for(T314, files)) == []


def test_a_pure_wheel_may_be_the_first_of_an_upload() -> None:
    assert _lost(wheels("py3-none-any", version="2.0", uploaded=ago(hours=1))) == ["uploading"]


def test_losing_3_13t_is_never_a_regression() -> None:
    files = [wheel("cp313-cp313t-win32", "1.0"), *_release("2.0", _GIL, uploaded=ago(days=9))]
    assert kinds(judged(project(*files), T313).targets[0]) == []
    files = [wheel("cp313-cp313t-win32", "1.0"), *_release("2.0", _GIL, uploaded=ago(hours=9))]
    assert kinds(judged(project(*files), T313).targets[0]) == []


@pytest.mark.parametrize(
    ("tags", "targets", "lags"),
    [
        ((_GIL, _FT), (T314, T315), True),
        ((_GIL, _FT), (T315, T314), True),
        ((_GIL, _FT, "py3-none-any"), (T314, T315), True),
        ((_GIL, _FT, "cp315-none-win32"), (T314, T315), True),
        ((_GIL,), (T314, T315), False),
        ((_GIL, _FT), (T315,), False),
        ((_GIL, _FT, "cp315-cp315t-win_amd64"), (T314, T315), False),
        ((_GIL, "cp315-cp315t-win_amd64"), (T314, T315), False),
        (("py3-none-win32",), (T314, T315), False),
    ],
)
def test_a_target_lags_when_an_earlier_one_has_trusted_wheels(
    tags: tuple[str, ...], targets: tuple[Target, ...], lags: bool
) -> None:
    judgement = judged(project(*wheels(*tags)), *targets)
    verdict = next(each for each in judgement.targets if each.target == T315)
    assert (ModifierKind.LAGGING in kinds(verdict)) is lags


def test_the_latest_of_the_earlier_targets_is_named() -> None:
    demo = project(*wheels("cp314-cp314t-win32", "cp315-cp315t-win32"))
    (lagging,) = judged(demo, T314, T315, Target(16)).targets[2].modifiers
    assert lagging.detail == "It has wheels for 3.15t, not yet for 3.16t."


def test_a_partial_release_with_a_pure_wheel_falls_back_where_a_platform_is_missing() -> None:
    partial = wheels(_GIL, _FT, "cp314-cp314-win_amd64", "py3-none-any")
    assert kinds(verdict_for(T314, partial)) == [ModifierKind.PURE_FALLBACK]
    assert kinds(verdict_for(T314, partial[:-1])) == []
    assert kinds(verdict_for(T314, wheels(_GIL, _FT, "py3-none-any"))) == []


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([wheel(_GIL), wheel(_FT, "2.0b1")], True),
        ([wheel(_GIL), wheel(_FT, "2.0.dev1"), wheel(_GIL, "2.0b1")], True),
        ([wheel(_GIL), wheel(_FT, "1.0b1")], False),
        ([wheel(_GIL), wheel(_GIL, "2.0b1")], False),
        ([wheel(_GIL), wheel(_FT, "2.0b1", yanked=True)], False),
        ([wheel(_GIL), wheel("cp314-none-win32", "2.0b1")], False),
        ([wheel(_FT), wheel(_FT, "2.0b1")], False),
        ([wheel(_FT, "2.0b1")], False),
    ],
)
def test_a_newer_pre_release_may_be_the_only_one_with_the_wheels(files: list[File], says: bool) -> None:
    assert (ModifierKind.PRERELEASE_ONLY in kinds(verdict_for(T314, files))) is says


def test_suspect_wheels_are_named_beside_any_verdict() -> None:
    suspects = verdict_for(T314, wheels("cp314-none-win32", "cp314-none-win_amd64", _FT)).modifiers
    assert [modifier.kind for modifier in suspects] == [ModifierKind.SUSPECT_WHEELS]
    assert suspects[0].detail is not None
    assert suspects[0].detail.startswith("demo-1.0-cp314-none-win32.whl and 1 more ")


def _about_package(*files: File, status: ProjectStatus = ProjectStatus.ACTIVE, claim: str | None = None) -> list[str]:
    metadata = Metadata(None if claim is None else f"Programming Language :: Python :: Free Threading{claim}")
    judgement = judged(project(*files, status=status), metadata=metadata)
    return [f"{modifier.kind.value}: {modifier.detail}" for modifier in judgement.modifiers]


def test_a_release_yanked_whole_says_why_where_it_says() -> None:
    assert _about_package(sdist(yanked="broken build"), wheel(_GIL, yanked="broken build")) == ["yanked: broken build"]
    assert _about_package(sdist(yanked=True)) == ["yanked: None"]
    assert _about_package(sdist(yanked="broken build"), wheel(_GIL)) == []
    assert _about_package(sdist(yanked="broken build"), sdist("0.9")) == []


def test_an_archived_project_is_said_to_be() -> None:
    assert _about_package(sdist(), status=ProjectStatus.ARCHIVED) == [
        "archived: Its maintainers archived the project; no new releases are to be expected."
    ]
    assert _about_package(sdist(), status=ProjectStatus.DEPRECATED) == []


_STABLE_CLAIM = "claim: 3 - Stable"
_TOO_MUCH = "claim-contradicted: The classifier claims support, but there are wheels only for Pythons with the GIL."
_TOO_LITTLE = (
    "claim-contradicted: There are free-threaded wheels, but the classifier calls support unstable:"
    " the GIL may come back on."
)


@pytest.mark.parametrize(
    ("tags", "claim", "says"),
    [
        ((_GIL, _FT), None, []),
        ((_GIL, _FT), "", ["claim: None"]),
        ((_GIL, _FT), " :: 1 - Unstable", ["claim: 1 - Unstable", _TOO_LITTLE]),
        ((_GIL, _FT), " :: 2 - Beta", ["claim: 2 - Beta"]),
        ((_GIL, _FT), " :: 4 - Resilient", ["claim: 4 - Resilient"]),
        ((_GIL, "cp313-cp313t-win32"), " :: 3 - Stable", [_STABLE_CLAIM]),
        ((_GIL, "cp320-cp320t-win32"), " :: 3 - Stable", [_STABLE_CLAIM]),
        ((_GIL,), " :: 1 - Unstable", ["claim: 1 - Unstable"]),
        ((_GIL,), " :: 2 - Beta", ["claim: 2 - Beta", _TOO_MUCH]),
        ((_GIL,), " :: 3 - Stable", [_STABLE_CLAIM, _TOO_MUCH]),
        ((_GIL, "py3-none-any"), " :: 3 - Stable", [_STABLE_CLAIM, _TOO_MUCH]),
        (("cp38-abi3-win32",), " :: 3 - Stable", [_STABLE_CLAIM, _TOO_MUCH]),
        (("cp38-abi3-win32", "cp315-abi3.abi3t-win32"), " :: 3 - Stable", [_STABLE_CLAIM]),
        (("py3-none-any",), " :: 3 - Stable", [_STABLE_CLAIM]),
        (("py3-none-any",), " :: 1 - Unstable", ["claim: 1 - Unstable"]),
        (("cp313-cp313t-win32",), " :: 3 - Stable", [_STABLE_CLAIM]),
        ((), " :: 3 - Stable", [_STABLE_CLAIM]),
    ],
)
def test_a_claim_is_shown_and_weighed_against_the_wheels(
    tags: tuple[str, ...], claim: str | None, says: list[str]
) -> None:
    assert _about_package(sdist(), *wheels(*tags), claim=claim) == says


def test_a_claim_is_about_every_free_threaded_python_whichever_was_asked_about() -> None:
    metadata = Metadata("Programming Language :: Python :: Free Threading :: 3 - Stable")
    judgement = judged(project(*wheels(_GIL, _FT)), T315, metadata=metadata)
    assert kinds(judgement) == [ModifierKind.CLAIM]


def test_without_upload_times_a_loss_is_not_said_to_be_one() -> None:
    before = wheels(_GIL, _FT, version="1.0", uploaded=None)
    after = wheels(_GIL, version="1.1", uploaded=None)
    assert kinds(verdict_for(T314, [*before, *after])) == ["uploading"]


def test_a_release_that_drops_only_free_threaded_wheels_is_not_incomplete() -> None:
    before = wheels(_GIL, _FT, version="1.0")
    after = wheels(_GIL, version="1.1", uploaded=ago(days=3))
    assert kinds(verdict_for(T314, [*before, *after])) == ["regressed"]


def test_a_pre_release_that_lets_an_excluded_python_in_again_is_named() -> None:
    files = [wheel(_FT, "1.0", requires="<3.14"), wheel(_FT, "2.0b1")]
    assert kinds(verdict_for(T314, files)) == ["prerelease-only"]


# Narrowed


_MAC, _LINUX = "macosx_14_0_arm64", "manylinux_2_28_x86_64"


def _gil_and(*platforms: str, version: str, uploaded: str = ago(days=9), source: bool = False) -> list[File]:
    """Make a release with GIL wheels for Windows, macOS and Linux, and free-threaded ones for these platforms."""
    gil = [f"cp314-cp314-{platform}" for platform in ("win32", _MAC, _LINUX)]
    free_threaded = [f"cp314-cp314t-{platform}" for platform in platforms]
    files = wheels(*gil, *free_threaded, version=version, uploaded=uploaded)
    return [*files, sdist(version, uploaded=uploaded)] if source else files


def _narrowed(*releases: list[File]) -> list[str | None]:
    """Return what is said of lost platforms."""
    modifiers = verdict_for(T314, [file for release in releases for file in release]).modifiers
    return [each.detail for each in modifiers if each.kind is ModifierKind.NARROWED]


_EVERYWHERE = _gil_and("win32", _MAC, _LINUX, version="1.0", uploaded=ago(days=100))


def test_platforms_that_were_lost_are_named_with_the_releases_and_what_installers_take() -> None:
    assert _narrowed(_EVERYWHERE, _gil_and("win32", version="2.0")) == snapshot(
        [
            (
                "demo 1.0 had wheels for 3.14t on Linux x86-64, macOS arm64; 2.0 has none. There, pip and uv take 1.0"
                " without a word."
            )
        ]
    )


def test_what_an_sdist_changes_is_said() -> None:
    assert _narrowed(_EVERYWHERE, _gil_and("win32", _MAC, version="2.0", source=True)) == snapshot(
        [
            (
                "demo 1.0 had wheels for 3.14t on Linux x86-64; 2.0 has none. There, pip and uv build 2.0 from "
                "source; told to take wheels only, they take 1.0."
            )
        ]
    )


def test_a_release_between_may_be_what_is_built() -> None:
    between = _gil_and("win32", _MAC, version="1.5", uploaded=ago(days=50), source=True)
    assert _narrowed(_EVERYWHERE, between, _gil_and("win32", _MAC, version="2.0")) == snapshot(
        [
            (
                "demo 1.0 had wheels for 3.14t on Linux x86-64; none since 1.5. There, pip and uv build 1.5 from "
                "source; told to take wheels only, they take 1.0."
            )
        ]
    )


def test_a_pure_wheel_is_what_is_taken() -> None:
    lost = [*_gil_and("win32", _MAC, version="2.0"), *wheels("py3-none-any", version="2.0", uploaded=ago(days=9))]
    assert _narrowed(_EVERYWHERE, lost) == snapshot(
        [
            (
                "demo 1.0 had wheels for 3.14t on Linux x86-64; 2.0 has none. There, pip and uv take the pure-Python "
                "wheel of 2.0."
            )
        ]
    )


def test_platforms_that_were_lost_one_after_the_other_are_told_apart() -> None:
    first = _gil_and("win32", _MAC, version="1.5", uploaded=ago(days=50))
    assert _narrowed(_EVERYWHERE, first, _gil_and("win32", version="2.0")) == snapshot(
        [
            (
                "demo 1.5 had wheels for 3.14t on macOS arm64; 2.0 has none. There, pip and uv take 1.5 without a "
                "word. demo 1.0 had wheels for 3.14t on Linux x86-64; none since 1.5. There, pip and uv take 1.0 "
                "without a word."
            )
        ]
    )


def test_nobody_is_told_what_installers_take_where_suspect_wheels_get_in_the_way() -> None:
    suspect = wheels(f"cp314-none-{_LINUX}", version="2.0", uploaded=ago(days=9))
    assert _narrowed(_EVERYWHERE, [*_gil_and("win32", _MAC, version="2.0"), *suspect]) == snapshot(
        ["demo 1.0 had wheels for 3.14t on Linux x86-64; 2.0 has none."]
    )


@pytest.mark.parametrize(
    ("later", "said"),
    [
        pytest.param([_gil_and("win32", _MAC, version="2.0", uploaded=ago(hours=47))], ["uploading"], id="new"),
        pytest.param([_gil_and("win32", _MAC, version="2.0", uploaded=ago(hours=48))], ["narrowed"], id="two days old"),
        pytest.param(
            [_gil_and("win32", _MAC, version=version, uploaded=ago(hours=1)) for version in ("2.0", "2.1")],
            ["narrowed"],
            id="confirmed by another release",
        ),
        pytest.param(
            [wheels("cp314-cp314-win32", "cp314-cp314t-win32", version="2.0", uploaded=ago(days=3))],
            ["uploading"],
            id="visibly incomplete",
        ),
        pytest.param([_gil_and(version="2.0")], ["regressed"], id="everything"),
        pytest.param([_gil_and("win32", version="1.1"), _gil_and(version="2.0")], ["regressed"], id="in two steps"),
        pytest.param([wheels("py3-none-any", version="2.0", uploaded=ago(days=15))], [], id="pure Python now"),
    ],
)
def test_platforms_are_lost_by_the_same_rule_of_time(later: list[list[File]], said: list[str]) -> None:
    files = [*_EVERYWHERE, *(file for release in later for file in release)]
    assert [kind.value for kind in kinds(verdict_for(T314, files)) if kind in _LOST] == said


@pytest.mark.parametrize(("platforms", "said"), [(1, "narrowed"), (2, "regressed"), (3, "regressed")])
def test_wheels_on_less_than_half_of_the_scope_were_an_accident(platforms: int, said: str) -> None:
    had = ("win32", _MAC, _LINUX)[:platforms]
    gil = wheels("cp314-cp314-win_amd64", version="1.0", uploaded=ago(days=100))
    files = [*_gil_and(*had, version="1.0", uploaded=ago(days=100)), *gil, *_gil_and(version="2.0")]
    assert [kind.value for kind in kinds(verdict_for(T314, files)) if kind in _LOST] == [said]


def test_wheels_from_before_there_was_free_threading_are_not_missed() -> None:
    old = wheels("py3-none-win_arm64", version="0.1", uploaded="2023-01-01T00:00:00Z")
    assert _narrowed(old, _EVERYWHERE) == []


# Floors


def test_a_newer_system_than_the_gil_build_needs_is_told() -> None:
    tags = (
        "cp314-cp314-macosx_10_15_x86_64",
        "cp314-cp314t-macosx_14_0_x86_64",
        "cp310-abi3-manylinux_2_17_aarch64",
        "cp314-cp314-manylinux_2_28_aarch64",
        "cp314-cp314t-manylinux_2_34_aarch64",
        "cp314-cp314-musllinux_1_1_x86_64",
        "cp314-cp314t-musllinux_1_2_x86_64",
        "cp314-cp314-manylinux_2_34_x86_64",
        "cp314-cp314t-manylinux_2_28_x86_64",
        "cp314-cp314-macosx_10_9_universal2",
        "cp314-cp314t-macosx_11_0_arm64",
    )
    (floor,) = (each for each in verdict_for(T314, wheels(*tags)).modifiers if each.kind is ModifierKind.FLOOR)
    assert floor.detail == snapshot(
        "The wheels for 3.14t need glibc 2.34 on Linux arm64, where those for Python 3.14 with the GIL need "
        "glibc 2.17; macOS 14.0 on macOS x86-64, where those for Python 3.14 with the GIL need macOS 10.9."
    )


# Wheels under other names


@pytest.mark.parametrize(
    ("package", "members"), [("cupy", "cupy-cuda13x"), ("psycopg", "psycopg-binary"), ("sklearn", "scikit-learn")]
)
def test_a_package_whose_wheels_have_other_names_says_which(package: str, members: str) -> None:
    judgement = judge(group(package, [File(f"{package}-1.0.tar.gz")], ProjectStatus.ACTIVE), (T314,), NOW)
    (named,) = (each for each in judgement.modifiers if each.kind is ModifierKind.FAMILY)
    assert named.detail is not None
    assert members in named.detail
    assert "https://" in named.detail


# Suspects


def test_a_suspect_wheel_is_said_to_be_so_by_its_tags_and_why() -> None:
    tags = ("cp310-abi3.abi3t-win32", "cp315-none-win32")
    details = [
        each.detail
        for each_tags in tags
        for each in verdict_for(T315, wheels(each_tags)).modifiers
        if each.kind is ModifierKind.SUSPECT_WHEELS
    ]
    assert details == snapshot(
        [
            (
                "demo-1.0-cp310-abi3.abi3t-win32.whl would install, but by its tags alone nobody can trust it: abi3t "
                "begins with Python 3.15, so a wheel that names an older one may be for 3.15 and later, or a mistake."
            ),
            (
                "demo-1.0-cp315-none-win32.whl would install, but by its tags alone nobody can trust it: such tags "
                "usually mark a build for Pythons with the GIL."
            ),
        ]
    )
