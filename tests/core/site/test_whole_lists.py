"""Where a list is whole of which only a part is shown: links lead to the same list that the commands give."""

from __future__ import annotations

import shlex
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.digest.wording import sections
from bot.core.inspection.modules import Gil
from bot.core.listing.query import WAITED_FOR, GilFilter, ListOrder, ListQuery
from bot.core.listing.words import parse_gil, parse_order, parse_verdict
from bot.core.site.list_page import parameters
from bot.core.site.whole_lists import NO_SITE, WholeLists
from bot.core.text.whole_list import UNKNOWN, more
from bot.core.wheels.targets import parse_target
from cogs.ui.list_card import FLAGS, read_query
from tests.core.digests import BUSY
from tests.core.pages import T314, T315

SITE = WholeLists("https://ft.example.org")

queries = st.builds(
    ListQuery,
    target=st.none() | st.sampled_from((T314, T315)),
    verdicts=st.sampled_from((frozenset(), WAITED_FOR)),
    gil=st.none() | st.sampled_from(list(GilFilter)),
    order=st.sampled_from(list(ListOrder)),
) | st.builds(ListQuery, narrowed=st.just(True), target=st.none() | st.just(T314))


@given(queries)
def test_a_link_and_both_commands_ask_for_the_same(query: ListQuery) -> None:
    address = urlsplit(SITE.packages(query).address)
    assert (address.netloc, address.path) == ("ft.example.org", "/packages/")
    assert {name: values[0] for name, values in parse_qs(address.query).items()} == dict(parameters(query))
    whole = NO_SITE.packages(query)
    assert whole.address == ""
    name, *words = whole.slash.split(" ", 1)
    assert name == "/ftlist"
    given = {each.split(": ")[0]: each.split(": ")[1] for each in _options("".join(words))}
    only = FLAGS[given["only"]] if "only" in given else ""
    assert read_query(given.get("python", ""), "", given.get("gil", ""), only, given.get("order", "")) == query
    assert _of_command(whole.command) == query


def _options(text: str) -> list[str]:
    words, found = text.split(), list[str]()
    for word in words:
        if word.endswith(":"):
            found.append(word)
        else:
            found[-1] += f" {word}"
    return found


def _of_command(command: str) -> ListQuery:
    _, _, *words = shlex.split(command)
    pairs = list(pairwise(words))
    one = {name: value for name, value in pairs if name.startswith("--")}
    return ListQuery(
        target=parse_target(one["--target"]) if "--target" in one else None,
        verdicts=frozenset(parse_verdict(value) for name, value in pairs if name == "--verdict"),
        gil=parse_gil(one["--gil"]) if "--gil" in one else None,
        narrowed="--narrowed" in words,
        order=parse_order(one.get("--order", "rank")),
    )


def test_every_section_of_a_digest_is_whole_somewhere() -> None:
    for section in sections(BUSY):
        with_site, without = SITE.in_section(BUSY, section), NO_SITE.in_section(BUSY, section)
        assert without.slash
        assert without.command
        assert with_site.address or "ssues" in section.heading


@pytest.mark.parametrize("base", ["https://ft.example.org/@here/(a)", "http://[::1]:8080/x_y*z"])
def test_an_address_mentions_nobody_and_ends_no_link(base: str) -> None:
    whole = WholeLists(base).comparison(["numpy", "lxml"])
    assert not {"@", "(", ")"} & set(whole.address)
    assert whole.address.endswith("/compare?packages=numpy+lxml")


def test_an_address_that_is_too_long_for_a_card_is_none() -> None:
    whole = WholeLists(f"https://example.org/{'x' * 400}").packages()
    assert (whole.address, whole.in_discord()) == ("", "/ftlist")


def test_what_is_nowhere_is_only_counted() -> None:
    assert more(3, UNKNOWN.in_markdown()) == "and 3 more"
    assert more(3, NO_SITE.packages().in_markdown()) == "and 3 more: `ftbot list`"
    assert more(3, SITE.packages(ListQuery(gil=GilFilter(Gil.ON.value))).in_markdown()) == (
        "and 3 more: [all of them](https://ft.example.org/packages/?gil=on)"
    )
    assert SITE.packages().in_terminal() == "https://ft.example.org/packages/"
