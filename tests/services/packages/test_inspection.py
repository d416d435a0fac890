"""Wheels are read inside, each once; what cannot be read is unknown, and never a guess."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from bot.core.inspection.inspection import Inside
from bot.core.inspection.modules import Declaration, Gil, How
from bot.services.packages.inspection import PackageInspection, Problem
from tests.fakes.fake_index import refusal
from tests.fakes.file_host import FileHost
from tests.inspector.ways import foreign
from tests.services.inspections import OFF, ON, UNKNOWN, Laboratory, open_laboratory, publish, wheel_of
from tests.services.lookups import T314, T315, Clock

LINUX = "cp314-cp314t-manylinux_2_28_aarch64"
LINUX_315 = "cp315-cp315t-manylinux_2_28_aarch64"
BOTH = (T314, T315)


@pytest.fixture
async def host() -> AsyncIterator[FileHost]:
    async with FileHost() as running:
        yield running


@pytest.fixture
async def laboratory(host: FileHost, address: str) -> AsyncIterator[Laboratory]:
    async with open_laboratory(host, address, Clock()) as opened:
        yield opened


def gils(found: PackageInspection) -> list[Gil | None]:
    return [each.gil for each in found.targets]


async def test_each_target_is_told_by_its_own_wheel(host: FileHost, laboratory: Laboratory) -> None:
    publish(host, "demo", {LINUX: wheel_of({"demo/m": ON}), LINUX_315: wheel_of({"demo/m": OFF}, python="315t")})
    found = await laboratory.inspector.inspect("demo", BOTH)
    assert (found.package, found.version, gils(found)) == ("demo", Version("1.0"), [Gil.ON, Gil.OFF])
    inspection = found.targets[0].inspection
    assert inspection is not None
    (module,) = inspection.modules
    assert (module.module, module.gil, module.how) == ("demo.m", Declaration.USED, How.SLOT)
    assert inspection.wheel == f"demo-1.0-{LINUX}.whl"
    assert (inspection.verified, inspection.reason, inspection.bytes) == (True, None, inspection.bytes_read)


async def test_what_was_read_is_not_fetched_again(host: FileHost, laboratory: Laboratory, address: str) -> None:
    publish(host, "demo", {LINUX: wheel_of({"demo/m": ON})})
    first = await laboratory.inspector.inspect("demo", (T314,))
    asked = len(host.ranges())
    async with open_laboratory(host, address, Clock()) as after_restart:
        again = await after_restart.inspector.inspect("demo", (T314,))
    assert len(host.ranges()) == asked
    one, two = first.targets[0].inspection, again.targets[0].inspection
    assert one is not None
    assert two is not None
    assert (two.modules, two.bytes_read, two.requests) == (one.modules, 0, 0)


async def test_an_older_release_is_read_where_it_is_asked_for(host: FileHost, laboratory: Laboratory) -> None:
    publish(host, "demo", {LINUX: wheel_of({"demo/m": ON})})
    publish(host, "demo", {LINUX: wheel_of({"demo/m": OFF})}, "2.0")
    assert gils(await laboratory.inspector.inspect("demo", (T314,))) == [Gil.OFF]
    assert gils(await laboratory.inspector.inspect("demo", (T314,), Version("1.0"))) == [Gil.ON]
    missing = await laboratory.inspector.inspect("demo", (T314,), Version("3.0"))
    assert (missing.error, missing.problem) == ("demo has no release 3.0 on the index.", Problem.MISSING)


async def test_a_target_without_a_wheel_that_counts_is_told_so(host: FileHost, laboratory: Laboratory) -> None:
    publish(host, "demo", {"cp314-abi3-manylinux_2_28_aarch64": wheel_of({"demo/m": OFF})})
    (answer,) = (await laboratory.inspector.inspect("demo", (T314,))).targets
    assert (answer.inspection, answer.reason) == (None, "demo 1.0 has no wheel for 3.14t.")
    publish(host, "demo", {"cp310-abi3.abi3t-manylinux_2_28_aarch64": wheel_of({"demo/m": OFF})}, "2.0")
    (suspect,) = (await laboratory.inspector.inspect("demo", (T314,))).targets
    assert suspect.reason == (
        "demo 2.0 has a wheel that would install on 3.14t, but its tags cannot be believed; it is not read."
    )


async def test_a_package_that_does_not_exist_and_an_index_that_fails_are_no_answers(
    host: FileHost, laboratory: Laboratory
) -> None:
    gone = await laboratory.inspector.inspect("gone", BOTH)
    assert (gone.error, gone.problem) == ("There is no package called gone on the index.", Problem.MISSING)
    host.script(refusal(500), times=None)
    broken = await laboratory.inspector.inspect("demo", BOTH)
    assert (broken.error, broken.problem) == ("127.0.0.1 answered with status 500.", Problem.UNREACHABLE)


async def test_a_file_that_cannot_be_fetched_is_unknown_for_now(host: FileHost, laboratory: Laboratory) -> None:
    publish(host, "demo", {LINUX: wheel_of({"demo/m": OFF})})
    host.script(refusal(500), path="^/files/", times=None)
    (answer,) = (await laboratory.inspector.inspect("demo", (T314,))).targets
    assert answer.inspection is not None
    assert (answer.gil, answer.inspection.temporary) == (Gil.UNKNOWN, True)
    assert answer.inspection.reason == "127.0.0.1 answered with status 500."
    host.heal()
    assert gils(await laboratory.inspector.inspect("demo", (T314,))) == [Gil.OFF]


async def test_a_broken_wheel_is_unknown_and_says_why(host: FileHost, laboratory: Laboratory) -> None:
    publish(host, "demo", {LINUX: b"PK" + bytes(1000)})
    (answer,) = (await laboratory.inspector.inspect("demo", (T314,))).targets
    assert answer.inspection is not None
    assert (answer.gil, answer.inspection.modules, answer.inspection.temporary) == (Gil.UNKNOWN, (), True)
    assert answer.inspection.reason


async def test_what_a_host_garbled_is_read_anew_when_it_is_well(host: FileHost, laboratory: Laboratory) -> None:
    content = wheel_of({"demo/m": OFF}, more={"demo/data.bin": os.urandom(600_000)})
    publish(host, "demo", {LINUX: content})
    place = content.index(b".so") + 40  # within the module's data
    garbled = content[:place] + bytes(100) + content[place + 100 :]
    name = f"demo-1.0-{LINUX}.whl"
    host.files[name] = replace(host.files[name], place=garbled)
    (answer,) = (await laboratory.inspector.inspect("demo", (T314,))).targets
    assert answer.gil is Gil.UNKNOWN
    host.files[name] = replace(host.files[name], place=content)
    assert gils(await laboratory.inspector.inspect("demo", (T314,))) == [Gil.OFF]


async def test_what_the_reader_broke_on_is_read_another_time(
    host: FileHost, laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(host, "demo", {LINUX: wheel_of({"demo/m": OFF})})
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/bin/false")
        (answer,) = (await laboratory.inspector.inspect("demo", (T314,))).targets
        assert answer.inspection is not None
        assert (answer.gil, answer.inspection.temporary) == (Gil.UNKNOWN, True)
    assert gils(await laboratory.inspector.inspect("demo", (T314,))) == [Gil.OFF]


async def test_one_module_that_cannot_be_told_leaves_the_others(host: FileHost, laboratory: Laboratory) -> None:
    broken = {"demo/broken.cpython-314t-aarch64-linux-gnu.so": b"\x7fELF PyInit_broken" + bytes(500)}
    publish(host, "demo", {LINUX: wheel_of({"demo/m": OFF, "demo/sub/m": UNKNOWN}, more=broken)})
    (answer,) = (await laboratory.inspector.inspect("demo", (T314,))).targets
    assert answer.inspection is not None
    told = {module.module: module.gil for module in answer.inspection.modules}
    assert told["demo.m"] is Declaration.NOT_USED
    assert {told["demo.sub.m"], told["demo.broken"]} == {Declaration.UNKNOWN}
    assert all(module.reason for module in answer.inspection.untold)
    assert answer.gil is Gil.UNKNOWN


async def test_wheels_without_modules_have_none(host: FileHost, laboratory: Laboratory) -> None:
    publish(host, "demo", {"py3-none-any": wheel_of({}, more={"demo/__init__.py": b""})})
    assert gils(await laboratory.inspector.inspect("demo", BOTH)) == [Gil.NONE, Gil.NONE]


async def test_a_wheel_that_says_it_holds_no_extension_and_does_is_proved_wrong(
    host: FileHost, laboratory: Laboratory
) -> None:
    publish(host, "demo", {"py3-none-manylinux_2_28_aarch64": wheel_of({"demo/m": OFF})})
    (answer,) = (await laboratory.inspector.inspect("demo", (T314,))).targets
    assert answer.inspection is not None
    (note,) = answer.inspection.notes
    assert note == (
        "It is mis-tagged: its tags say that it holds no CPython extension, and it holds"
        " demo/m.cpython-314t-aarch64-linux-gnu.so."
    )


async def test_the_file_decides_about_a_wheel_whose_tags_are_suspect(host: FileHost, laboratory: Laboratory) -> None:
    tags = "cp314-none-manylinux_2_28_aarch64"
    publish(host, "built", {tags: wheel_of({}, more={"built/m.so": foreign("linux-arm64", "slot_missing")})})
    publish(host, "ctypes", {tags: wheel_of({}, more={"ctypes/m.so": foreign("linux-arm64", "library")})})
    (built,) = (await laboratory.inspector.inspect("built", (T314,))).targets
    assert built.inspection is not None
    assert (built.gil, built.inspection.inside) == (Gil.ON, Inside.EXTENSION)
    assert built.inspection.notes == (
        "It is mis-tagged: its tags say that it holds no CPython extension, and it holds built/m.so.",
    )
    (loaded,) = (await laboratory.inspector.inspect("ctypes", (T314,))).targets
    assert loaded.inspection is not None
    assert (loaded.gil, loaded.inspection.inside) == (Gil.NONE, Inside.NO_EXTENSION)
    assert loaded.inspection.notes == (
        "It names one Python and no ABI, and holds no CPython extension: free-threaded Pythons can use it, too.",
    )


async def test_a_file_that_could_not_be_read_proves_nothing_about_tags(host: FileHost, laboratory: Laboratory) -> None:
    broken = {"demo/m.cpython-314-aarch64-linux-gnu.so": b"\x7fELF PyInit_m" + bytes(500)}
    publish(host, "demo", {"cp314-none-manylinux_2_28_aarch64": wheel_of({}, more=broken)})
    (answer,) = (await laboratory.inspector.inspect("demo", (T314,))).targets
    assert answer.inspection is not None
    assert answer.inspection.inside is None


async def test_what_was_read_is_what_each_target_imports(host: FileHost, laboratory: Laboratory) -> None:
    both = {
        "demo/m.cpython-314-aarch64-linux-gnu.so": foreign("linux-arm64", "slot_used"),
        "demo/m.cpython-315t-aarch64-linux-gnu.so": foreign("linux-arm64", "slot_missing"),
    }
    publish(host, "demo", {"py3-none-manylinux_2_28_aarch64": wheel_of({"demo/m": OFF}, more=both)})
    found = await laboratory.inspector.inspect("demo", BOTH)
    assert gils(found) == [Gil.OFF, Gil.ON]
    again = await laboratory.inspector.inspect("demo", BOTH)  # from what was stored
    assert gils(again) == [Gil.OFF, Gil.ON]
    assert again.targets[0].inspection is not None
    assert [module.file for module in again.targets[0].inspection.modules] == [
        "demo/m.cpython-314t-aarch64-linux-gnu.so"
    ]


async def test_a_file_on_the_disk_is_read_before_it_is_published(laboratory: Laboratory, tmp_path: Path) -> None:
    path = tmp_path / f"demo-2.0-{LINUX}.whl"
    await asyncio.to_thread(path.write_bytes, wheel_of({"demo/m": ON}))
    found = await laboratory.inspector.inspect_file(path)
    assert (found.package, found.version, [str(each.target) for each in found.targets]) == (
        "demo",
        Version("2.0"),
        ["3.14t"],
    )
    assert gils(found) == [Gil.ON]
    assert await laboratory.inspections.of_package("demo", Version("2.0")) == {}


async def test_a_file_that_is_not_named_like_a_wheel_is_refused(laboratory: Laboratory, tmp_path: Path) -> None:
    found = await laboratory.inspector.inspect_file(tmp_path / "demo.whl")
    assert found.problem is Problem.MISNAMED
    assert found.error == "demo.whl is not named like a wheel: NAME-VERSION-PYTHON-ABI-PLATFORM.whl."
