"""The fake Discord behaves like Discord, as unmodified discord.py and a plain HTTP client see it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import discord
import msgspec
import pytest
import yarl
from discord import app_commands, ui

from tests.fakes.discord_interactions import CallbackType, Choice, ImpossibleInteractionError, OptionValue
from tests.fakes.discord_json import JsonObject, child, children, number, text
from tests.fakes.discord_world import MEMBER_PERMISSIONS, Attachment, Channel, Guild, Member, Permission, Role, User
from tests.fakes.fake_discord import TOKEN, FakeDiscord, default_guild

pytestmark = pytest.mark.no_cover  # a fake is no part of the program

Interaction = discord.Interaction[discord.Client]

MODERATOR = Member(User("mod"), [Role("Moderators", Permission.MANAGE_GUILD)])


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is moved."""

    time: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


class Card(ui.LayoutView):
    def __init__(self) -> None:
        super().__init__(timeout=None)
        refresh: ui.Button[Card] = ui.Button(label="Refresh", custom_id="ft1:r")
        page: ui.Button[Card] = ui.Button(label="PyPI", url="https://pypi.org/project/numpy/")
        refresh.callback = self.refresh  # type: ignore[method-assign] # discord.py's own way for a button without a class
        gallery: ui.MediaGallery[Card] = ui.MediaGallery(
            discord.MediaGalleryItem("attachment://chart.png", description="20 of 360 packages")
        )
        self.add_item(
            ui.Container(
                ui.Section("### numpy installs", accessory=page), ui.Separator(), gallery, ui.ActionRow(refresh)
            )
        )

    async def refresh(self, interaction: Interaction) -> None:
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.TextDisplay("checked again"))
        await interaction.response.edit_message(view=view, attachments=[])


class Question(ui.Modal, title="When?"):
    zone: ui.TextInput[Question] = ui.TextInput(label="Time zone", custom_id="zone")
    place: ui.Label[Question] = ui.Label(
        text="Where?", component=ui.ChannelSelect(custom_id="place", channel_types=[discord.ChannelType.text])
    )

    async def on_submit(self, interaction: Interaction) -> None:
        assert isinstance(self.place.component, ui.ChannelSelect)
        await interaction.response.send_message(f"{self.zone.value} in {self.place.component.values[0].name}")


class Bot(discord.Client):
    """A bot with a command for each thing that the fake has to stand."""

    def __init__(self, *, intents: discord.Intents | None = None, heartbeat_timeout: float = 60.0) -> None:
        super().__init__(
            intents=intents or discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=0.01,
            heartbeat_timeout=heartbeat_timeout,
            max_ratelimit_timeout=30.0,
        )
        self.tree = app_commands.CommandTree(self)
        self.errors: asyncio.Queue[discord.HTTPException] = asyncio.Queue()
        self.seen: asyncio.Queue[str] = asyncio.Queue()
        self.told = asyncio.Event()
        self.tree.add_command(echo)
        self.tree.add_command(card)
        self.tree.add_command(pick)
        self.tree.add_command(ask)
        self.tree.add_command(silent)
        self.tree.add_command(late)
        self.tree.add_command(Watch())
        self.tree.error(self.on_command_error)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait five seconds before a second IDENTIFY, as discord.py does."""

    async def on_command_error(self, _: Interaction, error: app_commands.AppCommandError) -> None:
        assert isinstance(error, app_commands.CommandInvokeError), error
        assert isinstance(error.original, discord.HTTPException), error
        self.errors.put_nowait(error.original)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self.seen.put_nowait(f"joined {guild.name}")

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self.seen.put_nowait(f"left {guild.name}")

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        self.seen.put_nowait(f"lost {channel.name}")


@app_commands.command(description="Say it again")
async def echo(interaction: Interaction, words: str, *, private: bool = False) -> None:
    await interaction.response.send_message(words, ephemeral=private)


@echo.autocomplete("words")
async def complete_words(_: Interaction, current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{current}, indeed", value=current)]


@app_commands.command(description="A card after a while")
async def card(interaction: Interaction) -> None:
    await interaction.response.defer()
    chart = discord.File(io.BytesIO(b"PNG"), "chart.png", description="A chart")
    await interaction.edit_original_response(view=Card(), attachments=[chart])
    rows = discord.File(io.BytesIO(b"a,b\n"), "rows.csv", description="The rows of the chart")
    await interaction.followup.send("The numbers:", file=rows, ephemeral=True)


@app_commands.command(description="Every kind of option")
async def pick(
    interaction: Interaction,
    channel: discord.app_commands.AppCommandChannel,
    role: discord.Role,
    file: discord.Attachment,
    page: app_commands.Range[int, 1, 9] = 1,
) -> None:
    content = (await file.read()).decode()
    # discord.py does not expose the bot's permissions in a channel that an option names.
    given = msgspec.convert(interaction.data, JsonObject)
    allowed = text(child(child(child(given, "resolved"), "channels"), str(channel.id)), "app_permissions")
    may_attach = discord.Permissions(int(allowed)).attach_files
    await interaction.response.send_message(f"{channel.name} {role.name} {content} {page} {may_attach}")


@app_commands.command(description="Ask with a modal")
@app_commands.default_permissions(manage_guild=True)
async def ask(interaction: Interaction) -> None:
    await interaction.response.send_modal(Question())


@app_commands.command(description="Never answer")
async def silent(_: Interaction) -> None:
    pass


@app_commands.command(description="Answer twice: at once, and when told to")
async def late(interaction: Interaction) -> None:
    await interaction.response.send_message("first")
    assert isinstance(interaction.client, Bot)
    await interaction.client.told.wait()
    await interaction.followup.send("second")


class Watch(app_commands.Group, name="watch", description="Watches", guild_only=True):
    @app_commands.command(description="Add one")
    async def add(self, interaction: Interaction, words: str) -> None:
        await interaction.response.send_message(words)


@asynccontextmanager
async def running(
    fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch, build: Callable[[], Bot] = Bot
) -> AsyncIterator[Bot]:
    """Run a bot in this event loop, directed to the fake by the two places where discord.py keeps its addresses."""
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url))
    async with build() as bot:
        task = asyncio.create_task(bot.start(TOKEN))
        try:
            await fake.connected()
            yield bot
        finally:
            await bot.close()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeDiscord]:
    guild = default_guild()
    guild.members.append(MODERATOR)
    async with FakeDiscord([guild], now=clock) as running_fake:
        yield running_fake


@pytest.fixture
async def bot(fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    async with running(fake, monkeypatch) as running_bot:
        yield running_bot


@dataclass(slots=True)
class Caller:
    """A plain HTTP client with the bot's token."""

    fake: FakeDiscord
    session: aiohttp.ClientSession

    async def __call__(self, method: str, path: str, body: object = None) -> tuple[int, JsonObject]:
        """Return the status and the answer, an array as an object by position."""
        raw = None if body is None else msgspec.json.encode(body)
        url = self.fake.api_url + path
        async with self.session.request(method, url, data=raw, headers={"Content-Type": "application/json"}) as answer:
            content = await answer.read()
            decoded = msgspec.json.decode(content) if content else {}
            return answer.status, decoded if isinstance(decoded, dict) else {
                str(index): item for index, item in enumerate(decoded)
            }


