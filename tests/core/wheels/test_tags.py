from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.wheels.platforms import PLATFORMS, Floor, Platform
from bot.core.wheels.tags import MOST_TAGS, Abi, fits_anywhere, lower, match, read_tags
from bot.core.wheels.targets import Target
from tests.core.pages import T313, T314, T315
from tests.core.strategies import TARGETS, tags


class _Case(msgspec.Struct):
    """A real file name with what `packaging` answers for each target and platform."""

    filename: str
    trust: str
    installable: dict[str, dict[str, bool]] = {}


class _Cases(msgspec.Struct):
    cases: list[_Case]


def _covers(tag_set: str, target: Target) -> set[Platform]:
    """Return the platforms on which a wheel installs."""
    wheel = read_tags(tag_set)
    if wheel is None:
        return set()
    if wheel.abi is Abi.ANYWHERE:
        return set(PLATFORMS) if fits_anywhere(tag_set, target) else set()
    return {platform for platform, _ in wheel.floors} if match(tag_set, target) is not None else set()


def _tags_in(filename: str) -> str:
    return filename.removesuffix(".whl").split("-", 2)[2]


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[_Case]:
    return msgspec.json.decode((shared / "data" / "wheel_cases.json").read_bytes(), type=_Cases).cases


def test_real_wheels_install_exactly_where_packaging_says(cases: list[_Case]) -> None:
    disagreements = [
        (case.filename, target, platform)
        for case in cases
        for target in TARGETS
        for platform, installs in case.installable.get(target.abi, dict.fromkeys(PLATFORMS, False)).items()
        if (Platform(platform) in _covers(_tags_in(case.filename), target)) is not installs
    ]
    assert len(cases) > 50
    assert disagreements == []


def test_real_wheels_that_install_are_trusted_unless_their_tags_are_known_to_lie(cases: list[_Case]) -> None:
    untrusted = {
        case.filename
        for case in cases
        for target in TARGETS
        if (fit := match(_tags_in(case.filename), target)) is not None and not fit.trusted
    }
    assert untrusted == {case.filename for case in cases if case.trust == "suspect"}


@pytest.mark.parametrize(
    ("tag_set", "on_313", "on_314", "on_315"),
    [
        ("cp314-cp314t-win32", None, "cp314t", None),
        ("cp315-cp315t-win32", None, None, "cp315t"),
        ("cp314-cp314-win32", None, None, None),
        ("cp314-cp314td-win32", None, None, None),
        ("cp38-abi3-win32", None, None, None),
        ("cp315-abi3-win32", None, None, None),
        ("cp315-abi3.abi3t-win32", None, None, "abi3t"),
        ("cp315-abi3t-win32", None, None, "abi3t"),
        ("cp316-abi3t-win32", None, None, None),
        ("cp314-abi3t-win32", None, "suspect", "suspect"),
        ("cp312-abi3.abi3t-win32", "suspect", "suspect", "suspect"),
        ("cp315t-abi3t-win32", None, None, None),
        ("cp314-none-win32", None, "suspect", None),
        ("py3-none-win32", "none", "none", "none"),
        ("py2.py3-none-win32", "none", "none", "none"),
        ("py314-none-win32", None, "none", "none"),
        ("py2-none-win32", None, None, None),
        ("1-cp314-cp314t-win32", None, "cp314t", None),
        ("cp313.cp314.cp315-cp313t.cp314t.cp315t-win32", "cp313t", "cp314t", "cp315t"),
        ("cp314.cp315-cp314t.abi3t-win32", None, "cp314t", "abi3t"),
        ("cp314-cp314t.none-win32", None, "cp314t", None),
        ("cp314.py3-none-win32", "none", "none", "none"),
        ("pp311-pypy311_pp73-win32", None, None, None),
        ("graalpy313-graalpy253_313_native-win32", None, None, None),
        ("cp310-universal2-win32", None, None, None),
        ("cp313-cp313t-musllinux_1_2_x86_64-x86_64_v3", None, None, None),
        ("nonsense", None, None, None),
    ],
)
def test_a_wheel_fits_a_target_by_its_most_trustworthy_tag(
    tag_set: str, on_313: str | None, on_314: str | None, on_315: str | None
) -> None:
    def how(target: Target) -> str | None:
        fit = match(tag_set, target)
        return None if fit is None else (fit.how if fit.trusted else "suspect")

    assert (how(T313), how(T314), how(T315)) == (on_313, on_314, on_315)


