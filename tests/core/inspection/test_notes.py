from __future__ import annotations

import pytest

from bot.core.inspection.extension import Extension
from bot.core.inspection.inspection import Inside
from bot.core.inspection.modules import Declaration, ExtensionModule
from bot.core.inspection.notes import inside_of, notes_of

LINUX, WINDOWS = "cp315-abi3t-manylinux_2_28_x86_64", "cp315-abi3t-win_amd64"


def extension(file: str, *exports: str, linked: bool = False) -> Extension:
    return Extension(file, exports=exports, links_python3t=linked)


@pytest.mark.parametrize(
    ("tags", "extensions", "says"),
    [
        (LINUX, [extension("p/m.abi3t.so", "PyModExport_m")], []),
        (LINUX, [extension("p/m.abi3.so", "PyModExport_m")], ["p/m.abi3.so is named for abi3"]),
        (
            LINUX,
            [extension("p/m.abi3t.so", "PyInit_m"), extension("p/n.abi3t.so", "PyInit_n")],
            ["p/m.abi3t.so, p/n.abi3t.so are without a PyModExport hook"],
        ),
        (WINDOWS, [extension("p/m.pyd", "PyModExport_m", linked=True)], []),
        (WINDOWS, [extension("p/m.pyd", "PyModExport_m")], ["p/m.pyd is not linked against python3t.dll"]),
        ("py3-none-win_amd64", [extension("p/m.pyd", "PyInit_m")], ["It is mis-tagged: "]),
        ("cp314-none-win_amd64", [extension("p/m.pyd", "PyInit_m")], ["it holds p/m.pyd."]),
        ("cp314-none-win_amd64", [extension("p/m.pyd")], []),
        ("cp314-cp314t-win_amd64", [extension("p/m.cp314t-win_amd64.pyd", "PyInit_m")], []),
        ("no-such-tags-at-all", [extension("p/m.pyd", "PyInit_m")], []),
    ],
)
def test_what_tags_promise_and_files_do_not_keep_is_said(
    tags: str, extensions: list[Extension], says: list[str]
) -> None:
    notes = notes_of(tags, extensions)
    assert len(notes) == len(says)
    assert all(part in note for note, part in zip(notes, says, strict=True))


def test_a_file_that_means_to_break_a_sentence_does_not() -> None:
    (note,) = notes_of("py3-none-any", [extension("p/\n\u202e@everyone.pyd", "PyInit_m")])
    assert note.isprintable()


UNTOLD = Extension("p/m.abi3t.so", (ExtensionModule("p.m", "p/m.abi3t.so", Declaration.UNKNOWN, reason="No."),))


@pytest.mark.parametrize(
    ("extensions", "inside"),
    [
        ([], Inside.NO_EXTENSION),
        ([extension("p/library.so")], Inside.NO_EXTENSION),
        ([extension("p/m.pypy311-pp73-x86_64-linux-gnu.so", "PyInit_m")], Inside.NO_EXTENSION),
        ([UNTOLD], None),
        ([extension("p/m.so", "PyInit_m"), UNTOLD], Inside.EXTENSION),
        ([extension("p/m.so", "PyModExport_m"), UNTOLD], Inside.EXTENSION),
        ([extension("p/m.so", "PyModExport_m"), extension("p/n.so", "PyInit_n")], Inside.EXTENSION),
        ([extension("p/m.so", "PyModExport_m"), extension("p/m.abi3.so", "PyInit_m")], Inside.EXPORT_HOOKS),
        ([extension("p/m.abi3.so", "PyModExport_m")], Inside.EXTENSION),
    ],
)
def test_what_is_inside_a_wheel_is_said_only_where_it_is_sure(
    extensions: list[Extension], inside: Inside | None
) -> None:
    assert inside_of(extensions, complete=True) is inside


def test_a_wheel_that_was_not_read_to_its_end_may_hold_anything_more() -> None:
    assert inside_of([], complete=False) is None
    assert inside_of([extension("p/m.so", "PyModExport_m")], complete=False) is Inside.EXTENSION