@pytest.fixture
async def call(fake: FakeDiscord) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {TOKEN}"}) as session:
        yield Caller(fake, session)


def messages_of(channel: Channel) -> str:
    return f"/channels/{channel.id}/messages"


# Commands and components, by discord.py


async def test_a_bot_logs_in_and_registers_its_commands(fake: FakeDiscord, bot: Bot) -> None:
    await bot.wait_until_ready()
    assert [guild.name for guild in bot.guilds] == ["Free-threaded"]
    assert {text(command, "name") for command in fake.commands} == {
        "echo", "card", "pick", "ask", "silent", "late", "watch",
    }  # fmt: skip
    assert fake.gateway.identifies == 1
    assert fake.violations == []


@pytest.mark.usefixtures("bot")
async def test_a_command_is_answered_in_its_channel(fake: FakeDiscord) -> None:
    answer = fake.slash("echo", words="hello", locale="de")
    callback = await answer.callback
    assert (callback.type, text(callback.data, "content")) == (CallbackType.MESSAGE, "hello")
    assert [message.text() for message in fake.messages(fake.guild.channel("general"))] == ["hello"]
    assert answer.latency is not None
    assert fake.violations == []


@pytest.mark.usefixtures("bot")
async def test_an_ephemeral_answer_is_in_no_channel_and_has_one_reader(fake: FakeDiscord) -> None:
    message = await fake.slash("echo", words="hush", private=True, user="ada").shown()
    assert message.ephemeral
    assert fake.messages(fake.guild.channel("general")) == []
    with pytest.raises(ImpossibleInteractionError, match="does not see"):
        fake.click_stale(message, "ft0:old", user="mod")


@pytest.mark.usefixtures("bot")
async def test_a_subcommand_and_a_direct_message_work(fake: FakeDiscord) -> None:
    assert (await fake.slash("watch add", words="numpy").shown()).text() == "numpy"
    assert (await fake.slash("echo", words="psst", dm=True, user="ada").shown()).text() == "psst"
    assert [message.text() for message in fake.direct_messages("ada")] == ["psst"]
    with pytest.raises(ImpossibleInteractionError, match="direct messages"):
        fake.slash("watch add", words="numpy", dm=True)
    assert fake.violations == []


@pytest.mark.usefixtures("bot")
async def test_autocomplete_returns_the_suggestions(fake: FakeDiscord) -> None:
    assert await fake.autocomplete("echo", focus="words", value="num") == [Choice("num, indeed", "num")]
    assert fake.violations == []


