"""``ftbot deps`` as the contract has it, from outside: the real uv, an index on loopback."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.command_line import Run
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import File, sdist, wheels
from tests.patience import at_most

GIL, FREE = "cp314-cp314-manylinux_2_28_x86_64", "cp314-cp314t-manylinux_2_28_x86_64"
WINDOWS = "cp314-cp314-win_amd64"
LINUX = ("--platform", "manylinux_x86_64")

KEYS = ["schema", "target", "platforms", "files", "resolved", "ok", "counts", "packages", "not_read", "error"]
PACKAGE_KEYS = [
    "package", "version", "pinned", "verdict", "ok", "blocks", "missing", "gil", "newest", "first_working",
    "required_by", "ways", "optional", "groups", "marker", "tracking_issue", "judged_by", "modifiers", "reason",
]  # fmt: skip


def pure(name: str, version: str, *requires: str) -> File:
    """Make a release of pure Python that requires something."""
    (file,) = wheels(name, version, "py3-none-any")
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    return replace(file, metadata="\n".join([*lines, *(f"Requires-Dist: {each}" for each in requires), ""]))


def with_metadata(files: list[File], name: str, version: str) -> list[File]:
    return [replace(file, metadata=pure(name, version).metadata) for file in files]


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        running.publish("attrs", [pure("attrs", "25.4.0")])
        running.publish("tornado", [*_built("tornado", "6.5.4", GIL), *_built("tornado", "6.6", GIL, FREE)])
        running.publish("lib", _built("lib", "1.0", GIL, WINDOWS, "cp314-cp314t-win_amd64"))
        running.publish("app", [pure("app", "1.0", "attrs", "tornado<6.6")])
        running.publish("source", [sdist("source", "1.0")])
        yield running


def _built(name: str, version: str, *tags: str) -> list[File]:
    return with_metadata(wheels(name, version, *tags), name, version)


@pytest.fixture(autouse=True)
def environment(index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the program to what belongs to this test."""
    monkeypatch.setenv("FTBOT_INDEX_URL", index.index_url)
    monkeypatch.setenv("FTBOT_JSON_API_URL", index.json_api_url)
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "data" / "ftbot.db"))
    monkeypatch.setenv("FTBOT_TARGETS", "3.14t")
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))


async def written(tmp_path: Path, text: str, name: str = "requirements.txt") -> str:
    """Write a file, and return its path."""
    path = tmp_path / name
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    await asyncio.to_thread(path.write_text, text, "utf-8")
    return str(path)


def packages_of(answer: Mapping[str, object]) -> dict[str, dict[str, object]]:
    packages = answer["packages"]
    assert isinstance(packages, list)
    return {each["package"]: each for each in packages}


def not_read(answer: Mapping[str, object]) -> list[tuple[int | None, str]]:
    lines = answer["not_read"]
    assert isinstance(lines, list)
    return [(each["line"], each["reason"]) for each in lines]


async def asked(ftbot: Run, *arguments: str) -> tuple[int, dict[str, object]]:
    """Ask for JSON about Linux; return the exit code and the only answer."""
    ended = await ftbot("deps", *arguments, *LINUX, "--json")
    (answer,) = ended.answers
    return ended.code, answer


# Exit codes


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("attrs==25.4.0", 0),
        ("tornado==6.6", 0),
        ("tornado==6.5.4", 5),
        ("source==1.0", 5),
        ("attrs==25.4.0\nacme==1.0", 3),
        ("acme==1.0", 3),
        ("tornado==6.5.4\nacme==1.0", 5),  # what stops the move says more than a name that nobody knows
        ("", 0),
        ("-e .", 4),  # all that it names is left out
    ],
)
async def test_the_exit_code_says_how_it_stands(ftbot: Run, tmp_path: Path, lines: str, code: int) -> None:
    path = await written(tmp_path, lines)
    for form in ([], ["--json"], ["--tree"], ["--format", "markdown"], ["--format", "csv"]):
        assert (await ftbot("deps", "-r", path, *LINUX, *form)).code == code


