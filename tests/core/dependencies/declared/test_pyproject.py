"""What a project declares, by the standards and in the tables that tools had before them."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dependencies import toml_text
from bot.core.dependencies.declared import reading
from bot.core.dependencies.declared.pyproject import read_pyproject
from bot.core.dependencies.files import FileKind
from bot.core.errors import UserError
from tests.core.dependencies.declared.asked import asked, left_out


def test_dependencies_extras_and_groups_are_read() -> None:
    read = read_pyproject(
        "pyproject.toml",
        """\
[project]
name = "My.App"
dependencies = [
    "NumPy>=2",
    "colorama; sys_platform == \\"win32\\"",
    'tomli; python_version < "3.11"',
]
[project.optional-dependencies]
Fast_IO = ["orjson[a]"]
[dependency-groups]
dev = ["ruff", {include-group = "Test"}, "mypy"]
test = ["pytest", "coverage"]
""",
    )
    assert (read.file, read.kind, read.lock) == ("pyproject.toml", FileKind.PYPROJECT, None)
    assert [root.name for root in read.roots] == ["my-app"]
    assert asked(read) == {
        "main": ["numpy>=2", 'colorama; sys_platform == "win32"', 'tomli; python_version < "3.11"'],
        "extra fast-io": ["orjson[a]"],
        "group dev": ["ruff", "pytest", "coverage", "mypy"],
        "group test": ["pytest", "coverage"],
    }
    assert [demand.line for demand in read.roots[0].groups[0].demands] == [4, 5, 6]
    assert (read.not_read, read.warnings) == ((), ())


def test_what_is_no_package_of_an_index_is_told_with_its_line() -> None:
    read = read_pyproject(
        "p.toml",
        """\
[project]
name = "a"
dependencies = [
  "x @ https://example.org/x.whl",
  "y",
  "not one",
  1,
]
[project.optional-dependencies]
bad = "y"
e = ["x @ https://example.org/x.whl", "z @ git+https://example.org/z"]
[dependency-groups]
"no name!" = []
g = [{include = "x"}, {include-group = "h", more = 1}, "w"]
""",
    )
    assert asked(read) == {"main": ["y"], "extra bad": [], "extra e": [], "group g": ["w"]}
    assert left_out(read) == [
        (4, "x @ https://example.org/x.whl", "a URL: only packages of an index are read"),
        (6, "not one", "no requirement such as `name[extra]>=1; marker`"),
        (None, "project.dependencies", "an entry that is no text"),
        (10, "project.optional-dependencies.bad", "no list of requirements"),
        (11, "x @ https://example.org/x.whl", "a URL: only packages of an index are read"),
        (11, "z @ git+https://example.org/z", "version control: only packages of an index are read"),
        (13, "dependency-groups.no name!", "no name of a group"),
        (None, "dependency-groups.g", 'neither a requirement nor `{include-group = "…"}`'),
        (None, "dependency-groups.g", 'neither a requirement nor `{include-group = "…"}`'),
    ]


def test_groups_that_include_each_other_or_what_is_not_there_are_told() -> None:
    read = read_pyproject(
        "p.toml",
        """\
[dependency-groups]
a = ["x", {include-group = "b"}]
b = [{include-group = "a"}, "y", {include-group = "none"}, {include-group = "b"}]
c = [{include-group = "d"}, {include-group = "d"}]
d = ["z"]
D = ["v"]
""",
    )
    assert asked(read) == {
        "main": [],
        "group a": ["x", "y"],
        "group b": ["x", "y"],
        "group c": ["z", "v"],
        "group d": ["z", "v"],
    }
    assert read.warnings == (
        "There are two groups with the name d; they were taken together.",
        "The dependency group b includes a, which includes b.",
        "The dependency group b includes none, which does not exist.",
        "The dependency group b includes b, which includes b.",
        "The dependency group a includes b, which includes a.",
    )


def test_a_thousand_groups_in_a_row_are_read() -> None:
    rows = [f'g{n} = [{{include-group = "g{n + 1}"}}, "p{n}"]' for n in range(300)]
    read = read_pyproject("p.toml", "\n".join(["[dependency-groups]", *rows, 'g300 = ["last"]']))
    assert asked(read)["group g0"][:2] == ["last", "p299"]


def test_groups_that_would_explode_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    include = [f'{{include-group = "g{n}"}}' for n in range(60)]
    rows = [f'g{n} = ["p{n}", {", ".join(include[:n])}]' for n in range(60)]
    text = "\n".join(["[dependency-groups]", *rows])
    assert len(asked(read_pyproject("p.toml", text))["group g59"]) == 60
    monkeypatch.setattr(reading, "MOST_GROUPED", 1_000)
    with pytest.raises(UserError, match=r"^p\.toml: its groups have more than 1,000 requirements together\."):
        read_pyproject("p.toml", text)
    often = '{include-group = "h"},' * 2_000
    rows = [f"h{n} = [{often}]" for n in range(150)]
    with pytest.raises(UserError, match=r"^p\.toml: its dependency groups include each other too often"):
        read_pyproject("p.toml", "\n".join(["[dependency-groups]", "h = []", *rows]))


def test_own_extras_are_what_they_need() -> None:
    read = read_pyproject(
        "p.toml",
        """\
