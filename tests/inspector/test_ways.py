from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bot.core.inspection.extension import Extension
from bot.core.inspection.modules import Declaration
from bot.inspector.extension import read_extension
from tests.inspector.ways import AS_DATA, CODE_TARGETS, DATA_TARGETS, DECLARED, FOLDER, FOREIGN, Expected, foreign

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
FILE = "package/m.cpython-314t-x86_64-linux-gnu.so"

OPTIONS = {
    "optimised": ("-O2",),
    "small": ("-Os",),
    "stripped": ("-O2", "-s"),
    "relr": ("-O2", "-Wl,-z,pack-relative-relocs"),
    "old hashes": ("-O2", "-Wl,--hash-style=sysv"),
    "new hashes": ("-O2", "-Wl,--hash-style=gnu"),
    "bound at once, without stubs": ("-O2", "-fno-plt", "-Wl,-z,now"),
}

needs_compiler = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="needs a C compiler on Linux, on a machine whose code is understood",
)


def compiled(way: str, options: tuple[str, ...], folder: Path) -> bytes:
    assert COMPILER is not None
    module = folder / f"{way}.so"
    common = ("-fPIC", "-shared", "-nostdlib", "-fvisibility=hidden", "-w")
    command = [COMPILER, *options, *common, str(FOLDER / f"{way}.c"), "-o", str(module)]
    made = subprocess.run(command, capture_output=True, check=False, text=True)
    if made.returncode:
        pytest.skip(f"the compiler does not know an option: {made.stderr.strip()[-200:]}")
    return module.read_bytes()


def declared(extension: Extension) -> Expected:
    (module,) = extension.modules
    assert module.module == "package.m"
    assert (module.reason is None) is (module.gil is not Declaration.UNKNOWN)
    return module.gil, module.how


def test_every_way_is_expected_to_declare_something() -> None:
    assert {source.stem for source in FOLDER.glob("*.c")} == DECLARED.keys() | {"library"}


def test_modules_for_other_systems_are_built_from_these_sources() -> None:
    with zipfile.ZipFile(FOREIGN) as archive:
        built_from = {name: archive.read(name) for name in archive.namelist() if name.startswith("ways/")}
    assert built_from == {f"ways/{source.name}": source.read_bytes() for source in FOLDER.iterdir()}, (
        "run tests/inspector/build_foreign.py"
    )


@needs_compiler
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("way", DECLARED)
def test_a_module_of_this_machine_declares(way: str, options: tuple[str, ...], tmp_path: Path) -> None:
    gil, _ = declared(read_extension(FILE, compiled(way, options, tmp_path)))
    assert gil is DECLARED[way][0]


@needs_compiler
@pytest.mark.parametrize("way", DECLARED)
def test_code_that_is_not_optimised_is_read_the_same_or_not_at_all(way: str, tmp_path: Path) -> None:
    gil, _ = declared(read_extension(FILE, compiled(way, ("-O0",), tmp_path)))
    assert gil in {DECLARED[way][0], Declaration.UNKNOWN}


@pytest.mark.parametrize("target", CODE_TARGETS)
@pytest.mark.parametrize("way", DECLARED)
def test_a_module_of_another_system_declares_the_same(way: str, target: str) -> None:
    assert declared(read_extension(FILE, foreign(target, way))) == DECLARED[way]


@pytest.mark.parametrize("target", DATA_TARGETS)
@pytest.mark.parametrize("way", DECLARED)
def test_without_its_code_a_module_is_read_as_far_as_it_is_data(way: str, target: str) -> None:
    assert declared(read_extension(FILE, foreign(target, way))) == AS_DATA[way]


@pytest.mark.parametrize("target", CODE_TARGETS)
def test_a_library_is_no_module(target: str) -> None:
    assert read_extension("package/libm.so", foreign(target, "library")) == Extension("package/libm.so")


@pytest.mark.parametrize("target", CODE_TARGETS)
def test_a_file_that_is_named_like_a_module_and_is_none_is_unknown(target: str) -> None:
    (module,) = read_extension(FILE, foreign(target, "library")).modules
    assert (module.module, module.gil) == ("package.m", Declaration.UNKNOWN)
    assert module.reason == "It is named like an extension module, and exports nothing by which CPython imports one."
