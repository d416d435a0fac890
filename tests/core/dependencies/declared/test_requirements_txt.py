"""What a requirements file asks for: pip's rules, and nothing but packages of an index."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.version import Version

from bot.core.dependencies import demands as requirements
from bot.core.dependencies.declared import requirements_txt
from bot.core.dependencies.declared.requirements_txt import (
    DEEPEST_INCLUDE,
    MOST_INCLUDED,
    pinned,
    read_requirements,
    requirement_rows,
)
from bot.core.dependencies.files import Demand, DependencyFile, FileKind, Lock
from bot.core.errors import UserError


def _asked(read: DependencyFile) -> list[str]:
    """Return what is required, each as ``line: name[extras]specifier; marker``."""
    return [_written(demand) for root in read.roots for group in root.groups for demand in group.demands]


def _written(demand: Demand) -> str:
    extras = f"[{','.join(demand.extras)}]" if demand.extras else ""
    marker = f"; {demand.marker}" if demand.marker else ""
    return f"{demand.line}: {demand.name}{extras}{demand.specifier}{marker}"


def _left_out(read: DependencyFile) -> list[tuple[int | None, str, str]]:
    return [(each.line, each.text, each.reason) for each in read.not_read]


def _lock(read: DependencyFile) -> Lock:
    assert read.lock is not None
    return read.lock


def test_requirements_are_read_with_extras_versions_and_markers() -> None:
    read = read_requirements(
        "r.txt", "\ufeffNumPy\nZope.Interface[Test,a_b]>=1,<2 ; python_version > '3' # why\n  x (==1)\n"
    )
    assert _asked(read) == ["1: numpy", '2: zope-interface[a-b,test]<2,>=1; python_version > "3"', "3: x==1"]
    assert (read.file, read.kind, read.lock) == ("r.txt", FileKind.REQUIREMENTS, None)
    assert (read.not_read, read.warnings, read.constraints) == ((), (), ())


def test_lines_are_joined_as_pip_joins_them() -> None:
    text = "a \\\n  >=1 \\\n--hash=sha256:1\n# no \\\nb\nc \\\n# ends it\nd\ne \\"
    assert _asked(read_requirements("r.txt", text)) == ["1: a>=1", "5: b", "6: c", "8: d", "9: e"]


@pytest.mark.parametrize(
    ("line", "hashes"),
    [
        ("a==1 --hash=sha256:1 --hash=sha256:2 ; python_version > '3'", 2),
        ("a==1 ; python_version > '3' --hash sha256:1", 1),
        ("a==1 --config-settings x=--hash=1", 0),
        ("a==1", 0),
    ],
)
def test_options_of_a_requirement_are_no_part_of_it(line: str, hashes: int) -> None:
    (row,), _ = requirement_rows("r.txt", line)
    assert isinstance(row.found, Demand)
    assert (row.found.name, str(row.found.specifier), row.hashes) == ("a", "==1", hashes)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("--index-url https://example.org/simple", "an option of pip"),
        ("-i https://example.org/simple", "an option of pip"),
        ("--pre", "an option of pip"),
        ("--require-hashes # all", "an option of pip"),
        ("-e .", "an editable project: only packages of an index are read"),
        ("-e git+https://example.org/x#egg=x", "an editable project: only packages of an index are read"),
        ("--editable=./x", "an editable project: only packages of an index are read"),
        (".", "a path: only packages of an index are read"),
        (".[all]", "a path: only packages of an index are read"),
        ("./a b ; python_version > '3'", "a path: only packages of an index are read"),
        ("../x", "a path: only packages of an index are read"),
        ("/srv/x", "a path: only packages of an index are read"),
        ("~/x", "a path: only packages of an index are read"),
        ("C:\\x\\y", "a path: only packages of an index are read"),
        ("file:///srv/x", "a path: only packages of an index are read"),
        ("numpy-1.0-py3-none-any.whl", "a path: only packages of an index are read"),
        ("x @ file:///srv/x", "a path: only packages of an index are read"),
        ("https://example.org/x.whl", "a URL: only packages of an index are read"),
        ("x @ https://example.org/x.whl ; python_version > '3'", "a URL: only packages of an index are read"),
        ("git+ssh://git@example.org/x", "version control: only packages of an index are read"),
        ("git@example.org:x/y", "version control: only packages of an index are read"),
        ("x[a] @ git+https://example.org/x", "version control: only packages of an index are read"),
        ("x==${VERSION}", "it holds an environment variable"),
        ("https://${TOKEN}@example.org/x.whl", "it holds an environment variable"),
        ("--index-url https://${TOKEN}@example.org", "it holds an environment variable"),
        ("-r ${FOLDER}/x.txt", "it holds an environment variable"),
        ("x y", "no requirement such as `name[extra]>=1; marker`"),
        ("x=1", "no requirement such as `name[extra]>=1; marker`"),
        ("x; nonsense > '1'", "no requirement such as `name[extra]>=1; marker`"),
    ],
)
def test_what_is_no_package_of_an_index_is_told_and_the_rest_is_read(line: str, reason: str) -> None:
    read = read_requirements("r.txt", f"a\n\n{line}\nb\n")
    assert _asked(read) == ["1: a", "4: b"]
    assert [(each.file, each.line, each.reason) for each in read.not_read] == [("r.txt", 3, reason)]


@pytest.mark.parametrize(
    ("line", "shown", "reason"),
    [
        ("a\0b", "a�b", "it holds a control character, or a space that is none"),
        ("a\x1b[31m", "a�[31m", "it holds a control character, or a space that is none"),
        ("x" * 9_000, "x" * 99 + "…", "too long for a requirement"),
        ("x==" + "1" * 5_000, "x==" + "1" * 96 + "…", "too long for a requirement"),
        (
            "x; " + "(" * 1_000 + "python_version > '3'" + ")" * 1_000,
            "x; " + "(" * 96 + "…",
            "a marker with more than 40 parentheses within each other",
        ),
        ("https://me:secret@example.org/x", "https://…@example.org/x", "a URL: only packages of an index are read"),
    ],
)
def test_what_is_shown_of_a_line_is_short_and_harmless(line: str, shown: str, reason: str) -> None:
    assert _left_out(read_requirements("r.txt", line)) == [(1, shown, reason)]


def _including(text: str, files: dict[str, str], place: str | None = None) -> DependencyFile:
    return read_requirements("r.txt", text, files.get, place)


def test_included_files_are_read_where_they_are_included() -> None:
    files = {
        "sub/b.txt": "b\n-e .\n-r ../c.txt\n",
        "c.txt": "c\n",
        "limits.txt": "a<2\n-c sub/more.txt\n",
        "sub/more.txt": "d<3",
    }
    read = _including("a\n-r sub/b.txt\n-climits.txt\n--requirement=c.txt\ne\n", files)
    assert _asked(read) == ["1: a", "1: b", "1: c", "5: e"]
    assert [_written(each) for each in read.constraints] == ["1: a<2", "1: d<3"]
    assert [(each.file, each.line, each.text) for each in read.not_read] == [("sub/b.txt", 2, "-e .")]


def test_includes_are_looked_for_from_where_the_file_is() -> None:
    read = _including("-r ../base.txt\n-r 'a b.txt'\n", {"base.txt": "a", "sub/a b.txt": "b"}, "sub/dev.txt")
    assert (_asked(read), read.not_read) == (["1: a", "1: b"], ())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("-r ../x.txt", "outside the folder: only files in it are included"),
        ("-r a/../../x.txt", "outside the folder: only files in it are included"),
        ("-r '..\\x.txt'", "outside the folder: only files in it are included"),
        ("-r /etc/passwd", "an absolute path: only files in the same folder are included"),
        ("-r ~/x.txt", "an absolute path: only files in the same folder are included"),
        ("-r C:/x.txt", "an absolute path: only files in the same folder are included"),
        ("-c https://example.org/x.txt", "a URL: only files in the same folder are included"),
        ("-r file:x.txt", "a URL: only files in the same folder are included"),
        ("-r no.txt", "no such file among those given"),
        ("-r 'no.txt", "no such file among those given"),
        ("-r .", "no such file among those given"),
        ("-r", "no file is named"),
        ("--requirement= ''", "no file is named"),
        ("-r " + "x" * 9_000, "too long for a requirement"),
        ("-r ./r.txt", "a file that includes itself"),
    ],
)
def test_includes_that_are_not_read_are_told(line: str, reason: str) -> None:
    read = _including(f"a\n{line}\nb\n", {"r.txt": "never"})
    assert _asked(read) == ["1: a", "3: b"]
    assert [(each.line, each.reason) for each in read.not_read] == [(2, reason)]


def test_without_files_nothing_is_included() -> None:
    assert [each.reason for each in read_requirements("r.txt", "-r x.txt").not_read] == [
        "no such file among those given"
    ]


def test_what_is_wrong_with_an_included_file_is_told_at_its_line() -> None:
    def refuse(path: str) -> str | None:
        raise UserError(f"{path} is no text.")

    read = read_requirements("r.txt", "a\n-r x.txt\n", refuse)
    assert [(each.line, each.text, each.reason) for each in read.not_read] == [(2, "-r x.txt", "x.txt is no text.")]


def test_a_cycle_ends() -> None:
    read = _including("a\n-r b.txt\n", {"b.txt": "b\n-r c.txt\n", "c.txt": "c\n-r b.txt\n-c r.txt\n"})
    assert _asked(read) == ["1: a", "1: b", "1: c"]
    assert [(each.file, each.line, each.reason) for each in read.not_read] == [
        ("c.txt", 2, "a file that includes itself"),
        ("c.txt", 3, "a file that includes itself"),
    ]


def test_files_within_each_other_and_their_number_are_bounded() -> None:
    deep = {f"{n}.txt": f"p{n}\n-r {n + 1}.txt\n" for n in range(50)}
    read = _including("-r 0.txt\n", deep)
    assert len(_asked(read)) == DEEPEST_INCLUDE
    assert [(each.file, each.reason) for each in read.not_read] == [("9.txt", "more than 10 files include each other")]

    many = {f"{n}.txt": f"p{n}\n" for n in range(200)}
    read = _including("".join(f"-r {n}.txt\n" for n in range(150)), many)
    assert len(_asked(read)) == MOST_INCLUDED
    assert {each.reason for each in read.not_read} == {"more than 100 files are included"}


def test_a_file_is_read_once_however_often_it_is_included() -> None:
    files = {f"{n}.txt": f"-r {n + 1}.txt\n" * 9 for n in range(8)} | {"8.txt": "a\n"}
    assert _asked(_including("-r 0.txt\n-r 0.txt\n", files)) == ["1: a"]


def test_files_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements_txt, "LARGEST_FILE", 20)
    with pytest.raises(UserError, match=r"^r\.txt and what it includes are too large: 20 characters are read\.$"):
        _including("-r a.txt\n", {"a.txt": "a" * 15})
    monkeypatch.setattr(requirements_txt, "MOST_ENTRIES", 3)
    with pytest.raises(UserError, match=r"^r\.txt has more than 3 lines that matter"):
        read_requirements("r.txt", "a\nb\nc\nd\n")
    monkeypatch.setattr(requirements_txt, "MOST_LINES", 3)
    with pytest.raises(UserError, match=r"^b\.txt has 5 lines\. At most 3 are read\.$"):
        _including("-r b.txt", {"b.txt": "\n" * 5})


def test_pins_with_who_required_them_are_a_lock() -> None:
    text = """\
