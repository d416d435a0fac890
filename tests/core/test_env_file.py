"""A ``.env`` file: what would be left out in silence is an error or a sentence, and no value is ever repeated."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.env_file import EnvFile, read_env_file, without_effect
from bot.core.errors import UserError

KNOWN: Final = {"FTBOT_TRACK", "FTBOT_DISCORD_TOKEN", "FTBOT_CONTACT", "FTBOT_GITHUB_PRIVATE_KEY"}
SECRET: Final = "s3cr3t"
UNREADABLE: Final = (
    "cannot be read: a quote is not closed, or something stands behind one. Mend that line, or take it away."
)
SWALLOWS: Final = "closes behind the line of FTBOT_TRACK, which sets nothing then. Close it in its own line."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'FTBOT_DISCORD_TOKEN="{SECRET}', f"Line 1 of .env {UNREADABLE}"),
        (f"FTBOT_DISCORD_TOKEN='{SECRET}\n", f"Line 1 of .env {UNREADABLE}"),
        (f'# a comment\n\n  FTBOT_DISCORD_TOKEN="{SECRET}\nFTBOT_TRACK=7\n', f"Line 3 of .env {UNREADABLE}"),
        (f'FTBOT_TRACK=7\r\nexport FTBOT_DISCORD_TOKEN="{SECRET}\r\n', f"Line 2 of .env {UNREADABLE}"),
        (f'FTBOT_DISCORD_TOKEN="{SECRET}" {SECRET}\n', f"Line 1 of .env {UNREADABLE}"),
        (f"FTBOT_DISCORD_TOKEN {SECRET}\n", f"Line 1 of .env {UNREADABLE}"),
        (f"FTBOT_DISCORD_TOKEN: {SECRET}\n", f"Line 1 of .env {UNREADABLE}"),
        (f'OTHER="{SECRET}\nFTBOT_TRACK="7"\n', f"Line 1 of .env {UNREADABLE}"),
        (
            "FTBOT_TRACK\n",
            "Line 1 of .env names FTBOT_TRACK and sets nothing. Write a `=` between name and value.",
        ),
        (
            f"FTBOT_DISCORD_TOKEN:{SECRET}=\n",
            "Line 1 of .env names FTBOT_DISCORD_TOKEN and sets nothing. Write a `=` between name and value.",
        ),
        (
            f'FTBOT_DISCORD_TOKEN="{SECRET}\nFTBOT_TRACK=7\nFTBOT_CONTACT=me"\n',
            f"The quote that opens in line 1 of .env {SWALLOWS}",
        ),
        (
            f"\nOTHER='{SECRET}\n  export ftbot_track = 7\nX='\n",
            f"The quote that opens in line 2 of .env {SWALLOWS}",
        ),
    ],
)
def test_a_line_that_hides_a_setting_is_an_error_that_names_it(text: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        read_env_file(text)
    assert str(caught.value) == says


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("\n# FTBOT_TRACK=7\n", []),
        ("\ufeffFTBOT_TRACK=7\n", ["FTBOT_TRACK"]),
        ("FTBOT_TRACK = 7 # many\nexport FTBOT_CONTACT='me'\nftbot_discord_token=x", [
            "FTBOT_TRACK", "FTBOT_CONTACT", "FTBOT_DISCORD_TOKEN",
        ]),
        ('FTBOT_GITHUB_PRIVATE_KEY="-----BEGIN KEY-----\nabc=\n-----END KEY-----"\nFTBOT_TRACK=\n', [
            "FTBOT_GITHUB_PRIVATE_KEY", "FTBOT_TRACK",
        ]),
        ("FTBOT_CONTACT=it's \"me\"\nOTHER\n", ["FTBOT_CONTACT"]),
    ],
)  # fmt: skip
def test_what_can_be_read_is_no_error(text: str, names: list[str]) -> None:
    assert [name for name, _ in read_env_file(text).names] == names


@pytest.mark.parametrize(
    ("text", "environment", "says"),
    [
        ("FTBOT_TRACK=7\n", ["FTBOT_CONTACT", "ftbot_track", "FTBOT_TEST_SHARED", "OTHER"], []),
        (
            f"\nFTBOT_DISCORD_TOKN={SECRET}\n",
            [],
            ["FTBOT_DISCORD_TOKN in line 2 of .env is not a setting. Did you mean FTBOT_DISCORD_TOKEN?"],
        ),
        (
            "",
            ["FTBOT_TOKEN", "FTBOT_TRACKS"],
            [
                "FTBOT_TOKEN in the environment is not a setting. `ftbot settings` lists all that are.",
                "FTBOT_TRACKS in the environment is not a setting. Did you mean FTBOT_TRACK?",
            ],
        ),
        (
            f"FTBOT_TRACK=1\nFTBOT_TRACK={SECRET}\n\nftbot_track=3",
            [],
            ["FTBOT_TRACK is set in lines 1, 2 and 4 of .env. The last one counts; take the others away."],
        ),
        (
            f'OTHER="{SECRET}\nFTBOT_TRACK=7\n',
            [],
            ["Line 1 of .env cannot be read and is left out. It may lack a quote or a `=`."],
        ),
    ],
)
def test_what_is_set_and_does_nothing_is_said(text: str, environment: list[str], says: list[str]) -> None:
    assert list(without_effect(read_env_file(text), environment, KNOWN)) == says


NAMES: Final = st.sampled_from(["FTBOT_TRACK", "ftbot_discord_token", "FTBOT_DISCORD_TOKN", "OTHER", "export X", "#"])
BETWEEN: Final = st.sampled_from(["=", " = ", ":", " ", '="', "='", '"', ":\n", "=\n", "=\\"])
BEHIND: Final = st.sampled_from(["\n", "\r\n", '"\n', "'\n", "=\n", " # why\n", '" x\n', ""])


@given(st.lists(st.tuples(NAMES, BETWEEN, st.just(SECRET), BEHIND).map("".join), max_size=5).map("".join))
def test_no_value_is_ever_repeated(text: str) -> None:
    try:
        said = list(without_effect(read_env_file(text), (), KNOWN))
    except UserError as error:
        said = [str(error)]
    assert [sentence for sentence in said if SECRET in sentence.lower()] == []


@given(st.text(max_size=200))
def test_any_text_is_a_file_or_an_error(text: str) -> None:
    with suppress(UserError):
        assert isinstance(read_env_file(text), EnvFile)