@pytest.mark.usefixtures("bot")
async def test_a_deferred_answer_is_edited_and_followed_up(fake: FakeDiscord) -> None:
    answer = fake.slash("card")
    message = await answer.edited
    await answer.wait_for_edits(1)
    assert message.text().splitlines() == [
        "### numpy installs",
        "[PyPI](https://pypi.org/project/numpy/)",
        "20 of 360 packages",
        "[Refresh]",
    ]
    assert not answer.deferred
    assert message.uses_components_v2
    assert [(file.filename, file.data, file.description) for file in message.attachments] == [
        ("chart.png", b"PNG", "A chart")
    ]
    (followup,) = await answer.wait_for_followups(1)
    assert followup.ephemeral
    assert followup.text() == "The numbers:\n(rows.csv)"
    assert (followup.attachments[0].data, followup.attachments[0].description) == (b"a,b\n", "The rows of the chart")
    assert fake.violations == []


@pytest.mark.usefixtures("bot")
async def test_a_click_changes_the_message_in_place(fake: FakeDiscord) -> None:
    message = await fake.slash("card").edited
    click = fake.click(message, "ft1:r", user="mod")
    assert (await click.callback).type is CallbackType.UPDATE_MESSAGE
    assert click.message is message
    assert message.text() == "checked again"
    assert message.attachments == []
    with pytest.raises(ImpossibleInteractionError, match="no enabled button"):
        fake.click(message, "ft1:r")
    assert fake.violations == []


@pytest.mark.usefixtures("bot")
async def test_options_arrive_with_what_they_stand_for(fake: FakeDiscord) -> None:
    news, role = fake.guild.channel("ft-news"), fake.guild.roles[0]
    fake.deny(news, Permission.ATTACH_FILES)
    options: dict[str, OptionValue] = {
        "channel": news,
        "role": role,
        "file": Attachment("requirements.txt", b"numpy"),
        "page": 3,
    }
    message = await fake.slash("pick", options=options).shown()
    assert message.text() == "ft-news @everyone numpy 3 False"
    assert fake.violations == []


@pytest.mark.usefixtures("bot")
async def test_a_file_may_have_any_name_and_be_of_another_size_than_is_said(fake: FakeDiscord) -> None:
    file = Attachment("a/b <@1>\n.txt", b"numpy", said_size=1)
    options: dict[str, OptionValue] = {"channel": fake.guild.channel("general"), "role": fake.guild.roles[0]}
    message = await fake.slash("pick", options={**options, "file": file}).shown()
    assert (message.text().split()[2], file.json()["size"]) == ("numpy", 1)
    assert fake.violations == []


@pytest.mark.usefixtures("bot")
async def test_a_modal_is_opened_and_submitted(fake: FakeDiscord) -> None:
    answer = fake.slash("ask", user="mod")
    await answer.callback
    with pytest.raises(ImpossibleInteractionError, match="not of the types"):
        fake.submit_modal(answer, {"zone": "UTC", "place": [fake.guild.channel("ft-news")]})
    submitted = fake.submit_modal(answer, {"zone": "UTC", "place": [fake.guild.channel("general")]})
    assert (await submitted.shown()).text() == "UTC in general"
    assert fake.violations == []


@pytest.mark.parametrize(
    ("command", "options", "why"),
    [
        ("ekko", {"words": "x"}, "no command"),
        ("echo", {"word": "x"}, "unknown options"),
        ("echo", {}, "are missing"),
        ("echo", {"words": 3}, "cannot be 3"),
        ("watch", {"words": "x"}, "needs one of"),
        ("watch remove", {}, "no subcommand"),
        ("ask", {}, "does not see"),
    ],
)
@pytest.mark.usefixtures("bot")
async def test_what_a_user_cannot_do_fails_the_test(
    fake: FakeDiscord, command: str, options: dict[str, OptionValue], why: str
) -> None:
    with pytest.raises(ImpossibleInteractionError, match=why):
        fake.slash(command, options=options, user="ada")


@pytest.mark.usefixtures("bot")
async def test_a_command_works_only_where_it_is_installed(fake: FakeDiscord) -> None:
    with pytest.raises(ImpossibleInteractionError, match="a user installed"):
        fake.slash("echo", words="x", guild=Guild("Elsewhere"))


@pytest.mark.usefixtures("bot")
async def test_server_admins_can_let_others_use_a_command(fake: FakeDiscord) -> None:
    assert (await fake.slash("ask", user="ada", override=True).callback).type is CallbackType.MODAL


# The life of an interaction


async def test_an_answer_after_three_seconds_finds_no_interaction(fake: FakeDiscord, bot: Bot, clock: Clock) -> None:
    hold = fake.hold("POST", "/callback$")
    answer = fake.slash("echo", words="slow")
    await hold.arrived.wait()
    clock.advance(seconds=3.1)
    hold.release.set()
    error = await bot.errors.get()
    assert (error.status, error.code) == (404, 10062)
    assert answer.message is None


async def test_a_follow_up_after_fifteen_minutes_is_refused(fake: FakeDiscord, bot: Bot, clock: Clock) -> None:
    await fake.slash("late").callback
    clock.advance(minutes=16)
    bot.told.set()
    error = await bot.errors.get()
    assert (error.status, error.code) == (401, 50027)


