"""Resolving with the real uv against an index on loopback: versions, what is left out, and what uv gets of us."""

from __future__ import annotations

import asyncio
import io
import json
import os
import stat
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from bot.clients.children import Limits
from bot.clients.resolver import MOST_ROUNDS, Interpreter, Resolver, find_uv
from bot.clients.web import Patience, open_http
from bot.core.dependencies.files import Demand
from bot.core.dependencies.resolving import Resolution
from bot.core.errors import UnresolvableError, UpstreamError, UserError
from bot.core.wheels.platforms import PLATFORMS, Platform
from bot.core.wheels.targets import Target
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.file_host import FileHost, Serving, saying
from tests.fakes.index_pages import MIRROR, File, sdist, wheels
from tests.patience import at_most

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="what uv is given differs on Windows")

LINUX = Platform.MANYLINUX_X86_64
HASTY = Patience(attempts=1, deadline=at_most(60))


def release(name: str, version: str, *requires: str, tags: str = "py3-none-any", python: str | None = None) -> File:
    """Make a release that is one wheel; a requirement that ends with ``extra == "x"`` makes the extra, too."""
    extras = {text.split('extra == "')[1].split('"')[0] for text in requires if 'extra == "' in text}
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    lines += [f"Provides-Extra: {extra}" for extra in sorted(extras)] + [f"Requires-Dist: {text}" for text in requires]
    (file,) = wheels(name, version, tags)
    return replace(file, metadata="\n".join([*lines, ""]), requires_python=python)


def demand(text: str) -> Demand:
    read = Requirement(text)
    return Demand(canonicalize_name(read.name), tuple(sorted(read.extras)), read.specifier, read.marker)


SIZE = 100_000


