"""The metadata of a script."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dependencies.declared.script import read_script
from bot.core.dependencies.files import FileKind
from bot.core.errors import UserError
from tests.core.dependencies.declared.asked import asked, left_out

_SCRIPT = """\
#!/usr/bin/env python3
import sys

# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "requests<3",
#   "rich[jupyter]; os_name == 'nt'",
#   "mine",
#   "./here",
# ]
#
# [tool.uv.sources]
# mine = { path = "../mine" }
# ///
# more

x = "# /// script"
"""


@pytest.mark.parametrize("text", [_SCRIPT, _SCRIPT.replace("\n", "\r\n"), "\ufeff" + _SCRIPT])
def test_the_block_is_read(text: str) -> None:
    read = read_script("s.py", text)
    assert (read.file, read.kind, read.lock, read.warnings) == ("s.py", FileKind.SCRIPT, None, ())
    assert asked(read) == {"main": ["requests<3", 'rich[jupyter]; os_name == "nt"']}
    assert [demand.line for demand in read.roots[0].groups[0].demands] == [7, 8]
    assert left_out(read) == [
        (10, "./here", "a path: only packages of an index are read"),
        (9, "mine", "a path: only packages of an index are read"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "# /// script\n# ///\n",
        "# /// script\n# dependencies = []\n# ///",
        "# /// other\n# x\n# ///\n\n# /// script\n# a = 1\n# ///\n",
        "# /// script\n# a = '''\n# ///\n# '''\n# ///\n",
    ],
)
def test_a_script_may_need_nothing(text: str) -> None:
    assert asked(read_script("s.py", text)) == {"main": []}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import numpy\n", "s.py has no block of script metadata: it begins with a line `# /// script`."),
        (
            "# /// script\n# dependencies = []\n",
            "s.py has no block of script metadata: it begins with a line `# /// script`. Close it with a line `# ///`.",
        ),
        ("# /// script\n# a = 1\n\n# ///\n", "s.py has no block of script metadata: it begins with"),
        (
            "x\n# /// script\n# a = 1\n# ///\n\n# /// script\n# a = 1\n# ///\n",
            "s.py has more than one block of script metadata, on lines 2 and 6.",
        ),
        ("x\n# /// script\n# a = 1\n# dependencies = [\n# ///\n", "s.py, line 4: it is not valid TOML."),
        ("# /// script\n# x = " + "[" * 5_000 + "\n# ///\n", "s.py is nested too deeply."),
    ],
)
def test_what_is_wrong_with_the_block_is_told(text: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        read_script("s.py", text)
    assert str(error.value).startswith(said)


def test_dependencies_that_are_no_list_are_told() -> None:
    assert left_out(read_script("s.py", "# /// script\n# dependencies = 'x'\n# ///\n")) == [
        (2, "dependencies", "no list of requirements")
    ]


_LINES = [
    "# /// script",
    "# ///",
    "#",
    "# a = 1",
    "# dependencies = ['x']",
    "#b",
    "",
    "x",
    "# [tool.uv.sources]",
    "# \0",
]


@given(st.lists(st.sampled_from(_LINES), max_size=20).map("\n".join))
def test_any_script_is_read_or_refused(text: str) -> None:
    with suppress(UserError):
        read_script("s.py", text)
