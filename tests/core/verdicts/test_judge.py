from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.index.simple_api import File, Project, ProjectStatus, parse
from bot.core.schema.status import status_json
from bot.core.verdicts.judge import judge
from bot.core.verdicts.modifiers import ModifierKind
from bot.core.verdicts.rules import Verdict
from bot.core.verdicts.status import Status
from bot.core.verdicts.support import newest_release
from bot.core.wheels.platforms import PLATFORMS, Platform
from bot.core.wheels.tags import read_tags
from bot.core.wheels.targets import Target
from tests.core.pages import NAME, NOW, T314, T315, judged, kinds, page, project, sdist, verdict_for, wheel, wheels
from tests.core.strategies import NINE, TARGETS, file_lists, filenames, projects, standing_files, versions

_GIL = ("cp314-cp314-manylinux_2_28_x86_64", "cp314-cp314-win_amd64")
_FT = ("cp314-cp314t-manylinux_2_28_x86_64", "cp314-cp314t-win_amd64")
_ABI3 = ("cp38-abi3-manylinux_2_28_x86_64", "cp38-abi3-win_amd64")
_RISCV = "manylinux_2_39_riscv64"


@pytest.mark.parametrize(
    ("files", "on_314", "on_315"),
    [
        pytest.param([], "no-files", "no-files", id="no files"),
        pytest.param([File("demo-1.0.tar.bz2")], "sdist-only", "sdist-only", id="only files of a forgotten format"),
        pytest.param(
            [File(""), File("-.whl"), File("demo-.whl"), File("other-1.0.tar.gz"), wheel("py3-none-any", "one")],
            "no-files",
            "no-files",
            id="only files that parse as nothing",
        ),
        pytest.param([wheel("py3-none-any-x")], "no-files", "no-files", id="only a wheel with tags that are none"),
        pytest.param(
            [wheel("py3-none-any"), wheel("py3-none-any-x", "2.0")], "pure", "pure", id="a newer release of nonsense"
        ),
        pytest.param([sdist(requires="<3.14")], "excluded", "excluded", id="excluded before sdist-only"),
        pytest.param(
            [wheel(_FT[0], requires="<3.15"), sdist(requires="<3.15")], "supported", "excluded", id="excluded"
        ),
        pytest.param([wheel(_GIL[0], requires="<3.14"), sdist()], "not-yet", "not-yet", id="only the wheels exclude"),
        pytest.param(
            [wheel("cp314.cp315-cp314t.cp315t-win32"), sdist(requires="<3.14")],
            "supported",
            "supported",
            id="only the sdist excludes",
        ),
        pytest.param([sdist()], "sdist-only", "sdist-only", id="sdist only"),
        pytest.param(
            [*wheels("pp311-pypy311_pp73-win32"), sdist()], "sdist-only", "sdist-only", id="PyPy and an sdist"
        ),
        pytest.param([*wheels("cp27-cp27m-win32"), sdist()], "sdist-only", "sdist-only", id="Python 2 and an sdist"),
        pytest.param(
            [*wheels("cp313-cp313t-musllinux_1_2_x86_64-x86_64_v3"), sdist()],
            "sdist-only",
            "sdist-only",
            id="variant wheels",
        ),
        pytest.param(wheels("py3-none-any"), "pure", "pure", id="pure"),
        pytest.param(wheels("cp314-none-any"), "pure", "blocked", id="pure for one Python only"),
        pytest.param([*wheels("py2.py3-none-any"), sdist()], "pure", "pure", id="pure with an sdist"),
        pytest.param(wheels("py3-none-any", "pp311-pypy311_pp73-win32"), "pure", "pure", id="pure beside PyPy"),
        pytest.param(wheels("py3-none-any", "cp27-cp27m-win32"), "pure", "pure", id="pure beside Python 2"),
        pytest.param(wheels("py3-none-win32"), "no-python-abi", "no-python-abi", id="no Python ABI"),
        pytest.param(
            wheels("py3-none-win32", "py3-none-any"), "no-python-abi", "no-python-abi", id="no Python ABI, or pure"
        ),
        pytest.param(wheels(f"py3-none-{_RISCV}"), "no-python-abi", "no-python-abi", id="no Python ABI elsewhere"),
        pytest.param(wheels(*_GIL, *_FT), "supported", "blocked", id="supported"),
        pytest.param(wheels(*_FT), "supported", "blocked", id="only free-threaded wheels"),
        pytest.param(
            wheels(*_GIL, *_FT, "cp315-cp315-win_arm64", "cp315-cp315t-win_amd64"), "supported", "partial", id="partial"
        ),
        pytest.param(
            wheels(*_GIL, *_FT, "cp315-cp315t-win_amd64"),
            "supported",
            "supported",
            id="platforms that the GIL build lacks too are not missing",
        ),
        pytest.param(
            wheels(*_GIL, _FT[1], "cp313-cp313-win32"), "partial", "blocked", id="nor are those of older Pythons"
        ),
        pytest.param(wheels(*_ABI3, "cp315-abi3.abi3t-win_amd64"), "abi3-only", "partial", id="abi3t"),
        pytest.param(wheels("cp315-abi3.abi3t-win_amd64"), "abi3-only", "supported", id="abi3t alone"),
        pytest.param(wheels("cp315-abi3t-win_amd64"), "blocked", "supported", id="abi3t without abi3"),
        pytest.param(wheels("cp314-abi3.abi3t-win_amd64"), "mis-tagged", "mis-tagged", id="abi3t before 3.15"),
        pytest.param(wheels("cp316-abi3.abi3t-win_amd64"), "abi3-only", "abi3-only", id="abi3t from 3.16 on"),
        pytest.param(
            wheels(*_GIL, "py3-none-win_amd64"), "partial", "supported", id="a wheel without Python ABI is trusted"
        ),
        pytest.param(
            wheels("cp314-cp314-win32", "cp313.cp314.cp315-cp313t.cp314t.cp315t-win32"),
            "supported",
            "supported",
            id="compressed",
        ),
        pytest.param(
            wheels(_GIL[1], "cp314-cp314t-manylinux_2_28_x86_64"), "partial", "blocked", id="the wrong platform"
        ),
        pytest.param(
            wheels("cp314-cp314-macosx_10_15_universal2", "cp314-cp314t-macosx_11_0_arm64"),
            "partial",
            "blocked",
            id="one Mac",
        ),
        pytest.param(wheels(*_GIL, "py3-none-any"), "pure-fallback", "pure-fallback", id="pure fallback"),
        pytest.param(
            wheels(*_ABI3, "py3-none-any"), "pure-fallback", "pure-fallback", id="pure fallback before abi3-only"
        ),
        pytest.param(
            wheels("cp314-none-win32", "py3-none-any"), "pure-fallback", "pure-fallback", id="and before mis-tagged"
        ),
        pytest.param(wheels(*_GIL, "py2-none-any"), "blocked", "blocked", id="a fallback for Python 2 is none"),
        pytest.param(
            [*wheels("cp314-none-win32", "cp313-none-win32"), sdist()], "mis-tagged", "not-yet", id="mis-tagged"
        ),
        pytest.param(
            [*wheels(*_GIL, f"cp314-none-{_RISCV}"), sdist()],
            "not-yet",
            "not-yet",
            id="mis-tagged where it does not count",
        ),
        pytest.param(wheels("cp314-none-win32", *_FT), "partial", "blocked", id="mis-tagged beside trusted"),
        pytest.param([*wheels(*_ABI3), sdist()], "abi3-only", "abi3-only", id="abi3 only"),
        pytest.param(
            [*wheels(*_ABI3, "cp27-cp27mu-manylinux1_x86_64")], "abi3-only", "abi3-only", id="abi3 beside Python 2"
        ),
        pytest.param(
            [*wheels(*_ABI3, *_FT), sdist()], "supported", "abi3-only", id="abi3 only, free-threaded left aside"
        ),
        pytest.param([*wheels(*_ABI3, "cp39-cp39-win32"), sdist()], "not-yet", "not-yet", id="abi3 and others"),
        pytest.param([*wheels(*_GIL), sdist()], "not-yet", "not-yet", id="not yet"),
        pytest.param([*wheels(*_GIL), sdist(yanked=True)], "blocked", "blocked", id="the sdist was yanked"),
        pytest.param(wheels(*_GIL), "blocked", "blocked", id="blocked"),
        pytest.param(
            [*wheels(f"cp314-cp314t-{_RISCV}"), sdist()], "not-yet", "not-yet", id="free-threaded elsewhere only"
        ),
        pytest.param([*wheels(*_GIL, *_GIL, *_FT, *_FT), sdist(), sdist()], "supported", "not-yet", id="duplicates"),
        pytest.param(
            [File(f"demo-1.0-{tags}.whl") for tags in (*_GIL, *_FT)],
            "supported",
            "blocked",
            id="no upload times at all",
        ),
    ],
)
def test_the_first_rule_that_holds_gives_the_verdict(files: list[File], on_314: str, on_315: str) -> None:
    assert [each.verdict.value for each in judged(project(*files)).targets] == [on_314, on_315]


