"""What is written on a button decides what it does."""

from __future__ import annotations

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import UserError
from cogs.ui.buttons import action, base36, route


async def answer_click(interaction: discord.Interaction, arguments: tuple[str, ...]) -> None:
    await interaction.response.send_message(":".join(arguments))


@given(st.integers(0, 2**63 - 1))
def test_short_ids_are_read_back(number: int) -> None:
    assert int(base36(number), 36) == number
    assert len(base36(number)) <= 13


@given(verb=st.sampled_from(["r", "u"]), arguments=st.lists(st.text("abc012", max_size=20), max_size=3))
def test_a_button_is_routed_to_its_verb_with_its_arguments(verb: str, arguments: list[str]) -> None:
    button = action("Go", verb, *arguments)
    found = route(button.custom_id or "", {"r": answer_click, "u": answer_click})
    assert (found.verb, list(found.arguments)) == (verb, arguments)


@pytest.mark.no_cover  # many examples of what other tests run
@given(st.text())
def test_any_other_identifier_is_of_an_older_version(identifier: str) -> None:
    with pytest.raises(UserError, match="older version"):
        route(identifier, {})


def test_an_identifier_that_discord_would_refuse_is_never_sent() -> None:
    assert len(action("Go", "r", "x" * 94).custom_id or "") == 100
    with pytest.raises(ValueError, match="does not fit"):
        action("Go", "r", "x" * 95)


def test_a_label_is_cut_to_what_discord_takes() -> None:
    assert action("Use " + "x" * 188, "u", "1").label == "Use " + "x" * 76
