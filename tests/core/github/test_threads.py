from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import UserError
from bot.core.github.threads import IssueRef, is_repository, linked_ref, parse_ref

numbers = st.integers(min_value=1, max_value=9_999_999_999)


@pytest.mark.parametrize(
    "text",
    [
        "numpy/numpy#26157",
        " numpy/numpy#26157 ",
        "https://github.com/numpy/numpy/issues/26157",
        "https://github.com/numpy/numpy/pull/26157",
        "https://github.com/numpy/numpy/pull/26157/",
        "https://github.com/numpy/numpy/issues/26157#issuecomment-1",
        "http://www.github.com/numpy/numpy/issues/26157?x=1",
        "https://redirect.github.com/numpy/numpy/issues/26157",
        "github.com/numpy/numpy/issues/26157",
    ],
)
def test_a_thread_is_found_however_it_is_written(text: str) -> None:
    assert parse_ref(text) == IssueRef("numpy/numpy", 26157)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "numpy",
        "numpy#1",
        "numpy/numpy#0",
        "numpy/numpy#-1",
        "numpy/numpy#1 and more",
        "numpy/numpy#99999999999",
        "../..#1",
        "numpy/..#1",
        "-numpy/numpy#1",
        "https://github.com/explosion/spaCy/discussions/13847",
        "https://github.com/nascheme/triton/issues",
        "https://github.com.example/numpy/numpy/issues/1",
        "https://example.org/https://github.com/numpy/numpy/issues/1",
        "numpy/numpy#1\x00",
        "numpy/numpy#\N{ARABIC-INDIC DIGIT ONE}",
    ],
)
def test_what_names_no_thread_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(UserError, match=r"names no issue\. Write it like `numpy/numpy#26157`"):
        parse_ref(text)


@given(numbers)
def test_every_way_to_write_a_thread_leads_back_to_it(number: int) -> None:
    ref = IssueRef("python-greenlet/greenlet", number)
    assert parse_ref(str(ref)) == parse_ref(ref.url) == parse_ref(ref.quiet_url) == ref
    assert parse_ref(ref.page(is_pr=True)) == parse_ref(ref.page(is_pr=False)) == ref


@given(st.text())
def test_any_text_names_a_thread_or_none(text: str) -> None:
    found = linked_ref(text)
    assert found is None or is_repository(found.repository)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("numpy/numpy", True),
        ("a/.github", True),
        ("numpy", False),
        ("numpy/numpy/numpy", False),
        ("numpy/", False),
        ("numpy/..", False),
        ("numpy/..numpy", True),
        ("num py/numpy", False),
        ("numpy/numpy\n", False),
    ],
)
def test_a_repository_has_an_owner_and_a_name(text: str, expected: bool) -> None:
    assert is_repository(text) is expected