@pytest.mark.usefixtures("bot")
async def test_an_interaction_is_acknowledged_once_and_before_any_follow_up(fake: FakeDiscord, call: Caller) -> None:
    answer = fake.slash("silent")
    webhook = f"/webhooks/{fake.world.application_id}/{answer.token}"
    callback = f"/interactions/{answer.id}/{answer.token}/callback"
    status, body = await call("POST", webhook, {"content": "too early"})
    assert (status, body["code"]) == (404, 10015)
    assert await call("POST", callback, {"type": 4, "data": {"content": "now"}}) == (204, {})
    status, body = await call("POST", callback, {"type": 4, "data": {"content": "again"}})
    assert (status, body["code"]) == (400, 40060)


@pytest.mark.parametrize("flags", [1 << 2, 1 << 15])
@pytest.mark.usefixtures("bot")
async def test_a_defer_may_be_ephemeral_and_nothing_else(fake: FakeDiscord, call: Caller, flags: int) -> None:
    answer = fake.slash("silent")
    callback = f"/interactions/{answer.id}/{answer.token}/callback"
    status, body = await call("POST", callback, {"type": 5, "data": {"flags": flags | 64}})
    assert (status, body["code"]) == (400, 50035)
    assert (await call("POST", callback, {"type": 5, "data": {"flags": 64}}))[0] == 204
    assert answer.deferred


@pytest.mark.usefixtures("bot")
async def test_the_first_follow_up_of_a_deferred_answer_takes_its_place(fake: FakeDiscord, call: Caller) -> None:
    answer = fake.slash("silent")
    await call("POST", f"/interactions/{answer.id}/{answer.token}/callback", {"type": 5, "data": {"flags": 64}})
    status, _ = await call("POST", f"/webhooks/{fake.world.application_id}/{answer.token}", {"content": "there"})
    assert status == 200
    assert (await answer.edited).text() == "there"
    assert (await answer.edited).ephemeral
    assert answer.followups == []


@pytest.mark.usefixtures("bot")
async def test_a_bot_that_only_a_user_installed_has_five_follow_ups(fake: FakeDiscord, call: Caller) -> None:
    registered = [{"name": "anywhere", "description": "x", "integration_types": [0, 1]}]
    await call("PUT", f"/applications/{fake.world.application_id}/commands", registered)
    answer = fake.slash("anywhere", guild=Guild("Elsewhere"))
    await call("POST", f"/interactions/{answer.id}/{answer.token}/callback", {"type": 4, "data": {"content": "1"}})
    webhook = f"/webhooks/{fake.world.application_id}/{answer.token}"
    assert [(await call("POST", webhook, {"content": "x"}))[0] for _ in range(6)] == [*[200] * 5, 400]
    assert fake.violations == []


# Rules about messages


def v2(*components: JsonObject) -> JsonObject:
    return {"flags": 1 << 15, "components": list(components)}


def button(custom_id: str, label: str = "x") -> JsonObject:
    return {"type": 2, "style": 1, "custom_id": custom_id, "label": label}


def row(*components: JsonObject) -> JsonObject:
    return {"type": 1, "components": list(components)}


def display(content: str) -> JsonObject:
    return {"type": 10, "content": content}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"content": "x" * 2001}, ["content"]),
        ({"embeds": [{"description": "x" * 3001}, {"description": "x" * 3000}]}, ["embeds"]),
        ({"components": [display("x")]}, ["components", "0"]),
        (v2(*[display("x")] * 41), ["components"]),
        (v2(display("x" * 2001), display("x" * 2000)), ["components"]),
        (v2(display("x")) | {"content": "y"}, ["content"]),
        (v2(display("x")) | {"embeds": [{"title": "y"}]}, ["embeds"]),
        ({"components": [row(button("a"), button("a"))]}, ["components", "custom_id"]),
        ({"components": [row(button("a" * 101))]}, ["components", "custom_id"]),
        ({"components": [row(button(""))]}, ["components", "custom_id"]),
        ({"components": [row(button("a", "x" * 81))]}, ["components", "0", "components", "0", "label"]),
        ({"components": [row(*(button(str(n)) for n in range(6)))]}, ["components", "0"]),
        (v2({"type": 12, "items": [{"media": {"url": "attachment://none.png"}}]}), ["components", "0"]),
        (
            v2({"type": 12, "items": [{"media": {"url": "https://x.org"}, "description": "x" * 1025}]}),
            ["components", "0", "items", "0", "description"],
        ),
        (v2({"type": 9, "components": [display("x")]}), ["components", "0", "accessory"]),
        (v2(display("x") | {"id": 7}, display("y") | {"id": 7}), ["components", "id"]),
        (v2(display("x") | {"id": 2**31}), ["components", "id"]),
        ({"content": "x", "flags": 64}, ["flags"]),
    ],
)
async def test_a_message_beyond_a_limit_is_refused_where_it_is_wrong(
    fake: FakeDiscord, call: Caller, body: JsonObject, place: list[str]
) -> None:
    status, answer = await call("POST", messages_of(fake.guild.channel("general")), body)
    assert (status, answer["code"], answer["message"]) == (400, 50035, "Invalid Form Body")
    node = child(answer, "errors")
    for step in place:
        node = child(node, step)
    assert children(node, "_errors")[0].keys() == {"code", "message"}
    assert fake.messages(fake.guild.channel("general")) == []