@pytest.mark.parametrize(
    "keys",
    [
        {"project_status": {"status": "quarantined"}},
        {"project_status": {"state": "quarantined"}},
        {"meta": {"api-version": "1.4", "project-status": "quarantined"}},
    ],
)
@pytest.mark.parametrize("files", [[], [sdist()], wheels(*_FT)])
def test_a_quarantined_project_is_quarantined_whatever_its_files(keys: dict[str, object], files: list[File]) -> None:
    judgement = judged(parse(NAME, page(*files, **keys)))
    assert {each.verdict for each in judgement.targets} == {Verdict.QUARANTINED}
    assert (judgement.version, judgement.scope) == (None, ())


def test_a_judgement_names_the_release_it_is_about() -> None:
    judgement = judged(
        project(*wheels(*_GIL, f"cp314-cp314-{_RISCV}", version="2.0"), sdist("2.0"), sdist("1.0"), sdist("3.0a1"))
    )
    assert str(judgement.version) == "2.0"
    assert judgement.released is not None
    assert judgement.scope == (Platform.MANYLINUX_X86_64, Platform.WIN_AMD64)
    assert judgement.other_platforms == ("manylinux_riscv64",)
    assert judgement.sdist


def test_covered_and_missing_say_how_and_where() -> None:
    abi3 = "cp38-abi3-manylinux_2_28_x86_64"
    verdict = verdict_for(
        T315, wheels(abi3, "cp314-cp314-win_arm64", "cp315-abi3.abi3t-win_amd64", "cp315-cp315t-win32")
    )
    assert {platform.value: cover.how for platform, cover in verdict.covered.items()} == {
        "win_amd64": "abi3t",
        "win32": "cp315t",
    }
    assert verdict.missing == (Platform.MANYLINUX_X86_64,)