def wheel_with(name: str, metadata: str) -> bytes:
    """Make a wheel with its metadata at the end, behind something long."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        wheel.writestr(f"{name}/data.bin", os.urandom(SIZE))
        wheel.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{name}-1.0.dist-info/METADATA", metadata)
        wheel.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return content.getvalue()


@dataclass(slots=True)
class Bench:
    """A resolver and its index."""

    index: FakeIndex
    http: httpx.AsyncClient
    cache: Path
    pages: list[str] = field(default_factory=list)
    resolver: Resolver = field(init=False)

    def __post_init__(self) -> None:
        self.resolver = Resolver(self.http, self.index.index_url, cache=self.cache, patience=HASTY, seconds=at_most(60))

    async def resolve(
        self, *texts: str, constraints: tuple[str, ...] = (), minor: int = 14, platform: Platform = LINUX
    ) -> Resolution:
        return await self.resolver.resolve(
            [demand(text) for text in texts],
            [demand(text) for text in constraints],
            Target(minor),
            platform,
            lambda name, _: self.pages.append(name),
        )


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with FakeIndex() as index, open_http("ftbot-tests") as http:
        yield Bench(index, http, tmp_path / "cache")


def pins(resolution: Resolution) -> dict[str, str]:
    return {pin.name: str(pin.version) for pin in resolution.pins}


async def test_the_newest_versions_are_chosen_with_who_requires_them(bench: Bench) -> None:
    bench.index.publish("app", [release("app", "1.0", "lib>=1", "base")])
    bench.index.publish("lib", [release("lib", "1.0"), release("lib", "2.0", "base"), release("lib", "3.0rc1")])
    bench.index.publish("base", [release("base", "1.0")])
    found = await bench.resolve("app", "lib<3")
    assert pins(found) == {"app": "1.0", "base": "1.0", "lib": "2.0"}
    assert [(pin.name, pin.required_by, pin.direct) for pin in found.pins] == [
        ("app", (), True),
        ("base", ("app", "lib"), False),
        ("lib", ("app",), True),
    ]
    assert (found.unread, found.warnings) == ((), ())
    assert sorted(bench.pages) == ["app", "base", "lib"]


async def test_constraints_bound_and_require_nothing(bench: Bench) -> None:
    bench.index.publish("app", [release("app", "1.0", "lib")])
    bench.index.publish("lib", [release("lib", "1.0"), release("lib", "2.0")])
    assert pins(await bench.resolve("app", constraints=("lib<2", "other==1"))) == {"app": "1.0", "lib": "1.0"}


async def test_extras_bring_what_they_require(bench: Bench) -> None:
    bench.index.publish("fast", [release("fast", "1.0", 'tool; extra == "more"', 'odd; extra == "other"')])
    bench.index.publish("tool", [release("tool", "1.0")])
    found = await bench.resolve("fast[more]")
    assert pins(found) == {"fast": "1.0", "tool": "1.0"}
    assert found.pins[1].required_by == ("fast",)


async def test_markers_are_those_of_the_target_and_the_platform(bench: Bench) -> None:
    markers = {
        "win": 'sys_platform == "win32"',
        "newer": 'python_version >= "3.15"',
        "arm": 'platform_machine == "aarch64" or platform_machine == "arm64" or platform_machine == "ARM64"',
        "mac": 'platform_system == "Darwin"',
    }
    bench.index.publish("app", [release("app", "1.0", *(f"{name}; {marker}" for name, marker in markers.items()))])
    for name in markers:
        bench.index.publish(name, [release(name, "1.0")])
    for direct in (False, True):  # uv evaluates those of packages, we those of what is asked for
        asked = [f"{name}; {marker}" for name, marker in markers.items()] if direct else []
        for minor, platform, expected in (
            (14, LINUX, set()),
            (15, LINUX, {"newer"}),
            (14, Platform.WIN_AMD64, {"win"}),
            (14, Platform.WIN_ARM64, {"win", "arm"}),
            (14, Platform.MACOS_ARM64, {"mac", "arm"}),
            (14, Platform.MUSLLINUX_AARCH64, {"arm"}),
        ):
            found = await bench.resolve("app", *asked, minor=minor, platform=platform)
            assert set(pins(found)) - {"app"} == expected, (minor, platform)


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_wheels_for_new_systems_are_taken(bench: Bench, platform: Platform) -> None:
    newest = {
        "manylinux": "manylinux_2_39",
        "musllinux": "musllinux_1_2",
        "macos": "macosx_26_0",
        "win": "",
    }
    system, _, machine = platform.partition("_")
    tag = f"{newest[system]}_{machine}" if newest.get(system) else platform.value
    bench.index.publish("app", [release("app", "1.0"), release("app", "2.0", tags=f"cp314-cp314-{tag}")])
    assert pins(await bench.resolve("app", platform=platform)) == {"app": "2.0"}


async def test_one_that_has_only_source_is_left_out_and_the_rest_is_resolved(bench: Bench) -> None:
    bench.index.publish("app", [release("app", "1.0", "source>=1", "lib")])
    bench.index.publish("source", [sdist("source", "1.0"), sdist("source", "2.0")])
    bench.index.publish("lib", [release("lib", "1.0")])
    found = await bench.resolve("app")
    assert pins(found) == {"app": "1.0", "lib": "1.0"}
    (unread,) = found.unread
    assert (unread.name, unread.required_by, unread.direct) == ("source", ("app",), False)
    assert unread.reason == (
        "Its own dependencies were not read: "
        "no version that may be taken here has a wheel, only source, and nothing is built to read it."
    )


def _publish_problems(index: FakeIndex) -> None:
    index.publish("source", [sdist("source", "1.0")])
    index.publish("nothing", [])
    index.publish("windows", [release("windows", "1.0", tags="cp314-cp314-win_amd64")])
    index.publish("older", [release("older", "1.0", tags="cp312-cp312-manylinux_2_17_x86_64")])
    index.publish("later", [release("later", "1.0", python=">=3.15")])
    index.publish("garbled", [replace(release("garbled", "1.0"), metadata="garbage")])
    index.publish("nonsense", [release("nonsense", "1.0", "!!")])
    index.publish("linking", [release("linking", "1.0", "lib @ https://example.org/lib-1.0-py3-none-any.whl")])
    index.publish("yanked", [replace(release("yanked", "1.0"), yanked="broken")])
    index.publish("small", [release("small", "1.0")])
    index.publish("lost", [release("lost", "1.0")])
    index.publish("lost", wheels("lost", "1.0", "py3-none-any"))  # its metadata is in the wheel, which is not there


PROBLEMS = {
    "source": "no version that may be taken here has a wheel, only source, and nothing is built to read it.",
    "nothing": "the index has no release of it.",
    "windows": "no version that may be taken here has a wheel for Linux x86-64.",
    "older": "no version that may be taken here has a wheel for Python 3.14.",
    "later": "no version that may be taken here takes Python 3.14.",
    "garbled": "what it says of itself makes no sense.",
    "nonsense": "what it says of itself makes no sense.",
    "linking": "it takes lib from a URL.",
    "yanked": "every version that may be taken here was yanked.",
    "missing": "the index has no such package.",
    "small>=9": "the index has no version >=9 of it.",
    "small==9": "the index has no version ==9 of it.",
    "lost": "its file is not where the index says.",
}


@pytest.mark.parametrize("problem", PROBLEMS)
async def test_whatever_cannot_be_resolved_is_left_out_and_told(bench: Bench, problem: str) -> None:
    _publish_problems(bench.index)
    bench.index.publish("lib", [release("lib", "1.0")])
    bench.index.publish("needs", [release("needs", "1.0", problem, "lib")])
    for asked in ("needs", problem):
        found = await bench.resolve(asked, "lib")
        assert pins(found) == {"lib": "1.0"} | ({"needs": "1.0"} if asked == "needs" else {})
        (unread,) = found.unread
        assert unread.name == demand(problem).name
        assert unread.reason == f"Its own dependencies were not read: {PROBLEMS[problem]}"
        assert unread.direct is (asked == problem)


async def test_several_are_left_out_one_after_the_other(bench: Bench) -> None:
    _publish_problems(bench.index)
    bench.index.publish("lib", [release("lib", "1.0")])
    found = await bench.resolve("lib", *PROBLEMS)
    assert pins(found) == {"lib": "1.0"}
    assert {unread.name for unread in found.unread} == {demand(problem).name for problem in PROBLEMS}


async def test_there_are_only_so_many_rounds(bench: Bench) -> None:
    with pytest.raises(UnresolvableError, match=rf"^More than {MOST_ROUNDS} packages cannot be resolved\."):
        await bench.resolve(*(f"missing{number}" for number in range(MOST_ROUNDS + 1)))


async def test_requirements_that_contradict_each_other_are_an_error_in_plain_words(bench: Bench) -> None:
    bench.index.publish("lib", [release("lib", "1.0"), release("lib", "2.0")])
    bench.index.publish("app", [release("app", "1.0", "lib>=2")])
    for asked, said in (
        (("lib>=2", "lib<2"), "you require lib>=2 and lib<2"),
        (("lib==1.0", "app"), "all versions of app depend on lib>=2 and you require lib==1.0; you require app"),
    ):
        with pytest.raises(UnresolvableError) as raised:
            await bench.resolve(*asked)
        assert str(raised.value) == (
            f"What is required cannot be installed together: {said}. Change one of the requirements."
        )


async def test_a_yanked_version_is_taken_if_it_is_pinned_and_said_to_be_so(bench: Bench) -> None:
    bench.index.publish("lib", [release("lib", "1.0"), release("lib", "2.0")])
    bench.index.yank("lib", "2.0", "bad")
    assert pins(await bench.resolve("lib")) == {"lib": "1.0"}
    found = await bench.resolve("lib==2.0", "lib[nope]")
    assert pins(found) == {"lib": "2.0"}
    assert 'lib==2.0 is yanked (reason: "bad").' in found.warnings


@pytest.mark.parametrize(
    ("minor", "only"), [(14, "cp314-cp314t"), (15, "cp315-abi3t"), (15, "cp315-abi3.abi3t"), (14, "cp314-cp314t.cp314")]
)
async def test_a_release_for_free_threaded_pythons_alone_is_not_passed_over(
    bench: Bench, minor: int, only: str
) -> None:
    tags = f"{only}-manylinux_2_28_x86_64"
    bench.index.publish("lib", [release("lib", "1.0"), release("lib", "2.0", "dep", tags=tags)])
    bench.index.publish("dep", [release("dep", "1.0")])
    assert pins(await bench.resolve("lib", minor=minor)) == {"dep": "1.0", "lib": "2.0"}


async def test_where_both_builds_have_wheels_a_release_is_one(bench: Bench) -> None:
    tags = ("cp314-cp314t-manylinux_2_28_x86_64", "cp314-cp314-manylinux_2_28_x86_64", "cp314-cp314t-win_amd64")
    for order in (tags, tags[::-1]):
        bench.index.publish("lib", [release("lib", "1.0", "dep", tags=each) for each in order])
        bench.index.publish("dep", [release("dep", "1.0")])
        assert pins(await bench.resolve("lib")) == {"dep": "1.0", "lib": "1.0"}


@pytest.fixture
def free_threaded(tmp_path: Path) -> Interpreter:
    """Give a stand-in for a free-threaded Python, which answers uv as one does."""
    python = tmp_path / "python3.14t"
    answering = (
        "import json, subprocess, sys; told = json.loads(subprocess.check_output([sys.executable, *sys.argv[1:]]))"
    )
    saying = 'print(json.dumps({**told, "gil_disabled": True}))'
    python.write_text(
        f"""#!/bin/sh
