"""What an application depends on, judged by its pins: against a fake index, with a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bot.clients.pages import ProjectPage
from bot.clients.pypi import PackageIndex
from bot.clients.web import open_http
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
    SourceKind,
)
from bot.core.dependencies.needs import DependencyQuestion
from bot.core.dependencies.report import DependencyReport
from bot.core.dependencies.resolving import Resolution, ResolvedPin, UnreadPackage
from bot.core.errors import UnresolvableError, UpstreamError, UserError
from bot.core.inspection.inspection import Inspection
from bot.core.inspection.modules import Declaration, ExtensionModule, Gil, How
from bot.core.verdicts.rules import Verdict
from bot.core.wheels.platforms import Platform
from bot.core.wheels.targets import Target
from bot.services.packages.dependencies import DependencyCheck
from bot.services.packages.dependency_judge import DependencyJudge
from bot.services.packages.pages import ProjectPages
from bot.services.packages.writer import ReadingWriter
from storage.packages.inspections import Inspections
from storage.packages.statuses import Statuses
from tests.databases import Place, everything_in, open_database
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import wheels
from tests.services.lookups import NOW, QUICK, T314, T315, Clock

LINUX, WINDOWS = Platform.MANYLINUX_X86_64, Platform.WIN_AMD64
GIL, FREE = "cp314-cp314-manylinux_2_28_x86_64", "cp314-cp314t-manylinux_2_28_x86_64"


@dataclass(slots=True)
class StandInResolver:
    """Answers as a test says, and remembers what it was asked."""

    answer: Resolution | Exception = field(default_factory=lambda: Resolution(()))
    asked: list[tuple[tuple[str, ...], Target, Platform]] = field(default_factory=list)

    async def resolve(
        self, demands: Sequence[Demand], constraints: Sequence[Demand], target: Target, platform: Platform
    ) -> Resolution:
        """Answer."""
        self.asked.append((tuple(each.name for each in (*demands, *constraints)), target, platform))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass(frozen=True, slots=True)
class Bench:
    """What a test asks."""

    index: FakeIndex
    check: DependencyCheck
    resolver: StandInResolver
    clock: Clock
    inspections: Inspections

    async def ask(self, *files: DependencyFile, **more: object) -> DependencyReport:
        """Ask about an application for one target."""
        question = DependencyQuestion("app", files, (T314,), (LINUX,))
        for name, value in more.items():
            object.__setattr__(question, name, value)
        return (await self.check.check(question))[0]


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        yield running


@asynccontextmanager
async def open_bench(index: FakeIndex, place: Place) -> AsyncIterator[Bench]:
    clock, resolver = Clock(), StandInResolver()
    async with open_http("ftbot-tests") as http, open_database(place) as opened:
        pages = PackageIndex(http, index.index_url, index.json_api_url, QUICK)
        readings, inspections = ReadingWriter(Statuses(opened)), Inspections(opened)
        judge = DependencyJudge(ProjectPages(pages, readings, clock), inspections)
        try:
            yield Bench(index, DependencyCheck(judge, resolver, index.index_url), resolver, clock, inspections)
        finally:
            await readings.aclose()


@pytest.fixture
async def bench(index: FakeIndex, address: str) -> AsyncIterator[Bench]:
    async with open_bench(index, address) as opened:
        yield opened


def locked(name: str, version: str, *requires: str, **more: object) -> LockedPackage:
    return LockedPackage(
        name,
        Version(version),
        requires=tuple(Demand(each) for each in requires),
        groups=(MAIN,),
        **more,  # type: ignore[arg-type] # whatever a test names
    )


def lock(*packages: LockedPackage, **more: object) -> DependencyFile:
    roots = (Root("app", (DemandGroup(GroupKind.MAIN, MAIN, (Demand(packages[0].name),)),)),)
    return DependencyFile("uv.lock", FileKind.UV_LOCK, roots, lock=Lock(packages, walked=False, **more))  # type: ignore[arg-type] # whatever a test names


def requirements(*names: str) -> DependencyFile:
    groups = (DemandGroup(GroupKind.MAIN, MAIN, tuple(map(Demand, names))),)
    return DependencyFile("requirements.txt", FileKind.REQUIREMENTS, (Root(None, groups),))


def verdicts(report: DependencyReport) -> Mapping[str, Verdict]:
    return {each.package: each.verdict for each in report.dependencies}


async def test_a_lock_is_judged_by_its_pins_and_what_stops_the_move_comes_first(bench: Bench) -> None:
    bench.index.publish("attrs", wheels("attrs", "25.4.0", "py3-none-any"))
    bench.index.publish("tornado", [*wheels("tornado", "6.5.4", GIL), *wheels("tornado", "6.6", GIL, FREE)])
    found = await bench.ask(lock(locked("attrs", "25.4.0", "tornado"), locked("tornado", "6.5.4")))
    assert [(each.package, each.blocks) for each in found.dependencies] == [("tornado", True), ("attrs", False)]
    tornado = found.dependencies[0]
    assert (str(tornado.version), str(tornado.first_working)) == ("6.5.4", "6.6")
    assert (found.ok, found.resolved, bench.resolver.asked) == (False, False, [])


async def test_each_project_is_read_once_whatever_asks_for_it(bench: Bench) -> None:
    bench.index.publish("demo", [*wheels("demo", "1.0", FREE), *wheels("demo", "2.0", FREE)])
    await bench.ask(lock(locked("demo", "1.0"), locked("demo", "2.0")), targets=(T314, T315))
    assert [request.path for request in bench.index.requests] == ["/simple/demo/"]


async def test_what_is_fresh_in_storage_is_not_asked_for_again(index: FakeIndex, address: str, bench: Bench) -> None:
    index.publish("demo", wheels("demo", "1.0", FREE))
    await bench.ask(lock(locked("demo", "1.0")))
    await bench.check.judge.pages.readings.aclose()
    asked = len(index.requests)
    async with open_bench(index, address) as again:
        assert (await again.ask(lock(locked("demo", "1.0")))).ok is True
        again.clock.advance(days=2)
        assert (await again.ask(lock(locked("demo", "1.0")))).ok is True
    assert [request.status for request in index.requests[asked:]] == [304]


async def test_an_index_that_is_down_is_told_and_is_no_no(bench: Bench) -> None:
    bench.index.script(refusal(502), times=None)
    found = await bench.ask(lock(locked("demo", "1.0")))
    assert (found.ok, found.is_judged, found.unreachable) == (None, False, True)
    assert verdicts(found) == {"demo": Verdict.UNKNOWN}


async def test_what_was_known_before_serves_while_the_index_is_down(bench: Bench) -> None:
    bench.index.publish("demo", wheels("demo", "1.0", FREE))
    await bench.ask(lock(locked("demo", "1.0")))
    await bench.check.judge.pages.readings.aclose()
    bench.index.script(refusal(502), times=None)
    bench.clock.advance(days=2)
    found = await bench.ask(lock(locked("demo", "1.0")))
    assert found.ok is True
    assert found.warnings == ("The index did not answer about 1 package; this is what it said before.",)


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # on a busy PostgreSQL once without the warning
async def test_an_index_that_is_down_is_asked_about_some_and_the_rest_is_what_is_stored(bench: Bench) -> None:
    bench.index.publish("fresh", wheels("fresh", "1.0", FREE))
    bench.index.publish("zz-old", wheels("zz-old", "1.0", FREE))
    await bench.ask(lock(locked("zz-old", "1.0")))
    bench.clock.advance(days=2)
    await bench.ask(lock(locked("fresh", "1.0")))
    bench.index.script(refusal(502), times=None)
    asked = len(bench.index.requests)
    found = await bench.ask(
        lock(*(locked(name, "1.0") for name in ("fresh", *(f"p{n}" for n in range(900)), "zz-old")))
    )
    problems = {each.package: each.reason for each in found.dependencies if each.verdict is Verdict.UNKNOWN}
    assert {*problems.values()} == {"127.0.0.1 answered with status 502."}
    assert verdicts(found)["fresh"] is verdicts(found)["zz-old"] is Verdict.SUPPORTED
    assert found.warnings == ("The index did not answer about 1 package; this is what it said before.",)
    assert 48 <= len(bench.index.requests) - asked < 400


async def test_a_private_package_is_neither_stored_nor_stops_the_rest(bench: Bench, address: str) -> None:
    bench.index.publish("demo", wheels("demo", "1.0", FREE))
    found = await bench.ask(lock(locked("demo", "1.0", "acme-secret"), locked("acme-secret", "1.0")))
    assert verdicts(found) == {"demo": Verdict.SUPPORTED, "acme-secret": Verdict.NOT_FOUND}
    assert found.ok is True
    await bench.check.judge.pages.readings.aclose()
    stored = await everything_in(address)
    assert b"demo" in stored
    assert b"acme-secret" not in stored


async def test_what_comes_from_another_index_is_not_asked_of_ours(bench: Bench) -> None:
    torch = locked(
        "torch",
        "2.11.0+cu128",
        source=SourceKind.OTHER_INDEX,
        source_text="https://download.example/whl/cu128",
        wheels=(f"torch-2.11.0+cu128-{FREE}.whl",),
    )
    found = await bench.ask(lock(torch))
    assert verdicts(found) == {"torch": Verdict.SUPPORTED}
    assert bench.index.requests == []


async def test_our_own_index_named_as_another_one_is_asked(bench: Bench) -> None:
    bench.index.publish("demo", wheels("demo", "1.0", FREE))
    mirror = locked("demo", "1.0", source=SourceKind.OTHER_INDEX, source_text=bench.index.index_url)
    assert (await bench.ask(lock(mirror))).dependencies[0].judged_by.value == "index"


async def test_what_nothing_fixes_is_resolved_for_each_target_and_platform(bench: Bench) -> None:
    bench.index.publish("demo", wheels("demo", "1.0", FREE))
    bench.resolver.answer = Resolution((ResolvedPin("demo", Version("1.0"), (), direct=True),))
    question = DependencyQuestion("app", (requirements("demo"),), (T314, T315), (LINUX, WINDOWS))
    found = await bench.check.check(question)
    assert sorted((target.minor, platform) for _, target, platform in bench.resolver.asked) == [
        (14, LINUX),
        (14, WINDOWS),
        (15, LINUX),
        (15, WINDOWS),
    ]
    assert [report.resolved for report in found] == [True, True]
    assert not found[0].dependencies[0].needed.pinned


async def test_who_pulls_in_what_was_resolved_is_told_by_the_shortest_way(bench: Bench) -> None:
    pins = (
        ResolvedPin("a", Version("1"), (), direct=True),
        ResolvedPin("b", Version("1"), ("a",), direct=False),
        ResolvedPin("c", Version("1"), ("b", "a"), direct=False),
    )
    bench.resolver.answer = Resolution(pins)
    found = await bench.ask(requirements("a"))
    ways = {each.package: (each.needed.paths, each.needed.ways) for each in found.dependencies}
    assert ways == {"a": ((("a",),), 1), "b": ((("a", "b"),), 1), "c": ((("a", "c"),), 2)}


async def test_what_could_not_be_resolved_is_judged_all_the_same(bench: Bench) -> None:
    """An sdist-only dependency stops the move; that its own dependencies were not read is told."""
    bench.index.publish("demo", wheels("demo", "1.0", GIL))
    unread = UnreadPackage("demo", "Its own dependencies were not read: it has no wheel.", (), direct=True)
    bench.resolver.answer = Resolution((), (unread,))
    found = await bench.ask(requirements("demo"))
    assert [each.package for each in found.blocking] == ["demo"]
    assert [(line.text, line.reason) for line in found.not_read] == [("demo", unread.reason)]


@pytest.mark.parametrize(
    ("specifier", "version", "verdict"),
    [
        ("==1.0", "1.0", Verdict.BLOCKED),
        ("<2", "1.1", Verdict.BLOCKED),
        (">=1", "2.0", Verdict.SUPPORTED),
        ("==3", None, Verdict.NOT_FOUND),
        ("===strange", None, Verdict.NOT_FOUND),
    ],
)
async def test_what_could_not_be_resolved_is_judged_by_a_release_that_may_be_taken(
    bench: Bench, specifier: str, version: str | None, verdict: Verdict
) -> None:
    bench.index.publish(
        "demo", [*wheels("demo", "1.0", GIL), *wheels("demo", "1.1", GIL), *wheels("demo", "2.0", FREE)]
    )
    unread = UnreadPackage("demo", "Its own dependencies were not read: it has no wheel.", (), direct=True)
    bench.resolver.answer = Resolution((), (unread,))
    demands = (Demand("demo", specifier=SpecifierSet(specifier)),)
    root = Root(None, (DemandGroup(GroupKind.MAIN, MAIN, demands),))
    found = await bench.ask(DependencyFile("requirements.txt", FileKind.REQUIREMENTS, (root,)))
    (judged,) = found.dependencies
    assert (judged.version, judged.verdict) == (None if version is None else Version(version), verdict)
    if version is None:
        assert judged.reason == f"The index has no version {specifier} of it."


@pytest.mark.parametrize(
    ("problem", "unreachable"),
    [(UnresolvableError("a 1 and a 2 exclude each other."), False), (UpstreamError("The index is down."), True)],
)
async def test_where_nothing_can_be_resolved_the_reason_is_told(
    bench: Bench, problem: Exception, unreachable: bool
) -> None:
    bench.resolver.answer = problem
    found = await bench.ask(requirements("a"))
    assert (found.ok, found.error, found.unreachable) == (None, str(problem), unreachable)


async def test_pages_that_were_brought_and_not_needed_are_let_go_when_the_last_check_ends(bench: Bench) -> None:
    bench.index.publish("demo", wheels("demo", "1.0", FREE))
    pages = bench.check.judge.pages

    def brought() -> ProjectPage:
        raise UpstreamError("It was kept.")

    pages.bring("other", brought, 1)
    await bench.ask(lock(locked("demo", "1.0")))
    pages.bring("another", brought, 1)
    bench.resolver.answer = UnresolvableError("a 1 and a 2 exclude each other.")
    await bench.ask(requirements("a"))
    assert pages._brought == {}  # noqa: SLF001 - what is in memory is what this is about


async def test_what_resolves_on_some_platforms_only_is_one_package(bench: Bench) -> None:
    bench.index.publish("demo", wheels("demo", "1.0", GIL, FREE))
    unread = UnreadPackage("demo", "Its own dependencies were not read: it has no wheel.", (), direct=True)

    async def resolve(_: object, __: object, ___: object, platform: Platform) -> Resolution:
        if platform is WINDOWS:
            return Resolution((), (unread,))
        return Resolution((ResolvedPin("demo", Version("1.0"), (), direct=True),))

    check = replace(bench.check, resolver=SimpleNamespace(resolve=resolve))
    question = DependencyQuestion("app", (requirements("demo"),), (T314,), (LINUX, WINDOWS))
    (found,) = await check.check(question)
    (judged,) = found.dependencies
    assert (str(judged.version), judged.lacking) == ("1.0", (WINDOWS,))


async def test_what_a_lock_fixes_is_not_resolved_again_for_the_file_beside_it(bench: Bench) -> None:
    for name in ("demo", "other"):
        bench.index.publish(name, wheels(name, "1.0", FREE) + wheels(name, "2.0", FREE))
    found = await bench.ask(lock(locked("demo", "1.0")), requirements("demo"))
    assert [(each.package, str(each.version)) for each in found.dependencies] == [("demo", "1.0")]
    assert (bench.resolver.asked, found.resolved) == ([], False)
    bench.resolver.answer = Resolution((ResolvedPin("other", Version("2.0"), (), direct=True),))
    both = await bench.ask(lock(locked("demo", "1.0")), requirements("demo", "other"))
    assert [(each.package, str(each.version)) for each in both.dependencies] == [("demo", "1.0"), ("other", "2.0")]
    assert (bench.resolver.asked, both.resolved) == ([(("other",), T314, LINUX)], True)


async def test_where_only_extras_and_groups_need_something_they_are_named(bench: Bench) -> None:
    file = lock(locked("demo", "1.0"), extras=("cpu", "gpu"), groups=("dev",))
    bench.index.publish("demo", wheels("demo", "1.0", FREE))
    nothing = replace(
        file, roots=(Root("app", ()),), lock=Lock((), walked=True, extras=("cpu", "gpu"), groups=("dev",))
    )
    found = await bench.ask(nothing)
    assert found.warnings == ("Not asked for: the extras cpu, gpu; the group dev.",)
    assert (await bench.ask(file)).warnings == ()


async def test_an_extra_that_is_not_there_is_told_with_those_that_are(bench: Bench) -> None:
    with pytest.raises(UserError, match=r"No file has the extra gpu\. There are cpu\."):
        await bench.ask(lock(locked("demo", "1.0"), extras=("cpu",)), extras=frozenset({"gpu"}))
    with pytest.raises(UserError, match=r"No file has the group dev\. There is none\."):
        await bench.ask(requirements("demo"), groups=frozenset({"dev"}))


async def test_what_was_read_in_the_pinned_wheel_is_told(bench: Bench) -> None:
    bench.index.publish("demo", wheels("demo", "1.0", FREE))
    module = ExtensionModule("demo.m", "demo/m.so", Declaration.USED, How.SLOT)
    read = Inspection(f"demo-1.0-{FREE}.whl", "0" * 64, False, 1, 2, 3, (module,))
    await bench.inspections.record("demo", Version("1.0"), read, NOW)
    found = await bench.ask(lock(locked("demo", "1.0")))
    assert (found.dependencies[0].gil, found.ok) == (Gil.ON, True)
    assert found.dependencies[0].turns_gil_on