async def test_components_keep_their_numbers_and_others_get_free_ones(fake: FakeDiscord, call: Caller) -> None:
    body = v2(display("a"), {"type": 17, "components": [display("b")], "id": 2**30}, display("c") | {"id": 1})
    _, sent = await call("POST", messages_of(fake.guild.channel("general")), body)
    _, again = await call("GET", f"{messages_of(fake.guild.channel('general'))}/{sent['id']}")
    first, container, last = children(again, "components")
    inner = children(container, "components")[0]
    assert [each["id"] for each in (first, container, inner, last)] == [2, 2**30, 3, 1]


async def test_too_many_bytes_of_components_are_a_server_error(fake: FakeDiscord, call: Caller) -> None:
    status, _ = await call("POST", messages_of(fake.guild.channel("general")), v2(display("€" * 3_400)))
    assert status == 500


async def test_a_message_needs_something_in_it(fake: FakeDiscord, call: Caller) -> None:
    status, body = await call("POST", messages_of(fake.guild.channel("general")), {"content": ""})
    assert (status, body["code"]) == (400, 50006)


async def test_components_v2_cannot_be_taken_back(fake: FakeDiscord, call: Caller) -> None:
    path = messages_of(fake.guild.channel("general"))
    _, sent = await call("POST", path, v2(display("x")))
    for body in ({"flags": 0, "components": []}, {"content": "plain"}):
        status, answer = await call("PATCH", f"{path}/{text(sent, 'id')}", body)
        assert (status, answer["code"]) == (400, 50035)


@pytest.mark.usefixtures("bot")
async def test_a_modal_and_choices_beyond_their_limits_are_refused(fake: FakeDiscord, call: Caller) -> None:
    answer = fake.slash("silent")
    path = f"/interactions/{answer.id}/{answer.token}/callback"
    status, _ = await call("POST", path, {"type": 9, "data": {"title": "x" * 46, "custom_id": "a", "components": []}})
    assert status == 400
    status, _ = await call("POST", path, {"type": 8, "data": {"choices": []}})
    assert status == 400
    with pytest.raises(AssertionError, match="refused the suggestions"):
        await fake.autocomplete("echo", focus="words", value="x" * 101)


@pytest.mark.usefixtures("bot")
async def test_a_choice_in_a_select_is_sent_to_the_bot(fake: FakeDiscord, call: Caller) -> None:
    options: list[JsonObject] = [{"label": name.title(), "value": name} for name in ("numpy", "scipy")]
    select: JsonObject = {"type": 3, "custom_id": "drop", "placeholder": "Remove", "options": options, "required": True}
    await call("POST", messages_of(fake.guild.channel("general")), {"content": "Watches", "components": [row(select)]})
    (message,) = fake.messages(fake.guild.channel("general"))
    assert message.text() == "Watches\n[Remove: Numpy | Scipy]"
    with pytest.raises(ImpossibleInteractionError, match="offers"):
        fake.select(message, "drop", "pandas")
    answer = fake.select(message, "drop", "scipy")
    path = f"/interactions/{answer.id}/{answer.token}/callback"
    assert (await call("POST", path, {"type": 7, "data": {"content": "Gone", "components": []}}))[0] == 204
    assert message.text() == "Gone"
    assert fake.violations == []


async def test_commands_that_discord_refuses(fake: FakeDiscord, call: Caller) -> None:
    path = f"/applications/{fake.world.application_id}/commands"
    command: JsonObject = {"name": "a", "description": "x"}
    optional: JsonObject = {"type": 3, "name": "b", "description": "x"}
    for commands in (
        [command, command],
        [{**command, "name": "A B"}],
        [{**command, "options": [optional, {**optional, "name": "c", "required": True}]}],
    ):
        status, body = await call("PUT", path, commands)
        assert (status, body["code"]) == (400, 50035)
    assert fake.commands == []


@pytest.mark.parametrize(
    ("content", "allowed", "pings"),
    [
        ("@everyone <@{ada}>", {"parse": []}, ()),
        ("hi <@{ada}>", None, ("<@{ada}>",)),
        ("@here", None, ("@here",)),
        ("hi <@{ada}> and <@1>", {"parse": [], "users": ["1"]}, ("<@1>",)),
    ],
)
async def test_real_pings_are_seen(
    fake: FakeDiscord, call: Caller, content: str, allowed: JsonObject | None, pings: tuple[str, ...]
) -> None:
    general, ada = fake.guild.channel("general"), str(fake.guild.member("ada").user.id)
    fake.allow(general, Permission.MENTION_EVERYONE)
    body: JsonObject = {"content": content.replace("{ada}", ada), "allowed_mentions": allowed}
    assert (await call("POST", messages_of(general), body))[0] == 200
    (message,) = fake.messages(general)
    assert message.pings == tuple(ping.replace("{ada}", ada) for ping in pings)


# Channels