def test_a_pure_package_covers_every_platform() -> None:
    verdict = verdict_for(T314, wheels("py3-none-any"))
    assert tuple(verdict.covered) == PLATFORMS
    assert {cover.how for cover in verdict.covered.values()} == {"any"}


def test_a_pure_fallback_covers_the_scope() -> None:
    verdict = verdict_for(T314, wheels(*_GIL, "py3-none-any"))
    assert {platform.value: cover.how for platform, cover in verdict.covered.items()} == {
        "manylinux_x86_64": "any",
        "win_amd64": "any",
    }
    assert verdict.missing == ()


def test_wheels_without_python_abi_cover_their_platforms() -> None:
    verdict = verdict_for(T314, wheels("py3-none-win32", "py3-none-macosx_11_0_universal2", "py3-none-any"))
    assert {platform.value: cover.how for platform, cover in verdict.covered.items()} == {
        "macos_x86_64": "none",
        "macos_arm64": "none",
        "win32": "none",
    }


def test_a_platform_with_a_trusted_wheel_is_in_scope_whatever_the_gil_build_has() -> None:
    verdict = verdict_for(T314, wheels(*_GIL, "cp314-cp314t-win_amd64", "py3-none-win32"))
    assert tuple(verdict.covered) == (Platform.WIN_AMD64, Platform.WIN32)
    assert verdict.missing == (Platform.MANYLINUX_X86_64,)


