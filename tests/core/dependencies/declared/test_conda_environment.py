"""The part of an environment.yml that pip installs."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dependencies.declared.conda_environment import read_conda_environment
from bot.core.dependencies.files import FileKind
from bot.core.errors import UserError
from tests.core.dependencies.declared.asked import asked, left_out


def test_what_pip_installs_is_read_and_the_rest_counted() -> None:
    read = read_conda_environment(
        "e.yml",
        """\
name: mine
pip-repositories:
  - https://$USER:$PASSWORD@example.org/simple
  - https://example.org/simple
dependencies:
  - python=3.14
  - numpy  # [win]
  - pip:
    - NumPy>=2
    - "pandas[excel]==3.0 ; python_version > '3.12'"
    - psutil  # [linux64]
    - x; os_name == 'posix'  # [unix]
    - y # [never]
    - -e .
    - -r other.txt
    - --pre
    - z @ git+https://example.org/z
    - w==$VERSION
    -
    - [a]
  - scipy
""",
    )
    assert (read.file, read.kind, read.lock) == ("e.yml", FileKind.CONDA_ENVIRONMENT, None)
    assert asked(read) == {
        "main": [
            "numpy>=2",
            'pandas[excel]==3.0; python_version > "3.12"',
            'psutil; sys_platform == "linux" and platform_machine == "x86_64"',
            'x; os_name == "posix" and sys_platform != "win32"',
            "y",
        ]
    }
    assert [demand.line for demand in read.roots[0].groups[0].demands] == [9, 10, 11, 12, 13]
    assert left_out(read) == [
        (14, "-e .", "an editable project: only packages of an index are read"),
        (15, "-r other.txt", "another file: ask about it by itself"),
        (16, "--pre", "an option of pip"),
        (17, "z @ git+https://example.org/z", "version control: only packages of an index are read"),
        (18, "w==$VERSION", "it holds an environment variable"),
        (None, "pip", "an entry that is no text"),
        (None, "pip", "an entry that is no text"),
        (3, "https://…@example.org/simple", "it holds an environment variable"),
        (4, "https://example.org/simple", "another index: only the usual one is asked"),
    ]
    assert read.warnings == (
        "y is wanted where `[never]` holds, which is not known: it counts as needed.",
        "3 packages of conda were left out: only what pip installs is read.",
    )


def test_one_package_of_conda_is_one() -> None:
    read = read_conda_environment("e.yml", "dependencies: [python, pip: [a]]\n")
    assert asked(read) == {"main": ["a"]}
    assert read.warnings == ("1 package of conda was left out: only what pip installs is read.",)


@pytest.mark.parametrize("text", ["", "a", "- a", "dependencies:\n", "dependencies: x\n"])
def test_what_is_no_environment_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"^e\.yml has no list of `dependencies`, so it is no environment of conda\.$"):
        read_conda_environment("e.yml", text)


@pytest.mark.parametrize(
    ("name", "main", "left"),
    [
        ("env-local-pip/environment.yml", [], [9]),
        ("env-name-confusion/environment.yaml", ["dask"], []),
        ("env-pip-full-url/environment.yml", [], [8, 9]),
        (
            "env-pip-repositories/environment.yaml",
            ["fake-private-package==1.0.0", "fake-private-package-custom-port==1.0.0"],
            [4, 5],
        ),
        ("env-pip-selector/environment.yml", ['psutil; sys_platform == "linux" and platform_machine == "x86_64"'], []),
    ],
)
def test_real_environments_are_read(real_files: Path, name: str, main: list[str], left: list[int]) -> None:
    read = read_conda_environment(name, (real_files / "conda" / name).read_text("utf-8"))
    assert asked(read) == {"main": main}
    assert len(read.not_read) == len(left)


_PIECES = [
    "dependencies:\n",
    "  - a\n",
    "  - pip:\n",
    "    - b==1\n",
    "    - -r x\n",
    "    - [c]\n",
    "pip-repositories: [x]\n",
    "&a ",
    "*a ",
    "#  [x]\n",
    "{",
    "\0",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=15).map("".join))
def test_any_environment_is_read_or_refused(text: str) -> None:
    with suppress(UserError):
        read_conda_environment("e.yml", text)