async def test_a_repeated_nonce_returns_the_earlier_message(fake: FakeDiscord, call: Caller, clock: Clock) -> None:
    general = fake.guild.channel("general")
    body = {"content": "digest", "nonce": "26W47", "enforce_nonce": True}
    _, first = await call("POST", messages_of(general), body)
    clock.advance(minutes=2)
    _, second = await call("POST", messages_of(general), body)
    assert first["id"] == second["id"]
    clock.advance(minutes=2)
    await call("POST", messages_of(general), body)
    assert len(fake.messages(general)) == 2


async def test_a_write_that_was_answered_with_an_error_is_not_repeated_under_its_nonce(
    fake: FakeDiscord, bot: Bot
) -> None:
    general = fake.guild.channel("general")
    fake.fail("POST", r"/messages$", 502, apply=True)
    sent = await bot.get_partial_messageable(general.id).send("digest")
    assert [message.id for message in fake.messages(general)] == [sent.id]
    assert fake.count("POST", r"/messages$") == 2
    assert fake.violations == []


@pytest.mark.parametrize(
    ("missing", "code"),
    [(Permission.VIEW_CHANNEL, 50001), (Permission.SEND_MESSAGES, 50013), (Permission.ATTACH_FILES, 50013)],
)
async def test_the_bot_needs_its_permissions(fake: FakeDiscord, bot: Bot, missing: Permission, code: int) -> None:
    general = fake.guild.channel("general")
    fake.deny(general, missing)
    with pytest.raises(discord.Forbidden) as refused:
        await bot.get_partial_messageable(general.id).send("x", file=discord.File(io.BytesIO(b"x"), "x.txt"))
    assert refused.value.code == code
    fake.allow(general, missing)
    await bot.get_partial_messageable(general.id).send("x", file=discord.File(io.BytesIO(b"x"), "x.txt"))


async def test_history_is_read_in_pages_and_only_with_permission(fake: FakeDiscord, bot: Bot) -> None:
    general = fake.guild.channel("general")
    for index in range(5):
        fake.say(general, str(index), user=fake.world.bot)
    channel = bot.get_partial_messageable(general.id)
    assert [message.content async for message in channel.history(limit=3)] == ["4", "3", "2"]
    third = discord.Object(fake.messages(general)[2].id)
    assert [message.content async for message in channel.history(before=third)] == ["1", "0"]
    assert [message.content async for message in channel.history(after=third, oldest_first=True)] == ["3", "4"]
    fake.deny(general, Permission.READ_MESSAGE_HISTORY)
    assert [message async for message in channel.history()] == []
    with pytest.raises(discord.Forbidden):
        await channel.fetch_message(third.id)


async def test_a_deleted_channel_is_unknown_and_the_bot_is_told(fake: FakeDiscord, bot: Bot) -> None:
    await bot.wait_until_ready()
    news = fake.guild.channel("ft-news")
    fake.delete_channel(news)
    assert await bot.seen.get() == "lost ft-news"
    with pytest.raises(discord.NotFound) as unknown:
        await bot.get_partial_messageable(news.id).send("x")
    assert unknown.value.code == 10003


async def test_a_message_is_crossposted_once_from_announcement_channels_ten_times_an_hour(
    fake: FakeDiscord, bot: Bot, clock: Clock
) -> None:
    news, general = fake.guild.channel("ft-news"), fake.guild.channel("general")
    sent = [await bot.get_partial_messageable(news.id).send(str(index)) for index in range(11)]
    for message in sent[:10]:
        await message.publish()
    with pytest.raises(discord.HTTPException) as done:
        await sent[0].publish()
    assert done.value.code == 40033
    with pytest.raises(discord.RateLimited):
        await sent[10].publish()
    clock.advance(minutes=61)
    await sent[10].publish()
    assert all(message.crossposted for message in fake.messages(news))
    with pytest.raises(discord.HTTPException) as wrong:
        await (await bot.get_partial_messageable(general.id).send("x")).publish()
    assert wrong.value.code == 50024


async def test_archived_threads_are_listed_apart_the_last_first_and_open_when_somebody_writes(
    fake: FakeDiscord, bot: Bot, clock: Clock
) -> None:
    await bot.wait_until_ready()
    forum = bot.get_channel(fake.guild.channel("issues").id)
    assert isinstance(forum, discord.ForumChannel)
    for name in ("one", "two", "three"):
        await forum.create_thread(name=name, content=name)
    for name in ("one", "two"):
        fake.archive(fake.guild.channel(name))
        clock.advance(seconds=1)
    assert [thread.name for thread in await forum.guild.active_threads()] == ["three"]
    archived = [thread async for thread in forum.archived_threads(limit=None)]
    assert [(thread.name, thread.archived) for thread in archived] == [("two", True), ("one", True)]
    assert [thread.name async for thread in forum.archived_threads(limit=1)] == ["two"]
    assert [thread.name async for thread in forum.archived_threads(before=archived[0].archive_timestamp)] == ["one"]
    await archived[1].send("again")
    assert [thread.name for thread in await forum.guild.active_threads()] == ["one", "three"]


