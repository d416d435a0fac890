"""The page for maintainers says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from bot.core.classify.thread import KindName
from bot.core.triage.actions import Mode
from bot.core.triage.commands.replies import help_reply
from bot.core.triage.decide.proposals import AUTOMATIC
from bot.core.triage.decide.texts import DOCS, notice
from bot.core.triage.settings import NEUTRAL_IDS, parse_settings

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "triage.md").read_text("utf-8")


def test_the_file_on_the_page_is_whole_and_right() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    settings = parse_settings(block.encode())
    assert set(settings.labels) == set(NEUTRAL_IDS)
    assert settings.mode is Mode.SUGGEST
    assert settings.mode_of(KindName.DATA_RACE) is Mode.APPLY
    assert not settings.rules[KindName.QUESTION].enabled


def test_every_command_of_the_help_is_on_the_page() -> None:
    commands = re.findall(r"^- `@ftbot ([a-z-]+)", help_reply("ftbot"), re.MULTILINE)
    assert commands
    assert [command for command in commands if f"| `@ftbot {command}" not in PAGE] == []


def test_every_mode_and_automatic_kind_is_on_the_page() -> None:
    assert [mode for mode in Mode if f"| `{mode}`" not in PAGE] == []
    (listed,) = re.findall(r"The six kinds that `apply` puts on by itself: (.*?)\.", PAGE, re.DOTALL)
    assert set(re.findall(r"`([a-z-]+)`", listed)) == {*AUTOMATIC}


def test_links_to_the_page_lead_somewhere() -> None:
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)}
    anchors = re.findall(re.escape(DOCS) + r"#([a-z-]+)", help_reply("ftbot") + notice(["x"]))
    assert anchors
    assert set(anchors) <= headings