[project]
name = "my_app"
[project.optional-dependencies]
all = ["My-App[a,b]", "x"]
a = ["y; os_name == 'nt'"]
b = ["z", "my-app[all]", "my-app[none]"]
[dependency-groups]
dev = ["my.app[a]; python_version > '3'", "my-app"]
""",
    )
    both = 'y; python_version > "3" and os_name == "nt"'
    assert asked(read) == {
        "main": [],
        "extra all": ['y; os_name == "nt"', "z", "x"],
        "extra a": ['y; os_name == "nt"'],
        "extra b": ["z", 'y; os_name == "nt"', "x"],
        "group dev": [both],
    }


def test_own_extras_that_need_each_other_without_end_are_refused() -> None:
    rows = [f'e{n} = ["a[{",".join(f"e{m}" for m in range(40))}]", "p{n}"]' for n in range(40)]
    with pytest.raises(UserError, match=r"^p\.toml: its extras need each other too often to be read\."):
        read_pyproject("p.toml", "\n".join(['[project]\nname = "a"\n[project.optional-dependencies]', *rows]))


@pytest.mark.parametrize(
    ("more", "instead"),
    [
        ("", "a lock file or requirements.txt"),
        (
            '[tool.setuptools.dynamic]\ndependencies = {file = ["requirements.txt", "more.txt"]}',
            "requirements.txt and more.txt",
        ),
        ('[tool.setuptools.dynamic]\ndependencies = {file = "req.in"}', "req.in"),
    ],
)
def test_dynamic_dependencies_are_told(more: str, instead: str) -> None:
    text = f'[project]\nname = "a"\ndynamic = ["version", "dependencies"]\n[dependency-groups]\nd = ["x"]\n{more}'
    read = read_pyproject("pyproject.toml", text)
    assert asked(read) == {"main": [], "group d": ["x"]}
    assert read.warnings == (
        f"pyproject.toml: its dependencies are dynamic: they are known only when it is built. Give {instead} instead.",
    )
    assert [(line.text, line.reason) for line in read.not_read] == [
        ('dynamic = ["dependencies"]', "known only when it is built")
    ]


def test_a_file_without_any_dependencies_says_so() -> None:
    read = read_pyproject("p.toml", "[tool.ruff]\nline-length = 120\n")
    assert read.warnings == (
        "p.toml declares no dependencies: it has neither [project] nor [dependency-groups] nor [tool.poetry].",
    )


def test_the_tables_of_poetry_are_read() -> None:
    read = read_pyproject(
        "p.toml",
        """\