async def test_nobody_but_moderators_writes_into_a_locked_thread(fake: FakeDiscord, bot: Bot) -> None:
    await bot.wait_until_ready()
    forum = bot.get_channel(fake.guild.channel("issues").id)
    assert isinstance(forum, discord.ForumChannel)
    post = await forum.create_thread(name="one", content="one")
    fake.archive(fake.guild.channel("one"), lock=True)
    with pytest.raises(discord.Forbidden) as refused:
        await post.thread.send("two")
    assert refused.value.code == 50083


async def test_a_thread_is_held_to_discords_limits(fake: FakeDiscord, bot: Bot) -> None:
    await bot.wait_until_ready()
    channel = fake.guild.channel("issues")
    forum = bot.get_channel(channel.id)
    assert isinstance(forum, discord.ForumChannel)
    channel.requires_tag = True
    with pytest.raises(discord.HTTPException) as refused:
        await forum.create_thread(name="one", content="one")
    assert refused.value.code == 40067
    with pytest.raises(discord.HTTPException) as refused:
        await forum.create_thread(name="n" * 101, content="one", applied_tags=forum.available_tags[:1])
    assert refused.value.code == 50035
    # The name is too long by the published schema too, where that is at hand.
    wrong = {item.path for item in fake.violations if item.direction == "request"}
    assert wrong == ({"name"} if fake.validating else set())


async def test_a_forum_post_is_a_thread_with_its_first_message(fake: FakeDiscord, bot: Bot) -> None:
    await bot.wait_until_ready()
    forum = bot.get_channel(fake.guild.channel("issues").id)
    assert isinstance(forum, discord.ForumChannel)
    post = await forum.create_thread(name="numpy, week 47", content="3 issues", applied_tags=[forum.available_tags[1]])
    await post.thread.send("one more")
    assert [thread.name for thread in await forum.guild.active_threads()] == ["numpy, week 47"]
    thread = fake.guild.channel("numpy, week 47")
    assert [message.text() for message in fake.messages(thread)] == ["3 issues", "one more"]
    assert thread.applied_tags == [fake.guild.channel("issues").tag_id("crash")]
    assert fake.violations == []


async def test_a_user_can_refuse_direct_messages(fake: FakeDiscord, bot: Bot) -> None:
    ada = fake.guild.member("ada").user
    user = discord.Object(ada.id)
    channel = await bot.create_dm(user)
    await channel.send("hello")
    assert [message.text() for message in fake.direct_messages(ada)] == ["hello"]
    ada.dms_blocked = True
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("hello?")
    assert refused.value.code == 50007
    assert fake.violations == []


async def test_what_discord_py_fetches_fits_what_discord_publishes(fake: FakeDiscord, bot: Bot) -> None:
    guild = await bot.fetch_guild(fake.guild.id, with_counts=False)
    await guild.fetch_channels()
    await guild.fetch_roles()
    member = await guild.fetch_member(fake.world.bot.id)
    await bot.fetch_channel(fake.guild.channel("issues").id)
    await bot.tree.fetch_commands()
    assert member.guild_permissions.value == MEMBER_PERMISSIONS.value
    assert fake.violations == []


# Validation


async def test_what_does_not_fit_the_published_schema_is_a_violation(fake: FakeDiscord, call: Caller) -> None:
    if not fake.validating:
        pytest.skip("needs Discord's OpenAPI document")
    path = messages_of(fake.guild.channel("general"))
    await call("POST", path, {"content": "x", "embeds": [{"title": 5}]})
    assert {(item.mode, item.path) for item in fake.violations} == {
        ("open", "embeds/0/title"),
        ("closed", "embeds/0/title"),
    }
    fake.violations.clear()
    await call("POST", path, {"content": "x", "contents": "y"})
    (violation,) = fake.violations
    assert (violation.mode, violation.direction) == ("closed", "request")
    assert violation.where == "POST /channels/{channel_id}/messages"
    assert "contents" in violation.message
    fake.violations.clear()
    await call("GET", f"{path}?limit=1000&befor=3")
    assert {item.path for item in fake.violations if item.direction == "request"} == {"?limit", "?befor"}


async def test_a_component_is_judged_as_what_it_says_it_is(fake: FakeDiscord, call: Caller) -> None:
    if not fake.validating:
        pytest.skip("needs Discord's OpenAPI document")
    body = v2({"type": 17, "components": [row(button("a") | {"colour": 3})]})
    await call("POST", messages_of(fake.guild.channel("general")), body)
    (violation,) = (item for item in fake.violations if item.direction == "request")
    assert violation.path == "components/0/components/0/components/0"
    assert "colour" in violation.message


async def test_an_operation_that_the_fake_has_not_is_a_violation(fake: FakeDiscord, call: Caller) -> None:
    assert (await call("GET", "/voice/regions"))[0] == 404
    assert [item.where for item in fake.violations] == ["GET /api/v10/voice/regions"]


async def test_without_the_document_nothing_is_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FTBOT_TEST_OPENAPI", str(tmp_path))
    assert not FakeDiscord().validating
    assert not FakeDiscord(validate=False).validating


