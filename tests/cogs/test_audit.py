"""``/ftaudit`` as those see it who manage a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.posting.prospects import lacking_for_triage
from bot.core.triage.actions import Outcome
from tests.cogs.running import Bot, running_bot
from tests.cogs.ui.test_issue_cards import entry
from tests.fakes.discord_interactions import ImpossibleInteractionError
from tests.fakes.discord_json import text
from tests.fakes.discord_world import Guild, Member, Permission, Role, User
from tests.fakes.fake_discord import FakeDiscord
from tests.services.posts import Clock, Press, direct
from tests.services.threads import NOW


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
async def fake(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeDiscord]:
    members = [Member(User("mod"), [Role("Admins", Permission.MANAGE_GUILD)]), Member(User("ada"))]
    async with FakeDiscord([Guild("One", members=members)], now=clock) as running:
        direct(monkeypatch, running.api_url, running.gateway_url)
        yield running
    assert running.violations == []


@pytest.fixture
async def bot(fake: FakeDiscord, database_path: Path, clock: Clock) -> AsyncIterator[Bot]:
    async with running_bot(fake, database_path, clock, Press()) as running:
        await running.audit.record([entry(Outcome.DO, "ada", 1), entry(Outcome.DONE, None, 2)])
        yield running


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    "issue",
    ["numpy/numpy#26157", " https://github.com/numpy/numpy/pull/26157#issuecomment-1 ", "NumPy/numpy#26157"],
)
async def test_what_was_decided_is_told_to_who_asked_with_how_it_ended(fake: FakeDiscord, issue: str) -> None:
    message = await fake.slash("ftaudit", issue=issue).shown()
    shown = message.text()
    assert message.ephemeral
    assert [line.split(" · ")[2] for line in shown.splitlines() if line.startswith("- ")] == [
        "✅ done: put on **crash**",
    ]
    for expected in (" by ada ", "rule crash-words, version 3", "dry-run", "Evidence: “Segmentation fault"):
        assert expected in shown


@pytest.mark.parametrize(
    ("app", "switched_on", "expected"),
    [
        (False, True, "FTBOT_GITHUB_APP_ID and FTBOT_GITHUB_PRIVATE_KEY."),
        (True, False, "FTBOT_TRIAGE to off. Ask them to turn it on."),
        (True, True, "where the GitHub App is installed."),
    ],
)
async def test_where_nothing_is_triaged_it_says_what_is_missing(  # noqa: PLR0913, PLR0917 — a table
    fake: FakeDiscord, tmp_path: Path, clock: Clock, app: bool, switched_on: bool, expected: str
) -> None:
    lacking = lacking_for_triage(app=app, switched_on=switched_on)
    async with running_bot(fake, tmp_path / "other.db", clock, Press(), lacking=lacking):
        shown = (await fake.slash("ftaudit", issue="lxml/lxml#1").shown()).text()
    assert shown.startswith("Triage has decided nothing on **lxml/lxml\\#1**. ")
    assert shown.endswith(expected)


@pytest.mark.usefixtures("bot")
async def test_where_nothing_was_decided_it_says_so(fake: FakeDiscord) -> None:
    message = await fake.slash("ftaudit", issue="lxml/lxml#1").shown()
    assert message.ephemeral
    assert message.text() == (
        "Triage has decided nothing on **lxml/lxml\\#1**."
        " It looks at what happens from then on where the GitHub App is installed."
    )


@pytest.mark.usefixtures("bot")
async def test_what_is_no_issue_is_refused(fake: FakeDiscord) -> None:
    message = await fake.slash("ftaudit", issue="https://gitlab.com/a/b/issues/1").shown()
    assert "names no issue" in message.text()
    assert message.ephemeral


@pytest.mark.usefixtures("bot")
async def test_only_those_who_manage_the_server_see_it_and_others_are_refused(fake: FakeDiscord) -> None:
    (command,) = (each for each in fake.commands if text(each, "name") == "ftaudit")
    assert (command["default_member_permissions"], command["contexts"], command["integration_types"]) == (
        "32",
        [0],
        [0],
    )
    with pytest.raises(ImpossibleInteractionError):
        fake.slash("ftaudit", user="ada", issue="numpy/numpy#26157")
    answer = fake.slash("ftaudit", user="ada", override=True, issue="numpy/numpy#26157")
    assert (await answer.shown()).text() == "You need **Manage Server** for this. Ask a server admin."