if [ "$2" = "${{2%.py}}" ]; then exec {sys.executable} -c '{answering}; {saying}' "$@"; fi
exec {sys.executable} "$@"
"""
    )
    python.chmod(0o700)
    return Interpreter(str(python), free_threaded=True)


async def test_the_answer_does_not_depend_on_the_python_that_runs_us(bench: Bench, free_threaded: Interpreter) -> None:
    tags = "cp314-cp314-manylinux_2_28_x86_64"
    bench.index.publish("lib", [release("lib", "1.0"), release("lib", "2.0", tags=tags)])
    assert pins(await bench.resolve("lib")) == {"lib": "2.0"}
    bench.resolver = replace(bench.resolver, interpreter=free_threaded)
    assert pins(await bench.resolve("lib")) == {"lib": "2.0"}
    bench.resolver = replace(bench.resolver, interpreter=replace(free_threaded, free_threaded=False))
    assert pins(await bench.resolve("lib")) == {"lib": "1.0"}  # what uv says when it is not told otherwise


@pytest.mark.parametrize("status", [502, 403, 429])
async def test_an_index_that_does_not_answer_is_an_upstream_error(bench: Bench, status: int) -> None:
    bench.index.publish("lib", [release("lib", "1.0", "dep")])
    bench.index.script(refusal(status), path="/simple/dep/", times=None)
    with pytest.raises(UpstreamError, match=f"{status}"):
        await bench.resolve("lib")


async def test_an_index_that_refuses_connections_is_an_upstream_error(bench: Bench) -> None:
    await bench.index.stop()
    with pytest.raises(UpstreamError, match=r"^127\.0\.0\.1 could not be reached: it refuses connections\.$"):
        await bench.resolve("lib")


async def test_files_on_a_host_that_the_index_may_not_lead_to_are_not_fetched(bench: Bench) -> None:
    file = {"filename": "lib-1.0-py3-none-any.whl", "url": "https://evil.example/lib.whl", "core-metadata": True}
    bench.index.serve_raw("lib", body=json.dumps({"name": "lib", "files": [file]}).encode())
    with pytest.raises(UpstreamError, match=r"^evil\.example is no address of 127\.0\.0\.1, "):
        await bench.resolve("lib")


async def test_an_index_without_metadata_files_is_read_by_ranges_of_its_wheels(bench: Bench, tmp_path: Path) -> None:
    async with FileHost(MIRROR) as host:
        for name, requires in (("lib", "Requires-Dist: dep\n"), ("dep", "")):
            about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}"
            host.publish(name, wheels(name, "1.0", "py3-none-any"))
            host.put(f"{name}-1.0-py3-none-any.whl", wheel_with(name, about))
        for serving in (Serving(), Serving(ranges=False)):
            host.serving = serving
            resolver = replace(bench.resolver, index_url=host.index_url, cache=tmp_path / f"{serving.ranges}")
            found = await resolver.resolve([demand("lib")], [], Target(14), LINUX)
            assert pins(found) == {"dep": "1.0", "lib": "1.0"}
        assert 0 < max(request.sent for request in host.requests if request.status == 206) < SIZE / 2


async def test_what_was_read_is_kept_and_asked_for_by_its_tag(bench: Bench) -> None:
    bench.index.publish("lib", [release("lib", "1.0")])
    await bench.resolve("lib")
    asked = len(bench.index.requests)
    await bench.resolve("lib")
    assert len(bench.index.requests) == asked  # the index lets its pages be kept for ten minutes
    assert stat.S_IMODE(bench.cache.stat().st_mode) == 0o700


async def test_pages_that_may_not_be_kept_are_compared_by_their_tag(bench: Bench) -> None:
    bench.index.publish("lib", [release("lib", "1.0")])
    bench.index.script(saying("cache-control", "no-cache"), times=None)
    for _ in range(2):
        assert pins(await bench.resolve("lib")) == {"lib": "1.0"}
    assert bench.index.not_modified == 1
    assert bench.pages == ["lib"]
    bench.index.publish("lib", [release("lib", "1.0"), release("lib", "2.0")])
    assert pins(await bench.resolve("lib")) == {"lib": "2.0"}


async def test_a_page_that_did_not_change_is_read_for_a_file_that_is_asked_for_anew(bench: Bench) -> None:
    bench.index.publish("lib", [release("lib", "1.0"), release("lib", "2.0")])
    await bench.resolve("lib")
    assert pins(await bench.resolve("lib<2")) == {"lib": "1.0"}
    assert bench.pages == ["lib", "lib"]


async def test_a_cache_that_others_may_read_is_closed_and_one_that_is_no_folder_is_not_used(bench: Bench) -> None:
    bench.index.publish("lib", [release("lib", "1.0")])
    bench.cache.mkdir(mode=0o755)
    await bench.resolve("lib")
    assert stat.S_IMODE(bench.cache.stat().st_mode) == 0o700
    elsewhere = bench.cache.with_name("elsewhere")
    elsewhere.mkdir()
    link = bench.cache.with_name("link")
    link.symlink_to(elsewhere)
    bench.resolver = replace(bench.resolver, cache=link)
    assert pins(await bench.resolve("lib")) == {"lib": "1.0"}
    assert list(elsewhere.iterdir()) == []


async def test_a_cache_that_grew_too_large_is_emptied(bench: Bench) -> None:
    bench.index.publish("lib", [release("lib", "1.0")])
    bench.cache.mkdir()
    (bench.cache / "large").write_bytes(bytes(3 << 20))
    bench.resolver = replace(bench.resolver, largest_cache=4 << 20)
    assert pins(await bench.resolve("lib")) == {"lib": "1.0"}
    assert not (bench.cache / "large").exists()


# What uv gets, shown by a program in its place


@dataclass(frozen=True, slots=True)
class StandIn:
    """A program in uv's place that writes down what it gets, and then does something."""

    path: Path
    record: Path

    async def given(self) -> dict[str, object]:
        text = await asyncio.to_thread(self.record.read_text)
        given = json.loads(text)
        assert isinstance(given, dict)
        return given


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[[str], StandIn]:
    """Give what makes such a program."""

    def make(then: str) -> StandIn:
        path, record = tmp_path / "stand_in", tmp_path / "record.json"
        path.write_text(
            f"""#!{sys.executable}
import json, os, subprocess, sys, time, resource
given = {{"pid": os.getpid(), "argv": sys.argv, "env": dict(os.environ), "cwd": os.getcwd(), "files": os.listdir()}}
given["stdin"] = sys.stdin.read()
limited = (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)
given["limits"] = [resource.getrlimit(each)[1] for each in limited]
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"]) if {"sleep" in then} else None
given["child"] = None if child is None else child.pid
with open({str(record)!r} + ".part", "w") as file:
    json.dump(given, file)
os.rename({str(record)!r} + ".part", {str(record)!r})
{then}
"""
        )
        path.chmod(0o700)
        return StandIn(path, record)

    return make