# Faults


async def test_requests_fail_are_reset_and_wait_as_scripted(fake: FakeDiscord, call: Caller) -> None:
    general = fake.guild.channel("general")
    fake.fail("POST", "/messages$", 403, times=2, body={"code": 50001})
    fake.reset("POST", "/messages$", apply=True)
    for _ in range(2):
        assert (await call("POST", messages_of(general), {"content": "x"}))[0] == 403
    with pytest.raises(aiohttp.ClientError):
        await call("POST", messages_of(general), {"content": "stored"})
    hold = fake.hold("POST", "/messages$")
    waiting = asyncio.create_task(call("POST", messages_of(general), {"content": "waited"}))
    await hold.arrived.wait()
    assert [message.text() for message in fake.messages(general)] == ["stored"]
    hold.release.set()
    assert (await waiting)[0] == 200
    assert [request.status for request in fake.requests] == [403, 403, 0, 200]


async def test_a_wrong_token_is_refused(fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_url)
    async with Bot() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login("other")


async def test_privileged_intents_are_refused(fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url))
    async with Bot(intents=discord.Intents(guilds=True, members=True)) as bot:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await bot.start(TOKEN)


@pytest.mark.usefixtures("bot")
async def test_a_lost_connection_is_resumed_and_missed_events_are_sent_again(fake: FakeDiscord) -> None:
    fake.abort_connections()
    await fake.until(lambda: not fake.gateway.connected)
    assert (await fake.slash("echo", words="missed").shown()).text() == "missed"
    assert (fake.gateway.identifies, fake.gateway.resumes) == (1, 1)


@pytest.mark.parametrize(
    "disturb",
    [
        FakeDiscord.ask_to_reconnect,
        lambda fake: fake.invalidate_session(resumable=True),
        lambda fake: fake.close_connections(4000),
    ],
    ids=["op 7", "op 9", "close 4000"],
)
@pytest.mark.usefixtures("bot")
async def test_a_client_that_is_sent_away_resumes(fake: FakeDiscord, disturb: Callable[[FakeDiscord], None]) -> None:
    disturb(fake)
    await fake.until(lambda: fake.gateway.resumes == 1 and fake.gateway.connected)
    assert (await fake.slash("echo", words="back").shown()).text() == "back"
    assert fake.gateway.identifies == 1


@pytest.mark.usefixtures("bot")
async def test_an_invalid_session_is_identified_anew(fake: FakeDiscord) -> None:
    fake.invalidate_session(resumable=False)
    await fake.until(lambda: fake.gateway.identifies == 2 and fake.gateway.connected)
    assert (await fake.slash("echo", words="new").shown()).text() == "new"


async def test_a_client_without_acknowledged_heartbeats_reconnects(monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        FakeDiscord(heartbeat_interval=0.02) as fake,
        running(fake, monkeypatch, lambda: Bot(heartbeat_timeout=0.2)),
    ):
        await fake.until(lambda: fake.gateway.heartbeats > 2)
        assert fake.gateway.connections == 1
        fake.acknowledge_heartbeats(acknowledge=False)
        await fake.until(lambda: fake.gateway.resumes == 1)


async def test_the_bot_sees_servers_come_and_go(fake: FakeDiscord, bot: Bot) -> None:
    await bot.wait_until_ready()
    guild = Guild("NumPy")
    fake.join(guild)
    assert await bot.seen.get() == "joined NumPy"
    assert (await fake.slash("echo", words="hi", guild=guild).shown()).text() == "hi"
    fake.leave(guild)
    assert await bot.seen.get() == "left NumPy"
    assert fake.violations == []


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ('{"op": 1, "d": null, "x": "' + "x" * 4096 + '"}', 4002),
        ("no JSON", 4002),
        ('{"op": 3, "d": {}}', 4003),
        ('{"op": 2, "d": {"token": "other", "intents": 1}}', 4004),
        ('{"op": 2, "d": {"token": "fake-token", "intents": 268435456}}', 4013),
    ],
)
async def test_the_gateway_closes_on_what_it_does_not_accept(
    fake: FakeDiscord, call: Caller, payload: str, code: int
) -> None:
    async with call.session.ws_connect(fake.gateway_url + "?v=10&encoding=json") as socket:
        assert number(msgspec.json.decode(await socket.receive_str(), type=JsonObject), "op") == 10
        await socket.send_str(payload)
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == code


async def test_connections_are_refused_as_often_as_asked(fake: FakeDiscord, call: Caller) -> None:
    fake.refuse_connections(1)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await call.session.ws_connect(fake.gateway_url)
    async with call.session.ws_connect(fake.gateway_url + "?v=10&encoding=json") as socket:
        await socket.receive_str()


async def test_hundreds_of_commands_at_once_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeDiscord(validate=False) as fake, running(fake, monkeypatch):
        answers = [fake.slash("echo", words=str(index)) for index in range(300)]
        callbacks = await asyncio.gather(*(answer.callback for answer in answers))
        assert [text(callback.data, "content") for callback in callbacks] == [str(index) for index in range(300)]