@pytest.mark.parametrize(
    ("tag_set", "abi"),
    [
        ("cp314-cp314-win32", Abi.NATIVE),
        ("cp314-cp314t-win32", Abi.NATIVE),
        ("cp38-abi3-win32", Abi.NATIVE),
        ("cp315-abi3t-win32", Abi.NATIVE),
        ("cp36-cp36m-win32", Abi.NATIVE),
        ("cp314-none-win32", Abi.NATIVE),
        ("cp27.cp314-cp27mu.cp314-win32", Abi.NATIVE),
        ("py3-none-win32", Abi.NO_PYTHON),
        ("py2.py3-none-win32", Abi.NO_PYTHON),
        ("py3-none-any", Abi.ANYWHERE),
        ("py2.py3-none-any", Abi.ANYWHERE),
        ("cp314-none-any", Abi.ANYWHERE),
        ("py2-none-any", Abi.FOREIGN),
        ("cp27-cp27mu-manylinux1_x86_64", Abi.FOREIGN),
        ("cp27-none-win32", Abi.FOREIGN),
        ("py2-none-win32", Abi.FOREIGN),
        ("pp311-pypy311_pp73-win32", Abi.FOREIGN),
        ("pp3-none-any", Abi.FOREIGN),
        ("cp310-universal2-macosx_11_0_x86_64", Abi.FOREIGN),
    ],
)
def test_a_wheel_is_native_when_it_is_built_for_the_abi_of_cpython_3(tag_set: str, abi: Abi) -> None:
    wheel = read_tags(tag_set)
    assert wheel is not None
    assert wheel.abi is abi


@pytest.mark.parametrize(
    ("tag_set", "abis"),
    [
        ("cp314-cp314-win32", {"cp314"}),
        ("cp36-cp36m-win32", {"cp36m"}),
        ("cp314-cp314t-win32", set()),
        ("cp314-cp314td-win32", set()),
        ("cp38-abi3-win32", {"abi3"}),
        ("cp315-abi3.abi3t-win32", {"abi3"}),
        ("cp315-abi3t-win32", set()),
        ("cp314-none-win32", {"none"}),
    ],
)
def test_the_abis_that_serve_the_gil_leave_free_threaded_ones_aside(tag_set: str, abis: set[str]) -> None:
    wheel = read_tags(tag_set)
    assert wheel is not None
    assert wheel.gil_abis == abis


@pytest.mark.parametrize(
    ("tag_set", "fits"),
    [
        ("py3-none-any", True),
        ("py2.py3-none-any", True),
        ("py38-none-any", True),
        ("py315-none-any", False),
        ("cp314-none-any", True),
        ("cp313-none-any", False),
        ("py2-none-any", False),
        ("py3-none-win32", False),
        ("nonsense", False),
    ],
)
def test_a_pure_wheel_fits_by_its_python_tag(tag_set: str, fits: bool) -> None:
    assert fits_anywhere(tag_set, T314) is fits


def test_of_several_platform_tags_the_lowest_floor_counts() -> None:
    wheel = read_tags("cp314-cp314t-manylinux2010_x86_64.manylinux_2_28_x86_64.musllinux_1_2_x86_64")
    assert wheel is not None
    assert wheel.floors == (
        (Platform.MANYLINUX_X86_64, Floor("glibc", (2, 12))),
        (Platform.MUSLLINUX_X86_64, Floor("musl", (1, 2))),
    )


def test_no_floor_is_lower_than_any() -> None:
    glibc = Floor("glibc", (2, 28))
    assert lower(glibc, None) is None
    assert lower(None, glibc) is None
    assert lower(glibc, Floor("glibc", (2, 5))) == Floor("glibc", (2, 5))


def test_a_tag_set_that_would_explode_is_not_read() -> None:
    many = ".".join(f"cp{minor}" for minor in range(100))
    assert read_tags(f"{many}-{many}-win32") is None
    assert len(many.split(".")) ** 2 > MOST_TAGS
    assert read_tags(f"{many}-abi3-win32") is not None


@given(st.text() | st.lists(st.text(max_size=6), min_size=3, max_size=4).map("-".join))
def test_any_tags_are_read_or_refused_without_raising(text: str) -> None:
    readable = read_tags(text) is not None
    for target in TARGETS:
        assert readable or match(text, target) is None
        assert readable or not fits_anywhere(text, target)


@given(tags, st.sampled_from(TARGETS))
def test_a_wheel_for_pythons_with_the_gil_alone_never_fits(tag_set: str, target: Target) -> None:
    fit = match(tag_set, target)
    assert fit is None or fit.how in {target.abi, "abi3t", "none"}