[tool.poetry]
name = "app"
[tool.poetry.dependencies]
python = "^3.9"
Requests = "^2.28"
"ruamel.yaml" = {version = "*", extras = ["Jinja2"]}
tomli = { version = "~2.0", python = "<3.11", markers = "os_name == 'posix' or os_name == 'nt'", platform = "linux" }
numpy = [
  {version = "<2", python = "<3.9"},
  {version = ">=2", python = ">=3.9"},
]
psycopg2 = { version = "2.9.*", optional = true }
either = "^1 || ^3"
private = { version = "1.0", source = "mine" }
here = { path = "../here", develop = true }
there = { git = "https://me:secret@example.org/there.git", branch = "main" }
file = { url = "https://example.org/file.whl" }
wrong = "latest"
odd = 1
noversion = {version = 1}
unsure = {version = "1", markers = "nonsense"}
"bad name" = "1"
[tool.poetry.extras]
pg = ["psycopg2", "requests", "nothing"]
[tool.poetry.group.Test]
include-groups = ["docs"]
[tool.poetry.group.Test.dependencies]
pytest = "*"
[tool.poetry.group.docs.dependencies]
sphinx = "7"
[tool.poetry.dev-dependencies]
black = "23.1.0"
""",
    )
    assert [root.name for root in read.roots] == ["app"]
    where = '(python_full_version < "3.11" and sys_platform == "linux") and (os_name == "posix" or os_name == "nt")'
    assert asked(read) == {
        "main": [
            "requests<3,>=2.28",
            "ruamel-yaml[jinja2]",
            f"tomli<2.1,>=2.0; {where}",
            'numpy<2; python_full_version < "3.9"',
            'numpy>=2; python_full_version >= "3.9"',
            "either",
            "private==1.0",
            "unsure==1",
        ],
        "extra pg": ["psycopg2==2.9.*", "requests<3,>=2.28"],
        "group test": ["pytest", "sphinx==7"],
        "group docs": ["sphinx==7"],
        "group dev": ["black==23.1.0"],
    }
    assert left_out(read) == [
        (15, "here = { path = ../here }", "a path: only packages of an index are read"),
        (
            16,
            "there = { git = https://…@example.org/there.git }",
            "version control: only packages of an index are read",
        ),
        (17, "file = { url = https://example.org/file.whl }", "a URL: only packages of an index are read"),
        (18, "wrong = latest", "no version that Poetry knows"),
        (19, "odd", "neither a version nor a table"),
        (20, "noversion = …", "no version that Poetry knows"),
        (22, "bad name", "no requirement such as `name[extra]>=1; marker`"),
    ]
    assert read.warnings == (
        "either is wanted in one of several ranges of versions; any version was taken to do.",
        "private comes from another index (mine); it is looked for on the usual one.",
        "The marker of unsure makes no sense; it counts as needed everywhere.",
    )


def test_where_the_project_says_what_it_needs_poetry_says_where_it_comes_from() -> None:
    read = read_pyproject(
        "p.toml",
        """\
[project]
name = "app"
dependencies = ["a>=1", "b"]
[tool.poetry.dependencies]
b = { git = "https://example.org/b.git" }
c = "*"
""",
    )
    assert asked(read) == {"main": ["a>=1"]}
    assert left_out(read) == [(3, "b", "version control: only packages of an index are read")]


def test_dynamic_dependencies_that_poetry_knows_are_not_told() -> None:
    read = read_pyproject(
        "p.toml", '[project]\nname="a"\ndynamic=["dependencies"]\n[tool.poetry.dependencies]\nb = "1"\n'
    )
    assert (asked(read), read.warnings) == ({"main": ["b==1"]}, ())


def test_the_groups_of_pdm_and_uv_are_read() -> None:
    read = read_pyproject(
        "p.toml",
        """\
