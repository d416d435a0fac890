"""What people type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dependencies.declared import names
from bot.core.dependencies.declared.names import read_names
from bot.core.errors import UserError
from tests.core.dependencies.declared.asked import asked


def test_names_are_read_with_extras_versions_and_markers() -> None:
    read = read_names(["NumPy", "numpy", "pandas[excel]>=2", "x==1; os_name == 'nt'"])
    assert asked(read) == {"main": ["numpy", "pandas[excel]>=2", 'x==1; os_name == "nt"']}
    assert (read.file, read.lock, read.not_read) == ("", None, ())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("https://example.org/x.whl", "`https://example.org/x.whl` cannot be looked at: a URL"),
        ("./x", "`./x` cannot be looked at: a path"),
        ("git+https://me:secret@example.org/x", "`git+https://…@example.org/x` cannot be looked at: version control"),
        ("a\nb", "`a b` cannot be looked at: it holds a control character"),
        ("-r", "`-r` cannot be looked at: no requirement such as"),
        ("", "`` cannot be looked at: no requirement such as"),
    ],
)
def test_anything_else_is_refused(name: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        read_names(["numpy", name])
    assert str(error.value).startswith(said)


def test_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MOST_ENTRIES", 2)
    with pytest.raises(UserError, match=r"^These are 3 packages\. At most 2 are looked at\.$"):
        read_names(["a", "b", "c"])


@given(st.text(alphabet="ab[]<>=!~;@ /:.'1,()", max_size=30))
def test_any_name_is_read_or_refused(name: str) -> None:
    try:
        demands = read_names([name]).roots[0].groups[0].demands
    except UserError:
        return
    assert len(demands) == 1
