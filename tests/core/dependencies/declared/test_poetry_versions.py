"""Poetry's own way of writing versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.dependencies.declared.poetry_versions import poetry_python, poetry_specifiers


@pytest.mark.parametrize(
    ("text", "specifiers"),
    [
        # https://python-poetry.org/docs/dependency-specification/
        ("^1.2.3", "<2,>=1.2.3"),
        ("^1.2", "<2,>=1.2"),
        ("^1", "<2,>=1"),
        ("^0.2.3", "<0.3,>=0.2.3"),
        ("^0.0.3", "<0.0.4,>=0.0.3"),
        ("^0.0", "<0.1,>=0.0"),
        ("^0", "<1,>=0"),
        ("^2.0.0b1", "<3,>=2.0.0b1"),
        ("~1.2.3", "<1.3,>=1.2.3"),
        ("~1.2", "<1.3,>=1.2"),
        ("~1", "<2,>=1"),
        ("~=1.4.2", "~=1.4.2"),
        ("*", ""),
        ("1.*", "==1.*"),
        ("1.2.x", "==1.2.*"),
        ("!=1.2.*", "!=1.2.*"),
        (">=1.2.*", ">=1.2"),
        ("1.2.3", "==1.2.3"),
        ("=1.2", "==1.2"),
        ("==1.2", "==1.2"),
        (" >= 1.2 , < 1.5", "<1.5,>=1.2"),
        (">=1.2 <1.5 !=1.3", "!=1.3,<1.5,>=1.2"),
        ("<>1.2", "!=1.2"),
    ],
)
def test_a_constraint_is_put_as_everybody_else_writes_it(text: str, specifiers: str) -> None:
    found = poetry_specifiers(text)
    assert found is not None
    assert [str(each) for each in found] == [specifiers]


@pytest.mark.parametrize("text", ["^1 || ^3", "^1|^3", "^1||  ^3"])
def test_alternatives_stay_alternatives(text: str) -> None:
    found = poetry_specifiers(text)
    assert found is not None
    assert [str(each) for each in found] == ["<2,>=1", "<4,>=3"]


@pytest.mark.parametrize(
    "text", ["", "nonsense", "^", "^x.y", ">", "1 ||", "^1." + "9" * 5_000, "@develop", ",", "^.*"]
)
def test_nonsense_is_none(text: str) -> None:
    assert poetry_specifiers(text) is None
    with pytest.raises(ValueError, match=r".*"):
        poetry_python(text)


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("^3.9", 'python_full_version < "4" and python_full_version >= "3.9"'),
        ("3.11", 'python_full_version == "3.11.*"'),
        ("3.11.4", 'python_full_version == "3.11.4"'),
        ("3.*", 'python_full_version == "3.*"'),
        ("<3.8 || >=3.12", 'python_full_version < "3.8" or python_full_version >= "3.12"'),
        ("*", "None"),
        ("<3.8 || *", "None"),
    ],
)
def test_a_version_of_python_is_a_marker(text: str, marker: str) -> None:
    assert str(poetry_python(text)) == marker


def test_a_version_of_python_in_quotes_is_nonsense() -> None:
    with pytest.raises(ValueError, match="quoted"):
        poetry_python('===quoted"')


@given(st.text(alphabet="^~=<>!|, .*x01239ab-", max_size=30))
def test_any_text_is_versions_or_nonsense(text: str) -> None:
    if poetry_specifiers(text) is not None:
        poetry_python(text)