async def test_it_gets_lines_that_we_wrote_and_nothing_of_ours(
    bench: Bench, stand_in: Callable[[str], StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTBOT_DISCORD_TOKEN", "secret")
    monkeypatch.setenv("UV_INDEX_URL", "https://evil.example")
    monkeypatch.setenv("PATH", "/nowhere")
    program = stand_in("")
    bench.resolver = replace(bench.resolver, uv=program.path)
    await bench.resolve(
        "Lib_One[B,a]>=1,<2", 'win; sys_platform == "win32"', 'lin; sys_platform == "linux"', constraints=("x<3",)
    )
    given = await program.given()
    assert given["stdin"] == "lib-one[a,b]<2,>=1\nlin\n"
    environment, argv = given["env"], given["argv"]
    assert isinstance(environment, dict)
    assert isinstance(argv, list)
    ours = {"FTBOT_DISCORD_TOKEN", "UV_INDEX_URL", "PATH", "LANG", "USER"}
    assert not ours & environment.keys()
    assert "secret" not in str(given)
    assert environment["UV_PYTHON_DOWNLOADS"] == "never"
    assert environment["HOME"] == str(Path(str(given["cwd"])).with_name("home"))
    assert environment["HTTPS_PROXY"].startswith("http://relay:")
    assert "relay:" not in str(argv)  # anybody on this machine can read the arguments of a process
    assert {"--no-config", "--no-sources", "--no-python-downloads", "--only-binary=:all:"} <= set(argv)
    assert argv[-1] == "-"
    assert given["files"] == []
    assert given["limits"] == [4 << 30, 256 << 20, 0]
    assert not await asyncio.to_thread(Path(str(given["cwd"])).exists)  # what was made for it is gone


HOSTILE = [
    Demand("-r /etc/passwd"),
    Demand("lib\n-r /etc/passwd"),
    Demand("lib @ file:///etc/passwd"),
    Demand("${HOME}"),
    Demand("../lib"),
    Demand(""),
    Demand("Lib"),
    Demand("lib", extras=("a]\n-r x",)),
    Demand("lib", specifier=SpecifierSet("===${HOME}")),
    Demand("lib", specifier=SpecifierSet("===1\\\\")),
    Demand("lib", specifier=SpecifierSet("===1#egg")),
    Demand("lib", specifier=SpecifierSet(",".join(f"!={number}" for number in range(1000)))),
]


async def test_what_could_be_read_as_something_else_never_reaches_it(
    bench: Bench, stand_in: Callable[[str], StandIn]
) -> None:
    program = stand_in("print('lib==1.0')")
    resolver = replace(bench.resolver, uv=program.path)
    found = await resolver.resolve([*HOSTILE, Demand("lib")], HOSTILE, Target(14), LINUX)
    given = await program.given()
    assert given["stdin"] == "lib\n"
    assert "--constraints" not in str(given["argv"])
    assert pins(found) == {"lib": "1.0"}
    assert {each.reason for each in found.unread} == {
        "Its own dependencies were not read: it is required in a way that is not given to the resolver."
    }


async def test_without_anything_to_ask_it_is_not_started(bench: Bench) -> None:
    resolver = replace(bench.resolver, uv=Path("/nowhere/uv"))
    assert (await resolver.resolve(HOSTILE, [], Target(14), LINUX)).pins == ()


async def is_gone(pid: object) -> bool:
    assert isinstance(pid, int)

    def state() -> str:
        try:
            return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except OSError:
            return "gone"

    for _ in range(200):  # whoever inherits an orphan takes a moment to bury it
        if await asyncio.to_thread(state) in {"gone", "Z"}:
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
async def test_one_that_takes_too_long_is_ended_with_its_children(
    bench: Bench, stand_in: Callable[[str], StandIn]
) -> None:
    program = stand_in("time.sleep(1000)")
    resolver = replace(bench.resolver, uv=program.path, seconds=at_most(3))
    with pytest.raises(UnresolvableError, match=r"^Choosing versions took more than \d+ seconds\. "):
        await resolver.resolve([Demand("lib")], [], Target(14), LINUX)
    given = await program.given()
    assert await is_gone(given["pid"])
    assert await is_gone(given["child"])


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
async def test_whoever_gives_up_leaves_nothing_running(bench: Bench, stand_in: Callable[[str], StandIn]) -> None:
    program = stand_in("time.sleep(1000)")
    resolver = replace(bench.resolver, uv=program.path)
    asking = asyncio.create_task(resolver.resolve([Demand("lib")], [], Target(14), LINUX))
    async with asyncio.timeout(at_most(30)):
        while not await asyncio.to_thread(program.record.exists):  # noqa: ASYNC110 — another process makes it
            await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    given = await program.given()
    assert await is_gone(given["pid"])
    assert await is_gone(given["child"])
    assert not await asyncio.to_thread(Path(str(given["cwd"])).exists)


@pytest.mark.parametrize(
    "then",
    [
        "sys.stdout.write('x' * (2 << 20))",
        "sys.stderr.write('x' * (2 << 20))",
        "bytearray(3 << 30)",
        "open('large', 'wb').write(bytes(3 << 20))",
        "os.abort()",
    ],
)
async def test_one_that_takes_too_much_is_ended(bench: Bench, stand_in: Callable[[str], StandIn], then: str) -> None:
    first = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)"  # Python ignores it
    program = stand_in(f"{first}\ntry:\n    {then}\nexcept MemoryError:\n    os.abort()")
    limits = Limits(memory=2 << 30, file=1 << 20, output=1 << 20)
    resolver = replace(bench.resolver, uv=program.path, limits=limits)
    with pytest.raises(UnresolvableError, match=r"^Choosing versions takes more memory or disk than it may\. "):
        await resolver.resolve([Demand("lib")], [], Target(14), LINUX)


@pytest.mark.parametrize("place", ["sys.argv[sys.argv.index('--cache-dir') + 1]", "os.environ['TMPDIR']"])
async def test_one_that_fills_the_disk_is_ended(bench: Bench, stand_in: Callable[[str], StandIn], place: str) -> None:
    filling = f"open({place} + '/x', 'wb').write(bytes(2 << 20))"
    program = stand_in(f"{filling}\ntime.sleep(1000)")
    resolver = replace(bench.resolver, uv=program.path, largest_cache=1 << 20)
    with pytest.raises(UnresolvableError, match=r"^Choosing versions takes more memory or disk than it may\. "):
        await resolver.resolve([Demand("lib")], [], Target(14), LINUX)
    assert await is_gone((await program.given())["pid"])


async def test_what_is_not_understood_is_an_error_all_the_same(
    bench: Bench, stand_in: Callable[[str], StandIn]
) -> None:
    resolver = replace(bench.resolver, uv=stand_in("sys.exit('error: out of the blue')").path)
    with pytest.raises(UnresolvableError, match=r"^uv could not choose versions"):
        await resolver.resolve([Demand("lib")], [], Target(14), LINUX)


async def test_without_uv_it_is_said_what_to_do(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = replace(bench.resolver, uv=Path("/nowhere/uv"))
    with pytest.raises(UserError, match=r"^uv cannot be run\. Install ftbot again, "):
        await resolver.resolve([Demand("lib")], [], Target(14), LINUX)
    monkeypatch.setitem(sys.modules, "uv", None)
    with pytest.raises(UserError, match=r"^Choosing versions needs uv, which is not installed\. "):
        find_uv()