[project]
name = "app"
dependencies = ["torch", "local", "fork", "mate", "partly"]
[dependency-groups]
dev = ["ruff"]
[tool.uv]
dev-dependencies = ["mypy"]
[tool.uv.sources]
torch = { index = "pytorch" }
local = { path = "../local", editable = true }
fork = [{ git = "https://example.org/fork", marker = "os_name == 'nt'" }, { url = "https://example.org/fork.zip" }]
mate = { workspace = true }
partly = { git = "https://example.org/partly", marker = "os_name == 'nt'" }
"bad name" = { path = "x" }
[tool.pdm.dev-dependencies]
Lint = ["flake8", "-e file:///srv/x#egg=x"]
""",
    )
    assert asked(read) == {"main": ["torch", "partly"], "group dev": ["ruff", "mypy"], "group lint": ["flake8"]}
    assert left_out(read) == [
        (16, "-e file:///srv/x#egg=x", "an editable project: only packages of an index are read"),
        (3, "local", "a path: only packages of an index are read"),
        (3, "fork", "version control: only packages of an index are read"),
        (3, "mate", "another project of the workspace"),
    ]
    assert read.warnings == (
        "torch comes from another index, as tool.uv.sources says; it is looked for on the usual one.",
        "partly comes from elsewhere on some platforms, as tool.uv.sources says; that was not read.",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[project]\nname = a\n", "p.toml, line 2: it is not valid TOML."),
        ("a = 1\na = 2\n", "p.toml"),
        ("a = " + "[" * 100_000, "p.toml is nested too deeply."),
        ("a = 1" + "0" * 10_000, "p.toml is not valid TOML: a number or a date in it is impossible."),
        ("x = 1\n[" + "a." * 200 + "a]", "p.toml, line 2: a hundred dots are too many for the name of a table."),
        ("a\0 = 1", "p.toml, line 1: it is not valid TOML."),
    ],
)
def test_what_is_no_toml_is_refused(text: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        read_pyproject("p.toml", text)
    assert str(error.value).startswith(said)


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ENTRIES", 3)
    with pytest.raises(UserError, match=r"^p\.toml has more than 3 requirements, which is the limit\."):
        read_pyproject("p.toml", '[project]\ndependencies = ["a", "b", "c", "d"]')
    monkeypatch.setattr(toml_text, "LARGEST_FILE", 10)
    with pytest.raises(UserError, match=r"^p\.toml has 11 characters\. At most 10 are read\."):
        read_pyproject("p.toml", "#" * 11)


def test_many_odd_things_are_told_in_part() -> None:
    rows = "".join(f'p{n} = "^1 || ^3"\n' for n in range(30))
    warnings = read_pyproject("p.toml", f"[tool.poetry.dependencies]\n{rows}").warnings
    assert (len(warnings), warnings[-1]) == (21, "10 more things were odd.")


def test_the_real_project_with_groups_agrees(real_files: Path) -> None:
    expected = json.loads((real_files / "expected" / "pyproject-attrs.json").read_text("utf-8"))
    read = read_pyproject("p.toml", (real_files / "pyproject/attrs-pep735/pyproject.toml").read_text("utf-8"))
    found = {name: sorted(set(each)) for name, each in asked(read).items()}
    # What is included twice is listed twice there.
    wanted = {f"group {name}": sorted(set(each)) for name, each in expected["groups"].items()}
    assert found == {"main": [], **wanted}
    assert (read.not_read, read.warnings) == ((), ())


def test_the_real_project_with_dynamic_dependencies_says_so(real_files: Path) -> None:
    read = read_pyproject("p.toml", (real_files / "pyproject/hatch-dynamic/pyproject.toml").read_text("utf-8"))
    assert asked(read) == {"main": []}
    assert read.warnings[0].startswith("p.toml: its dependencies are dynamic: they are known only when it is built.")


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["a", "a>=1", "b[c]", "^1", "~2 || 3", "x @ git+https://e", "\0", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "version",
                    "include-group",
                    "git",
                    "python",
                    "markers",
                    "extras",
                    "a",
                    "b",
                    "optional",
                    "source",
                    "index",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
_TABLES = [
    *("project.dependencies", "project.dynamic", "project.optional-dependencies", "project.name", "dependency-groups"),
    *("dependency-groups.a", "tool.poetry.dependencies", "tool.poetry.group.a.dependencies", "tool.poetry.extras"),
    *("tool.uv.sources", "tool.uv.dev-dependencies", "tool.pdm.dev-dependencies", "tool.setuptools.dynamic"),
]


def _toml(value: object) -> str:
    match value:
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{json.dumps(key)} = {_toml(each)}' for key, each in value.items())}}}"
        case None:
            return '"*"'
        case _:
            return json.dumps(value)


@given(st.dictionaries(st.sampled_from(_TABLES), _VALUES, max_size=6))
def test_whatever_the_tables_hold_is_read_or_refused(tables: dict[str, object]) -> None:
    with suppress(UserError):
        read_pyproject("p.toml", "\n".join(f"{key} = {_toml(value)}" for key, value in tables.items()))


@given(
    st.lists(
        st.sampled_from([*(f"[{name}]\n" for name in _TABLES), "a", " = ", '"', "[", "]", "{", "}", "\n", "\0", "'^1'"])
        | st.text(max_size=3)
    ).map("".join)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UserError):
        read_pyproject("p.toml", text)