# This file was autogenerated by uv via the following command:
#    uv pip compile requirements.in -o requirements.txt --generate-hashes
anyio==4.2.0 \\
    --hash=sha256:1 \\
    --hash=sha256:2
    # via
    #   -r requirements.in
    #   httpx[http2]
    #   Star_Lette
colorama==0.4.6 ; sys_platform == 'win32'  # via httpx, star-lette
    # from https://example.org/simple
    #   anyio
httpx==1+local
    # via app (pyproject.toml), -c limits.txt
# via nobody
star-lette===2.x  # via -r requirements.in (line 3)

    # via anyio
"""
    read = read_requirements("r.txt", text)
    lock = _lock(read)
    assert not lock.walked
    assert [(each.name, each.version, each.marker, each.groups) for each in lock.packages] == [
        ("anyio", Version("4.2.0"), None, ("main",)),
        ("colorama", Version("0.4.6"), Marker("sys_platform == 'win32'"), ("main",)),
        ("httpx", Version("1+local"), None, ("main",)),
        ("star-lette", None, None, ("main",)),
    ]
    assert {each.name: [child.name for child in each.requires] for each in lock.packages} == {
        "anyio": [],
        "colorama": [],
        "httpx": ["anyio", "colorama"],
        "star-lette": ["anyio", "colorama"],
    }
    assert [line.partition("=")[0] for line in _asked(read)] == ["3: anyio", "13: httpx", "16: star-lette"]
    assert read.warnings == ()


def test_the_names_in_a_comment_are_bounded() -> None:
    text = "a==1  # via " + ", ".join(f"b{n}" for n in range(2_000)) + "\nb999==1\nb1999==1\n"
    lock = _lock(read_requirements("r.txt", text))
    assert {each.name: bool(each.requires) for each in lock.packages} == {"a": False, "b999": True, "b1999": False}


def test_forks_of_one_package_stay_and_repetitions_do_not() -> None:
    read = read_requirements("r.txt", "a==1; os_name == 'nt'\na==2; os_name != 'nt'\nA==1; os_name=='nt'\n")
    assert [(each.name, str(each.version), str(each.marker)) for each in _lock(read).packages] == [
        ("a", "1", 'os_name == "nt"'),
        ("a", "2", 'os_name != "nt"'),
    ]


_BESIDES = "besides was not looked for."


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        (
            "a==1\nb==2\n",
            f"All 2 requirements are pinned, so they were taken as they are; what they require {_BESIDES}",
        ),
        ("a==1\n-e .\n", f"The requirement is pinned, so it was taken as it is; what it requires {_BESIDES}"),
        ("a==1 --hash=sha256:1\n", None),
        ("a==1\n    # via b\n", None),
        ("# This file is @generated by PDM.\na==1\n", None),
        ("# Autogenerated by pip-compile with Python 3.14\na==1\n", None),
    ],
)
def test_pins_that_nothing_shows_to_be_complete_come_with_a_warning(text: str, warned: str | None) -> None:
    read = read_requirements("r.txt", text)
    assert read.lock is not None
    assert read.warnings == (() if warned is None else (warned,))


@pytest.mark.parametrize("text", ["a==1\nb\n", "a==1.*\n", "a>=1\n", "a==1,!=2\n", "", "-e .\n"])
def test_what_is_not_pinned_throughout_is_no_lock(text: str) -> None:
    read = read_requirements("r.txt", text)
    assert (read.lock, read.warnings) == (None, ())


def test_constraints_need_not_be_pinned() -> None:
    read = _including("a==1\n-c c.txt\n", {"c.txt": "b<2\n"})
    assert [each.name for each in _lock(read).packages] == ["a"]


_KINDS = {
    requirements.EDITABLE: "editable",
    requirements.PATH: "path",
    requirements.URL: "url",
    requirements.VERSION_CONTROL: "url",
}


def test_real_files_are_read_as_pip_reads_them(real_files: Path) -> None:
    expected = json.loads((real_files / "expected" / "requirements.json").read_text("utf-8"))["files"]
    folder = real_files / "requirements"
    compared = 0
    for path in sorted(folder.glob("*/*")):
        name = path.relative_to(folder).as_posix()
        rows, _ = requirement_rows(name, path.read_text("utf-8"), _files_in(path.parent))
        said = [
            {
                "line": row.line,
                "file": row.file.rpartition("/")[2],
                "constraint": row.constraint,
                "hashes": row.hashes,
                "kind": "index" if isinstance(row.found, Demand) else _KINDS[row.found],
            }
            | (_index(row.found) if isinstance(row.found, Demand) else {})
            for row in rows
            if isinstance(row.found, Demand) or row.found in _KINDS
        ]
        wanted = expected[name]["rows"]
        assert said == [_wanted(each) for each in wanted], name
        compared += len(wanted)
    assert compared == 275


def _files_in(folder: Path) -> Callable[[str], str | None]:
    return lambda path: (folder / path).read_text("utf-8") if (folder / path).is_file() else None


def _index(demand: Demand) -> dict[str, object]:
    return {
        "name": demand.name,
        "extras": list(demand.extras),
        "specifier": str(demand.specifier),
        "marker": str(demand.marker) if demand.marker else None,
        "pinned": pinned(demand),
    }


def _wanted(row: dict[str, object]) -> dict[str, object]:
    place, _, line = str(row["source"]).partition(" (line ")
    found = {
        "line": int(line.rstrip(")")),
        "file": place.rpartition(" ")[2].rpartition("/")[2],
        "constraint": row["constraint"],
        "hashes": row["hashes"],
        "kind": row["kind"],
    }
    keys = ("name", "extras", "specifier", "marker", "pinned") if row["kind"] == "index" else ()
    return found | {key: row.get(key) for key in keys}


_PIECES = [
    *(
        "numpy",
        "==1.0",
        ">=2,<3",
        "[a,b]",
        " ; ",
        "python_version > '3'",
        " and ",
        "(",
        ")",
        "\\\n",
        "\n",
        " # via ",
        "#  x",
    ),
    *(
        "-r a.txt",
        "-c b/c.txt",
        "-e .",
        "--hash=sha256:1",
        " ",
        "git+https://",
        "${X}",
        "\0",
        "'",
        "\ufeff",
        "\x85",
        "@",
        "===",
    ),
]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=4), max_size=40).map("".join))
def test_any_text_is_read(text: str) -> None:
    read = _including(text, {"a.txt": text, "b/c.txt": text[::-1]})
    for each in read.not_read:
        assert each.text.isprintable()
        assert len(each.text) <= requirements.LONGEST_SHOWN