async def test_without_an_index_nothing_is_judged_and_nothing_is_said_to_stop(
    ftbot: Run, index: FakeIndex, tmp_path: Path
) -> None:
    index.script(refusal(502), times=None)
    locked, open_ended = await written(tmp_path, "attrs==25.4.0"), await written(tmp_path, "attrs", "open.txt")
    for path in (locked, open_ended):
        ended = await ftbot("deps", "-r", path, *LINUX, "--json")
        (answer,) = ended.answers
        assert (ended.code, answer["ok"]) == (4, None)
    assert "answered with status 502" in (await ftbot("deps", "-r", open_ended, *LINUX)).out


async def test_an_index_that_ends_in_the_middle_leaves_what_it_said(
    ftbot: Run, index: FakeIndex, tmp_path: Path
) -> None:
    index.script(refusal(502), path="^/simple/lib/", times=None)
    code, answer = await asked(ftbot, "-r", await written(tmp_path, "attrs==25.4.0\nlib==1.0\ntornado==6.5.4"))
    packages = packages_of(answer)
    assert code == 5
    verdicts = {name: each["verdict"] for name, each in packages.items()}
    assert verdicts == {"tornado": "blocked", "attrs": "pure", "lib": "unknown"}
    assert (packages["lib"]["blocks"], answer["ok"]) == (False, False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Nothing was asked about. Name packages, or give a file with -r"),
        (["attrs", "--platform", "amiga"], "`amiga` is no platform that is judged. Use current, all, or one of"),
        (["attrs", "--target", "3.14"], "Python 3.14 is not free-threaded."),
        (["attrs", "--json", "--format", "csv"], "--json and --format exclude each other."),
        (["attrs", "--extra", "x"], "No file has the extra x. There is none."),
        (["attrs", "--group", "x"], "No file has the group x. There is none."),
        (["-e", "."], "No such option: -e"),
        (["https://example.org/x.whl"], "a URL: only packages of an index are read"),
        (["${HOME}"], "it holds an environment variable"),
        (["../app"], "a path: only packages of an index are read"),
        (["-r", "nowhere.txt"], "There is no file nowhere.txt. Check the path."),
        (["--environment", "nowhere"], "nowhere holds no .dist-info folder"),
    ],
)
async def test_what_makes_no_sense_is_one_sentence(ftbot: Run, arguments: list[str], says: str) -> None:
    ended = await ftbot("deps", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


# JSON


async def test_json_has_the_keys_and_types_of_the_contract(ftbot: Run, tmp_path: Path) -> None:
    path = await written(tmp_path, "tornado==6.5.4\nattrs==25.4.0\n-e .\n")
    ended = await ftbot("deps", "-r", path, *LINUX, "--target", "3.14t", "--target", "3.15t", "--json")
    first, second = ended.answers
    assert (first["target"], second["target"]) == ("3.14t", "3.15t")
    assert list(first) == list(second) == KEYS
    assert first | {"packages": []} == {
        "schema": 1,
        "target": "3.14t",
        "platforms": ["manylinux_x86_64"],
        "files": [{"file": "requirements.txt", "kind": "requirements.txt"}],
        "resolved": False,
        "ok": False,
        "counts": {"packages": 2, "blocks": 1, "gil_on": 0, "unknown": 0},
        "packages": [],
        "not_read": [
            {
                "file": "requirements.txt",
                "line": 3,
                "text": "-e .",
                "reason": "an editable project: only packages of an index are read",
            }
        ],
        "error": None,
    }
    assert list(packages_of(first)) == ["tornado", "attrs"]
    tornado = packages_of(first)["tornado"]
    assert list(tornado) == PACKAGE_KEYS
    assert tornado == {
        "package": "tornado",
        "version": "6.5.4",
        "pinned": True,
        "verdict": "blocked",
        "ok": False,
        "blocks": True,
        "missing": ["manylinux_x86_64"],
        "gil": None,
        "newest": {"version": "6.6", "verdict": "supported", "ok": True},
        "first_working": "6.6",
        "required_by": [["tornado"]],
        "ways": 1,
        "optional": False,
        "groups": ["main"],
        "marker": None,
        "tracking_issue": "https://github.com/tornadoweb/tornado/issues/3501",
        "judged_by": "index",
        "modifiers": [],
        "reason": None,
    }


async def test_what_is_not_locked_is_resolved(ftbot: Run) -> None:
    code, answer = await asked(ftbot, "app")
    packages = packages_of(answer)
    assert (code, answer["resolved"], [*packages]) == (5, True, ["tornado", "app", "attrs"])
    tornado = packages["tornado"]
    assert (tornado["version"], tornado["pinned"], tornado["first_working"]) == ("6.5.4", False, "6.6")
    assert (tornado["required_by"], tornado["ways"]) == ([["app", "tornado"]], 1)


async def test_requirements_that_contradict_each_other_are_told_in_a_sentence(ftbot: Run) -> None:
    ended = await ftbot("deps", "app", "tornado>=6.6", *LINUX, "--json")
    (answer,) = ended.answers
    assert (ended.code, answer["ok"]) == (4, None)
    assert "tornado" in str(answer["error"])
    assert ended.err.startswith("ftbot: 3.14t: ")


# Platforms, extras, groups


async def test_every_platform_is_asked_about_where_all_are(ftbot: Run, tmp_path: Path) -> None:
    path = await written(tmp_path, "lib==1.0\nattrs==25.4.0; sys_platform == 'win32'")
    ended = await ftbot("deps", "-r", path, "--platform", "all", "--json")
    (answer,) = ended.answers
    packages = packages_of(answer)
    assert ended.code == 5
    platforms = answer["platforms"]
    assert isinstance(platforms, list)
    assert len(platforms) == 9
    assert packages["lib"]["missing"] == ["manylinux_x86_64"]
    text = " ".join((await ftbot("deps", "-r", path, "--platform", "all")).out.split())
    assert "on 3.14t, every platform: 1 of 2 stops you." in text
    assert "only on Windows" in text
    assert (await ftbot("deps", "-r", path, "--platform", "win_amd64")).code == 0
    assert (await ftbot("deps", "-r", path, "--platform", "current", "--json")).code in {0, 5}


PYPROJECT = """\
[project]
name = "mine"
version = "1.0"
dependencies = ["attrs"]
[project.optional-dependencies]
web = ["tornado<6.6"]
[dependency-groups]
dev = ["source"]
"""


async def test_extras_and_groups_are_added_where_they_are_asked_for(ftbot: Run, tmp_path: Path) -> None:
    path = await written(tmp_path, PYPROJECT, "pyproject.toml")
    code, answer = await asked(ftbot, "-r", path)
    assert (code, [*packages_of(answer)]) == (0, ["attrs"])
    code, answer = await asked(ftbot, "-r", path, "--extra", "web")
    assert (code, [*packages_of(answer)]) == (5, ["tornado", "attrs"])
    code, answer = await asked(ftbot, "-r", path, "--group", "dev")
    assert (code, [*packages_of(answer)]) == (5, ["source", "attrs"])
    assert "mine on 3.14t, Linux x86-64: " in (await ftbot("deps", "-r", path, *LINUX)).out
    ended = await ftbot("deps", "-r", path, "--extra", "wbe")
    assert (ended.code, "There are web." in ended.err or "There is web." in ended.err) == (2, True)


async def test_several_files_are_one_application(ftbot: Run, tmp_path: Path) -> None:
    one, other = await written(tmp_path, "attrs==25.4.0"), await written(tmp_path, "tornado==6.6", "other.txt")
    _, answer = await asked(ftbot, "-r", one, "-r", other)
    assert answer["files"] == [{"file": name, "kind": "requirements.txt"} for name in ("requirements.txt", "other.txt")]
    assert [*packages_of(answer)] == ["attrs", "tornado"]
    assert f"{one} and 1 more on" in " ".join((await ftbot("deps", "-r", one, "-r", other, *LINUX)).out.split())


async def test_a_package_is_said_once_however_often_it_is_named(ftbot: Run, tmp_path: Path) -> None:
    path = await written(tmp_path, "Zope_Lib==1.0\nzope.lib==1.0\nzope-lib == 1.0\n")
    _, answer = await asked(ftbot, "-r", path, "-r", path)
    assert [*packages_of(answer)] == ["zope-lib"]
    assert answer["counts"] == {"packages": 1, "blocks": 0, "gil_on": 0, "unknown": 1}


# Other forms


async def test_csv_has_everything_and_nothing_else_is_on_stdout(ftbot: Run, tmp_path: Path) -> None:
    path = await written(tmp_path, "tornado==6.5.4\nattrs==25.4.0\nacme==1.0")
    ended = await ftbot("deps", "-r", path, *LINUX, "--format", "csv", "--target", "3.14t", "--target", "3.15t")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert [(row["target"], row["package"]) for row in rows] == [
        *(("3.14t", name) for name in ("tornado", "acme", "attrs")),
        *(("3.15t", name) for name in ("acme", "attrs", "tornado")),  # no build for 3.15 is there either
    ]
    assert (rows[0]["first_working"], rows[0]["blocks"]) == ("6.6", "yes")


async def test_markdown_folds_what_stops_nobody(ftbot: Run, tmp_path: Path) -> None:
    path = await written(tmp_path, "tornado==6.5.4\nattrs==25.4.0\n@everyone\n")
    ended = await ftbot("deps", "-r", path, *LINUX, "--format", "markdown")
    assert "1 of 2 stops you" in ended.out
    assert ended.out.index("tornado 6.5.4") < ended.out.index("<details>") < ended.out.index("attrs 25.4.0")
    assert "@everyone" not in ended.out


async def test_the_tree_shows_who_requires_whom(ftbot: Run) -> None:
    out = (await ftbot("deps", "app", *LINUX, "--tree")).out
    lines = [line.rstrip() for line in out.splitlines()]
    assert lines[2] == "✅ app 1.0"
    assert lines[3] == "  ✅ attrs 25.4.0"
    assert lines[4].startswith("  ⛔ tornado 6.5.4 ")


CYCLE = """\
version = 1
requires-python = ">=3.12"
[[package]]
name = "mine"
source = { virtual = "." }
dependencies = [{ name = "attrs" }]
[[package]]
name = "attrs"
version = "25.4.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "tornado" }]
[[package]]
name = "tornado"
version = "6.6"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "attrs" }, { name = "tornado" }]
"""


async def test_packages_that_require_each_other_are_drawn_once(ftbot: Run, index: FakeIndex, tmp_path: Path) -> None:
    path = await written(tmp_path, CYCLE.replace("https://pypi.org/simple", index.index_url), "uv.lock")
    out = (await ftbot("deps", "-r", path, *LINUX, "--tree")).out
    lines = [line.strip() for line in out.splitlines()]
    assert lines[2:6] == [
        "✅ attrs 25.4.0",
        "✅ tornado 6.6",
        "✅ attrs 25.4.0 (see above)",
        "✅ tornado 6.6 (see above)",
    ]


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_each_package_has_a_line_that_fits_the_terminal(
    ftbot: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    long = "a-package-with-a-name-that-is-longer-than-most-names-of-packages-are"
    pins = ["tornado==6.5.4", f"{long}==1.0", *(f"p{number}==1.0" for number in range(78))]
    path = await written(tmp_path, "\n".join(pins))
    monkeypatch.setenv("COLUMNS", str(width))
    for more in ([], ["--tree"]):
        out = (await ftbot("deps", "-r", path, *LINUX, *more)).out
        assert max(cell_len(line.rstrip()) for line in out.splitlines()) <= width
        assert len(out.splitlines()) < 80 + 15


# Files


async def test_the_kind_of_a_file_is_told_by_what_is_in_it(ftbot: Run, index: FakeIndex, tmp_path: Path) -> None:
    lock = await written(tmp_path, CYCLE.replace("https://pypi.org/simple", index.index_url), "something.txt")
    project = await written(tmp_path, PYPROJECT, "project.in")
    _, answer = await asked(ftbot, "-r", lock, "-r", project)
    assert answer["files"] == [
        {"file": "something.txt", "kind": "uv.lock"},
        {"file": "project.in", "kind": "pyproject.toml"},
    ]


async def test_includes_are_read_inside_the_folder_only(ftbot: Run, tmp_path: Path) -> None:
    await written(tmp_path, "secret==1.0", "outside.txt")
    await written(tmp_path, "tornado==6.6\n-r ../requirements.txt\n", "app/sub/more.txt")
    path = await written(
        tmp_path,
        "attrs==25.4.0\n-r sub/more.txt\n-r ../outside.txt\n-r link.txt\n-r sub/../../outside.txt\n-c /etc/passwd\n"
        "-r nowhere.txt\n-r sub\n",
        "app/requirements.txt",
    )
    link = tmp_path / "app" / "link.txt"
    await asyncio.to_thread(link.symlink_to, tmp_path / "outside.txt")
    _, answer = await asked(ftbot, "-r", path)
    assert [*packages_of(answer)] == ["attrs", "tornado"]
    outside, absent = "outside the folder: only files in it are included", "no such file among those given"
    assert not_read(answer) == [
        (2, "a file that includes itself"),
        (3, outside),
        (4, absent),
        (5, outside),
        (6, "an absolute path: only files in the same folder are included"),
        (7, absent),
        (8, absent),
    ]


async def test_a_file_that_is_a_link_includes_what_lies_beside_the_link(ftbot: Run, tmp_path: Path) -> None:
    """As pip has it: the folder is that of the path that was given."""
    real = await written(tmp_path, "-r base.txt", "elsewhere/requirements.txt")
    await written(tmp_path, "secret==1.0", "elsewhere/base.txt")
    await written(tmp_path, "attrs==25.4.0", "app/base.txt")
    link = tmp_path / "app" / "requirements.txt"
    await asyncio.to_thread(link.symlink_to, real)
    _, answer = await asked(ftbot, "-r", str(link))
    assert [*packages_of(answer)] == ["attrs"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes in folders")
async def test_what_is_no_file_of_text_is_refused_at_once(ftbot: Run, tmp_path: Path) -> None:
    pipe, binary = tmp_path / "pipe.txt", tmp_path / "binary.txt"
    await asyncio.to_thread(os.mkfifo, pipe)
    await asyncio.to_thread(binary.write_bytes, b"\x80\x81\xff")
    for place, says in (
        (tmp_path, "it is no file"),
        (pipe, "it is no file"),
        (binary, "it is no UTF-8 text"),
        (tmp_path / "binary.txt" / "x", "cannot be read"),
    ):
        ended = await asyncio.wait_for(ftbot("deps", "-r", str(place)), at_most(30))
        assert (ended.code, ended.out) == (2, "")
        assert says in ended.err
    path = await written(tmp_path, "attrs==25.4.0\n-r pipe.txt\n")
    _, answer = await asked(ftbot, "-r", path)
    assert not_read(answer) == [(2, "no such file among those given")]


async def test_what_cannot_be_installed_from_an_index_is_told_line_by_line(ftbot: Run, tmp_path: Path) -> None:
    path = await written(
        tmp_path,
        "attrs==25.4.0\n-e .\ngit+https://user:pass@host/x\n./lib\n${VARIABLE}\nlib\0==1.0\n--index-url https://x\n",
    )
    ended = await ftbot("deps", "-r", path, *LINUX, "--json")
    (answer,) = ended.answers
    assert [line for line, _ in not_read(answer)] == [2, 3, 4, 5, 6, 7]
    assert "pass@" not in ended.out
    text = (await ftbot("deps", "-r", path, *LINUX)).out
    assert "Not read (6)" in text
    assert "requirements.txt:2: -e .: an editable project" in text
    assert "\0" not in text


async def test_pins_that_vanished_or_were_yanked_are_told(ftbot: Run, index: FakeIndex, tmp_path: Path) -> None:
    yanked = [replace(file, yanked="broken") for file in _built("old", "1.0", FREE)]
    index.publish("old", [*yanked, *_built("old", "2.0", FREE)])
    path = await written(tmp_path, "old==1.0\ntornado==1.0\nlib==1.0+local\n")
    _, answer = await asked(ftbot, "-r", path)
    packages = packages_of(answer)
    assert {name: each["verdict"] for name, each in packages.items()} == {
        "lib": "not-found",
        "old": "supported",
        "tornado": "not-found",
    }
    assert [each["kind"] for each in packages["old"]["modifiers"]] == ["yanked"]  # type: ignore[attr-defined] # of JSON
    assert packages["tornado"]["reason"] == "The index has no release 1.0 of it; it may have been deleted."
    assert packages["lib"]["reason"] == "The index has no 1.0+local: what follows the + comes from another index."
    assert not any(each["blocks"] for each in packages.values())


async def test_an_index_that_is_down_is_not_asked_about_everything(
    ftbot: Run, index: FakeIndex, tmp_path: Path
) -> None:
    """Of 5,000 packages each would wait for its own attempts: that took minutes."""
    index.script(refusal(502), times=None)
    path = await written(tmp_path, "\n".join(f"p{number}==1.0" for number in range(5_000)))
    ended = await asyncio.wait_for(ftbot("deps", "-r", path, *LINUX, "--json"), at_most(60))
    (answer,) = ended.answers
    assert (ended.code, answer["counts"]) == (4, {"packages": 5_000, "blocks": 0, "gil_on": 0, "unknown": 5_000})
    assert len(index.requests) < 500


# Environments


async def installed(site: Path, folder: str, metadata: str | bytes | None, direct_url: str | None = None) -> None:
    """Make a ``.dist-info`` folder as an installer leaves it."""
    place = site / folder
    await asyncio.to_thread(place.mkdir, parents=True)
    if metadata is not None:
        text = metadata if isinstance(metadata, bytes) else metadata.encode()
        await asyncio.to_thread((place / "METADATA").write_bytes, text)
    if direct_url is not None:
        await asyncio.to_thread((place / "direct_url.json").write_text, direct_url)


async def test_an_environment_is_judged_by_what_is_installed_in_it(ftbot: Run, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    site = venv / "lib" / "python3.14" / "site-packages"
    head = "Metadata-Version: 2.4\nName: {}\nVersion: {}\n"
    await installed(site, "tornado-6.5.4.dist-info", head.format("Tornado", "6.5.4"))
    await installed(site, "attrs-25.4.0.dist-info", head.format("attrs", "25.4.0") + "Requires-Dist: tornado\n")
    await installed(
        site,
        "mine-1.0.dist-info",
        head.format("mine", "1.0"),
        '{"url": "file:///home/ada/mine", "dir_info": {"editable": true}}',
    )
    await installed(site, "broken-1.0.dist-info", b"\xff\xfe\0nonsense")
    await installed(site, "empty-1.0.dist-info", None)
    await installed(site, "lib-1.0.egg-info", head.format("lib", "1.0"))
    code, answer = await asked(ftbot, "--environment", str(venv))
    packages = packages_of(answer)
    assert (code, [*packages], answer["resolved"]) == (5, ["tornado", "attrs"], False)
    assert packages["tornado"]["required_by"] == [["attrs", "tornado"]]
    assert answer["files"] == [{"file": str(venv), "kind": "environment"}]
    told = {reason for _, reason in not_read(answer)}
    assert "it has no METADATA" in told
    assert "its METADATA names no package and version" in told
    assert len(not_read(answer)) == 3
    assert (await ftbot("deps", "--environment", str(site), *LINUX)).code == 5


# Being interrupted


def children_of(pid: int) -> list[int]:
    """Return the processes that a process started, in all of its threads, and that these started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(each) for each in task.read_text().split()]
    return [each for child in found for each in (child, *children_of(child))]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
async def test_an_interrupt_ends_it_and_its_uv(index: FakeIndex, tmp_path: Path) -> None:
    hold = index.hold()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "deps", "app",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    await asyncio.wait_for(hold.arrived.wait(), at_most(60))
    children = await asyncio.to_thread(children_of, process.pid)
    assert children
    process.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(process.communicate(), at_most(60))
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err
    async with asyncio.timeout(at_most(30)):
        while any([await asyncio.to_thread(is_running, child) for child in children]):  # noqa: ASYNC110 — nothing tells us
            await asyncio.sleep(0.01)  # whoever inherits an orphan takes a moment to bury it
    assert list(await asyncio.to_thread(lambda: list(tmp_path.glob("ftbot-*")))) == []
