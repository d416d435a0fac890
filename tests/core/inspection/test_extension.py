from __future__ import annotations

import pytest

from bot.core.inspection.extension import (
    Build,
    Extension,
    asks_for_exports,
    build_of,
    hooked_modules,
    is_hook,
    module_name,
)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("lxml/etree.cpython-314t-x86_64-linux-gnu.so", "lxml.etree"),
        ("_yaml.cp314t-win_amd64.pyd", "_yaml"),
        ("demo-1.0.data/platlib/demo/_c.abi3.so", "demo._c"),
        ("demo-1.0.data/purelib/_c.so", "_c"),
        ("demo.data/_c.so", "demo.data._c"),
        ("pkg/__init__.cpython-314t-darwin.so", "pkg"),
        ("81d243bd2c585b0f4821__mypyc.cpython-314t-darwin.so", "81d243bd2c585b0f4821__mypyc"),
    ],
)
def test_a_file_is_imported_by_its_dotted_name(file: str, name: str) -> None:
    assert module_name(file) == name


@pytest.mark.parametrize(
    ("file", "build"),
    [
        ("m.cpython-314t-x86_64-linux-gnu.so", Build.FREE_THREADED),
        ("m.cpython-314-x86_64-linux-gnu.so", Build.WITH_GIL),
        ("m.cp314t-win_amd64.pyd", Build.FREE_THREADED),
        ("m.cp313-win32.pyd", Build.WITH_GIL),
        ("m.abi3.so", Build.ABI3),
        ("m.abi3t.so", Build.ABI3T),
        ("m.abi3t-x86_64-linux-gnu.so", Build.ABI3T),
        ("m.abi3t-darwin.so", Build.ABI3T),
        ("m.pypy311-pp73-x86_64-linux-gnu.so", Build.NOT_CPYTHON),
        ("m.graalpy242-311-native-x86_64-linux.so", Build.NOT_CPYTHON),
        ("m.so", Build.UNNAMED),
        ("m.pyd", Build.UNNAMED),
        ("libm.so.6", Build.UNNAMED),
        ("folder.cpython-314t-darwin/m.so", Build.UNNAMED),
    ],
)
def test_a_files_name_says_for_which_build_it_is(file: str, build: Build) -> None:
    assert build_of(file) is build


@pytest.mark.parametrize(
    ("file", "asks"),
    [
        ("m.cpython-314t-darwin.so", False),
        ("m.cp313t-win_amd64.pyd", False),
        ("m.cpython-315t-darwin.so", True),
        ("m.abi3t.so", True),
        ("m.pyd", True),
    ],
)
def test_python_asks_for_exports_since_3_15(file: str, asks: bool) -> None:
    assert asks_for_exports(file) is asks


def test_hooks_are_functions_of_a_module() -> None:
    hooks = ("PyInit_m", "PyModExport_m", "PyInitU_tda", "PyModExportU_tda")
    assert all(is_hook(symbol) for symbol in hooks)
    assert not any(is_hook(symbol) for symbol in ("PyInit_", "PyInit_m.cold", "_PyInit_m", "PyInitialize", "PyInit"))


def test_both_hooks_are_one_module() -> None:
    exports = ("PyInit__rust", "PyModExport__rust", "PyModExport_aead")
    assert hooked_modules("cryptography/_rust.abi3t.so", exports) == {
        "cryptography._rust": ("PyInit__rust", "PyModExport__rust")
    }


def test_a_name_that_is_not_ascii_is_found() -> None:
    assert hooked_modules("pkg/bücher.cpython-314t-darwin.so", ("PyInitU_bcher_kva",)) == {
        "pkg.bücher": ("PyInitU_bcher_kva", None)
    }


def test_a_hook_for_the_package_itself_is_its_module() -> None:
    file = "pkg/__init__.cpython-314t-darwin.so"
    assert hooked_modules(file, ("PyInit___init__",)) == {"pkg": ("PyInit___init__", None)}
    assert hooked_modules(file, ("PyInit_pkg", "PyInit___init__")) == {"pkg": ("PyInit_pkg", None)}


def test_other_hooks_are_no_modules_beside_the_files_own() -> None:
    exports = ("PyInit___init__", "PyInit_md")
    assert hooked_modules("cd/md.cpython-314t-darwin.so", exports) == {"cd.md": ("PyInit_md", None)}
    assert hooked_modules("cd/lib.so", exports) == {
        "cd.__init__": ("PyInit___init__", None),
        "cd.md": ("PyInit_md", None),
    }


def test_only_what_exports_a_hook_for_cpython_is_an_extension_module_of_cpython() -> None:
    assert Extension("m.so", exports=("PyInit_m",)).is_cpython
    assert not Extension("m.pypy311-pp73-darwin.so", exports=("PyInit_m",)).is_cpython
    assert not Extension("m.so").is_cpython