def test_the_scope_is_that_of_each_target_and_of_the_package_all_of_them() -> None:
    tags = ("cp314-cp314-win32", "cp38-abi3-win_amd64", "cp315-cp315-macosx_11_0_arm64", "cp313-cp313-win_arm64")
    judgement = judged(project(*wheels(*tags)))
    assert [each.scope for each in judgement.targets] == [
        (Platform.WIN_AMD64, Platform.WIN32),
        (Platform.MACOS_ARM64, Platform.WIN_AMD64),
    ]
    assert judgement.scope == (Platform.MACOS_ARM64, Platform.WIN_AMD64, Platform.WIN32)


def test_without_a_wheel_for_either_build_the_scope_is_that_of_all_native_wheels() -> None:
    verdict = verdict_for(T315, wheels("cp314-cp314-win32", "cp313-cp313-win_amd64"))
    assert verdict.missing == (Platform.WIN_AMD64, Platform.WIN32)


def test_each_platform_has_the_release_since_which_it_is_covered_without_a_gap() -> None:
    files = [
        *wheels("cp314-cp314t-win32", "cp314-cp314t-win_amd64", version="1.0"),
        *wheels("cp314-cp314t-win_amd64", version="1.1"),
        *wheels("cp314-cp314t-win32", "cp314-cp314t-win_amd64", "cp314-cp314t-win_arm64", version="1.2"),
    ]
    since = verdict_for(T314, files).since
    assert since is not None
    assert {platform.value: str(version) for platform, version in since.by_platform.items()} == {
        "win_amd64": "1.0",
        "win_arm64": "1.2",
        "win32": "1.2",
    }
    assert str(since.version) == "1.0"


@pytest.mark.parametrize(
    ("requires", "verdict"),
    [
        ("<=3.14,>=3.11", Verdict.EXCLUDED),
        ("==3.14", Verdict.EXCLUDED),
        ("==3.14.0", Verdict.EXCLUDED),
        ("<3.14.1", Verdict.EXCLUDED),
        ("<=3.14.1", Verdict.PURE),
        ("==3.14.*", Verdict.PURE),
        ("<3.15", Verdict.PURE),
        ("!=3.14.1", Verdict.PURE),
        (">3.14.0", Verdict.PURE),
    ],
)
def test_a_requirement_that_lets_in_the_first_release_alone_shuts_the_target_out(
    requires: str, verdict: Verdict
) -> None:
    judged_for_314 = verdict_for(T314, [wheel("py3-none-any", requires=requires)])
    assert judged_for_314.verdict is verdict
    assert judged_for_314.requires_python == (requires if verdict is Verdict.EXCLUDED else None)


def test_a_yanked_file_of_a_standing_release_does_not_count() -> None:
    judgement = judged(project(*wheels(*_GIL), *wheels(*_FT[:1]), wheel(_FT[1], yanked=True), sdist(yanked="broken")))
    assert judgement.targets[0].missing == (Platform.WIN_AMD64,)
    assert not judgement.sdist
    narrower = judged(project(wheel(_GIL[0]), wheel(_FT[0]), wheel("cp314-cp314-win32", yanked=True)))
    assert narrower.scope == (Platform.MANYLINUX_X86_64,)
    assert narrower.targets[0].verdict is Verdict.SUPPORTED


def test_targets_are_judged_in_the_order_asked() -> None:
    judgement = judged(project(*wheels(*_FT)), T315, T314)
    assert [each.target for each in judgement.targets] == [T315, T314]


_TRUSTED = {T314: ("cp314-cp314t", "py3-none"), T315: ("cp315-cp315t", "cp315-abi3.abi3t", "cp315-abi3t", "py3-none")}
_NATIVE = {
    Verdict.EXCLUDED,
    Verdict.SUPPORTED,
    Verdict.PARTIAL,
    Verdict.PURE_FALLBACK,
    Verdict.MIS_TAGGED,
    Verdict.ABI3_ONLY,
    Verdict.NOT_YET,
    Verdict.BLOCKED,
}


