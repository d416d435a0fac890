"""What of a lock is installed, by locks that are drawn."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bot.core.dependencies.environments import holds, marker_environment
from bot.core.dependencies.files import (
    MAIN,
    Demand,
    DemandGroup,
    DependencyFile,
    FileKind,
    GroupKind,
    Lock,
    LockedPackage,
    Root,
)
from bot.core.dependencies.selection import ALL, Selection
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from tests.core.locks import LOCKS, selected
from tests.patience import at_most

_LINUX = marker_environment(Target(14), Platform.MANYLINUX_X86_64)
_NAMES = tuple("abcdef")
_EXTRAS = ("x", "y")

_markers = st.sampled_from([None, None, Marker("sys_platform == 'linux'"), Marker("sys_platform == 'win32'")])
_demands = st.lists(
    st.builds(
        Demand,
        st.sampled_from(_NAMES),
        st.sampled_from(((), (), ("x",), _EXTRAS)),
        marker=_markers,
    ),
    max_size=3,
).map(tuple)
_packages = st.tuples(
    *(
        st.builds(
            LockedPackage,
            st.just(name),
            st.just(Version("1")),
            requires=_demands,
            extras=st.dictionaries(st.sampled_from(_EXTRAS), _demands),
        )
        for name in _NAMES
    )
)
_groups = st.tuples(
    st.builds(DemandGroup, st.just(GroupKind.MAIN), st.just(MAIN), _demands),
    st.builds(DemandGroup, st.just(GroupKind.EXTRA), st.just("cli"), _demands),
    st.builds(DemandGroup, st.just(GroupKind.GROUP), st.just("dev"), _demands),
)
_roots = st.lists(st.builds(Root, st.sampled_from(["app", "lib", None]), _groups), min_size=1, max_size=2)


def _lock(packages: tuple[LockedPackage, ...], roots: list[Root], *, walked: bool = True) -> DependencyFile:
    lock = Lock(packages, walked=walked, extras=("cli",), groups=("dev",))
    return DependencyFile("uv.lock", FileKind.UV_LOCK, tuple(roots), lock=lock)


def _reached(packages: tuple[LockedPackage, ...], demands: tuple[Demand, ...]) -> dict[str, int]:
    """Return what demands lead to and over how many others, slowly."""
    by_name = {each.name: each for each in packages}
    seen: dict[tuple[str, str], int] = {}
    now = demands
    distance = 0
    while now:
        new = [
            (each.name, extra)
            for each in now
            if holds(each.marker, _LINUX)
            for extra in ("", *each.extras)
            if (each.name, extra) not in seen
        ]
        seen.update(dict.fromkeys(new, distance))
        now = tuple(
            demand
            for name, extra in new
            for demand in (by_name[name].extras.get(extra, ()) if extra else by_name[name].requires)
        )
        distance += 1
    return {name: distance for (name, extra), distance in seen.items() if not extra}


@given(packages=_packages, roots=_roots)
def test_what_is_walked_is_what_the_roots_lead_to(packages: tuple[LockedPackage, ...], roots: list[Root]) -> None:
    selection = selected(_lock(packages, roots), ALL, ALL)
    by_group = {
        name: {
            each
            for root in roots
            for group in root.groups
            if group.name == name
            for each in _reached(packages, group.demands)
        }
        for name in (MAIN, "cli", "dev")
    }
    assert {each.package.name: each.groups for each in selection.packages} == {
        name: tuple(group for group, names in by_group.items() if name in names)
        for name in sorted(set().union(*by_group.values()))
    }
    assert all(each.optional is (MAIN not in each.groups) for each in selection.packages)


@given(packages=_packages, roots=_roots)
def test_every_package_has_a_path_that_is_one_and_none_is_shorter(
    packages: tuple[LockedPackage, ...], roots: list[Root]
) -> None:
    by_name = {each.name: each for each in packages}
    everything = tuple(demand for root in roots for group in root.groups for demand in group.demands)
    distances = _reached(packages, everything)
    for each in selected(_lock(packages, roots), ALL, ALL).packages:
        first, path = (each.path[0], each.path[1:]) if each.path[0] in {"app", "lib"} else (None, each.path)
        assert len(path) == distances[each.package.name] + 1
        demands = [demand for root in roots if root.name == first for group in root.groups for demand in group.demands]
        for step in path:
            name, _, extra = step.rstrip("]").partition("[")
            assert any(
                demand.name == name and holds(demand.marker, _LINUX) and (not extra or extra in demand.extras)
                for demand in demands
            )
            demands = list(by_name[name].extras[extra] if extra else by_name[name].requires)
        assert path[-1] == each.package.name
        assert each.ways >= 1


@given(packages=_packages, roots=_roots, data=st.data(), walked=st.booleans())
def test_the_order_of_entries_does_not_matter(
    packages: tuple[LockedPackage, ...], roots: list[Root], data: st.DataObject, walked: bool
) -> None:
    others = tuple(data.draw(st.permutations(packages)))
    roots_named = roots if walked else []
    first = selected(_lock(packages, roots_named, walked=walked), ALL, ALL)
    assert selected(_lock(others, roots_named[::-1], walked=walked), ALL, ALL) == first


@given(packages=_packages, roots=_roots)
def test_what_is_excluded_is_what_other_environments_install(
    packages: tuple[LockedPackage, ...], roots: list[Root]
) -> None:
    here = selected(_lock(packages, roots), ALL, ALL)
    there = selected(_lock(packages, roots), ALL, ALL, Platform.WIN_AMD64)
    excluded = {each.package.name for each in here.excluded}
    assert _installed(there) - _installed(here) <= excluded
    assert not excluded & _installed(here)
    assert all("win32" in each.marker for each in here.excluded)


def _installed(selection: Selection) -> set[str]:
    return {each.package.name for each in selection.packages}


@given(packages=_packages)
def test_all_entries_of_a_lock_that_is_not_walked_are_installed(packages: tuple[LockedPackage, ...]) -> None:
    selection = selected(_lock(packages, [], walked=False))
    assert [each.package for each in selection.packages] == list(packages)
    assert all(each.path[-1] == each.package.name and each.groups == (MAIN,) for each in selection.packages)


def test_roots_tell_whom_the_application_wants_of_a_lock_that_is_not_walked() -> None:
    packages = (
        LockedPackage("a", Version("1"), requires=(Demand("b"),)),
        LockedPackage("b", Version("1"), requires=(Demand("a"),)),
    )
    root = Root("app", (DemandGroup(GroupKind.MAIN, MAIN, (Demand("b"),)),))
    selection = selected(_lock(packages, [root], walked=False))
    assert [(each.path, each.ways) for each in selection.packages] == [(("app", "b", "a"), 1), (("app", "b"), 2)]
    circle = selected(_lock(packages, [], walked=False))
    assert [each.path for each in circle.packages] == [("a",), ("a", "b")]


def test_of_several_versions_the_one_is_meant_that_the_demand_allows() -> None:
    packages = tuple(LockedPackage("a", Version(each)) for each in ("1", "2", "3"))

    def installed(specifier: str) -> list[str]:
        demand = Demand("a", specifier=SpecifierSet(specifier))
        root = Root("app", (DemandGroup(GroupKind.MAIN, MAIN, (demand,)),))
        return [str(each.package.version) for each in selected(_lock(packages, [root])).packages]

    assert (installed("<2"), installed(">1"), installed(">5")) == (["1"], ["2", "3"], ["1", "2", "3"])


def test_a_long_way_is_told_by_its_end() -> None:
    packages = tuple(LockedPackage(f"p{each}", None, requires=(Demand(f"p{each + 1}"),)) for each in range(200))
    root = Root("app", (DemandGroup(GroupKind.MAIN, MAIN, (Demand("p0"),)),))
    last = next(each for each in selected(_lock(packages, [root])).packages if each.package.name == "p199")
    assert (len(last.path), last.path[:2], last.path[-1]) == (101, ("…", "p100"), "p199")


def test_markers_on_one_way_are_joined() -> None:
    either = Marker("os_name == 'posix' or os_name == 'nt'")
    packages = (
        LockedPackage("a", None, requires=(Demand("b", marker=Marker("sys_platform == 'linux'")), Demand("c"))),
        LockedPackage("b", None),
        LockedPackage("c", None),
    )
    root = Root("app", (DemandGroup(GroupKind.MAIN, MAIN, (Demand("a", marker=either),)),))
    assert {each.package.name: each.marker for each in selected(_lock(packages, [root])).packages} == {
        "a": 'os_name == "posix" or os_name == "nt"',
        "b": '(os_name == "posix" or os_name == "nt") and sys_platform == "linux"',
        "c": 'os_name == "posix" or os_name == "nt"',
    }


def test_five_thousand_packages_take_a_fraction_of_a_second() -> None:
    marker = Marker("sys_platform == 'linux'")
    packages = tuple(
        LockedPackage(
            f"p{each}",
            Version(f"1.{each}"),
            requires=tuple(
                Demand(f"p{each * factor % 5_000}", marker=marker if factor == 3 else None)
                for factor in (2, 3, 5, 7, 11)
            ),
        )
        for each in range(5_000)
    )
    root = Root("app", (DemandGroup(GroupKind.MAIN, MAIN, tuple(Demand(f"p{each}") for each in range(50))),))
    started = time.process_time()
    selection = selected(_lock(packages, [root]))
    assert time.process_time() - started < at_most(2)
    assert len(selection.packages) > 4_000


def test_small_locks_of_every_format_have_a_path_for_every_package() -> None:
    for read, text in LOCKS.values():
        selection = selected(read("the file", text), ALL, ALL)
        assert selection.packages
        assert all(each.path[-1] == each.package.name for each in selection.packages)