@given(st.data(), file_lists)
def test_judging_ignores_the_order_of_files(data: st.DataObject, some: list[File]) -> None:
    shuffled = data.draw(st.permutations(some))
    one, other = (status_json(Status(judged(project(*each), *TARGETS), NOW)) for each in (some, shuffled))
    assert one == other


@given(st.lists(filenames, max_size=6), st.sampled_from(ProjectStatus))
def test_any_file_name_is_judged_without_raising(names: list[str], status: ProjectStatus) -> None:
    judgement = judged(project(*(File(name) for name in names), status=status), *TARGETS)
    assert len(judgement.targets) == len(TARGETS)


@given(file_lists)
def test_judging_twice_says_the_same(some: list[File]) -> None:
    body = page(*some)
    assert judged(parse(NAME, body), *TARGETS) == judged(parse(NAME, body), *TARGETS)


@given(file_lists, st.lists(filenames, max_size=4), versions)
def test_a_yanked_release_changes_nothing_while_another_stands(
    some: list[File], names: list[str], version: str
) -> None:
    before = project(*some)
    assume(any(not release.is_yanked for release in before.releases))
    yanked = [
        file
        for name in names
        for file in project(File(name, yanked="broken")).files
        if project(file).releases[0].version not in {release.version for release in before.releases}
    ]
    yanked.append(sdist("99." + version.partition("!")[2], yanked=True))
    assert judged(project(*some, *yanked), *TARGETS) == judged(before, *TARGETS)


@given(st.data(), file_lists, st.sampled_from(NINE), st.sampled_from((T314, T315)))
def test_adding_a_trusted_wheel_never_makes_a_target_worse(
    data: st.DataObject, some: list[File], platform: str, target: Target
) -> None:
    before = project(*some)
    newest = newest_release(before)
    assume(newest is not None and not newest.is_yanked)
    assert newest is not None
    pair = data.draw(st.sampled_from(_TRUSTED[target]))
    added = wheel(f"{pair}-{platform}", str(newest.version))
    was, now = (judged(each, target).targets[0] for each in (before, project(*some, added)))
    assert _worth(now.verdict) >= _worth(was.verdict)
    if pair != "py3-none":
        assert now.verdict in {Verdict.SUPPORTED, Verdict.PARTIAL}
        assert {ModifierKind.REGRESSED, ModifierKind.UPLOADING, ModifierKind.LAGGING}.isdisjoint(kinds(now))


def _worth(verdict: Verdict) -> int:
    return 2 * (verdict.ok is True) + (verdict is Verdict.SUPPORTED)


@given(projects)
def test_covered_and_missing_partition_the_scope_of_native_wheels(some: Project) -> None:
    judgement = judged(some, *TARGETS)
    for each in judgement.targets:
        if each.verdict in _NATIVE:
            assert sorted([*each.covered, *each.missing]) == sorted(each.scope)
            assert set(each.scope) <= set(judgement.scope)


@given(projects)
def test_supported_means_that_nothing_is_missing_and_partial_that_something_is(some: Project) -> None:
    for each in judged(some, *TARGETS).targets:
        if each.verdict in {Verdict.SUPPORTED, Verdict.PARTIAL}:
            assert each.covered
            assert bool(each.missing) is (each.verdict is Verdict.PARTIAL)


@given(projects)
def test_only_trusted_wheels_cover_a_platform(some: Project) -> None:
    for each in judged(some, *TARGETS).targets:
        trusted = {each.target.abi, "abi3t", "none"}
        pure = each.verdict in {Verdict.PURE, Verdict.PURE_FALLBACK}
        assert {cover.how for cover in each.covered.values()} <= ({"any"} if pure else trusted)


@given(st.lists(standing_files, max_size=10))
def test_the_newest_stable_release_is_judged_while_there_is_one(some: list[File]) -> None:
    demo = project(*some)
    readable = [release for release in demo.releases if release.has_sdist or any(map(read_tags, release.wheel_tags))]
    stable = [release.version for release in readable if not release.version.is_prerelease]
    assume(stable)
    assert judge(demo, TARGETS, NOW).version == max(stable)
