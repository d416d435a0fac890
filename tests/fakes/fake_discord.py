"""A Discord on loopback for tests: unmodified discord.py logs in to it, and tests play the users.

It keeps state, enforces Discord's limits, fails on demand, and judges every request and answer by Discord's OpenAPI
document if that is at hand (``validating``); what does not fit is in ``violations``, which tests assert to be empty.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import msgspec
from aiohttp import BodyPartReader, web

from tests.fakes import discord_components as ui
from tests.fakes.changes import Changes
from tests.fakes.discord_gateway import GUILDS_INTENT, Gateway, Op, reset
from tests.fakes.discord_interactions import (
    Actor,
    Answer,
    Choice,
    Data,
    ImpossibleInteractionError,
    InteractionType,
    OptionValue,
    fill_options,
    find_command,
    modal_values,
    nest_options,
    payload,
    required_permissions,
    select_values,
)
from tests.fakes.discord_json import JsonObject, number, text
from tests.fakes.discord_limits import RefusedError
from tests.fakes.discord_rest import Call, Operation, Reply, Rest
from tests.fakes.discord_schema import Schema, Violation, load_schema
from tests.fakes.discord_world import (
    Attachment,
    Channel,
    ChannelType,
    Guild,
    Message,
    Overwrite,
    Permission,
    User,
    World,
    announcement,
    forum,
    utc_now,
)

API = "/api/v10"
TOKEN = "fake-token"
_BUCKET_SIZE = 1000
_MAX_REQUEST_BYTES = 26 * 1024 * 1024
# A status of our own for "no answer, the connection was reset".
_RESET = 0


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the bot made and how it was answered; status 0 means that the connection was reset."""

    method: str
    path: str
    status: int


@dataclass(slots=True, eq=False)
class Hold:
    """A request that waits: ``arrived`` is set when it is there, and it goes on when the test sets ``release``."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, eq=False)
class Fault:
    """What shall happen to the next requests that match: an error, a reset (status 0), or waiting."""

    method: str
    path: re.Pattern[str]
    times: int
    status: int = _RESET
    apply: bool = False
    body: JsonObject | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: Hold | None = None

    def reply(self) -> Reply:
        """Return the error as it is answered."""
        reply: JsonObject = {"message": f"{self.status}: scripted fault", "code": 0}
        if self.status == 429:
            reply |= {"retry_after": 0.01, "global": False}
        return self.status, reply | (self.body or {})


def default_guild() -> Guild:
    """Build a server with #general, the announcement channel #ft-news, the forum #issues, and ada in it."""
    return Guild("Free-threaded", [Channel("general"), announcement("ft-news"), forum("issues", ["bug", "crash"])])


class FakeDiscord:
    """The server and its users; ``now`` is the clock by which Discord counts its limits."""

    def __init__(  # noqa: PLR0913 - settings of a server, all by keyword and with defaults
        self,
        guilds: Sequence[Guild] | None = None,
        *,
        validate: bool = True,
        now: Callable[[], datetime] = utc_now,
        token: str = TOKEN,
        nonce_window: timedelta = timedelta(minutes=3),
        heartbeat_interval: float = 41.25,
        privileged_intents: bool = False,
    ) -> None:
        """Prepare a server with these guilds, or with ``default_guild()``; ``async with`` starts it.

        Without ``validate`` it takes all that it can read, for benchmarks: to judge takes as long as to answer.
        """
        self.token = token
        self.world = World(now, [default_guild()] if guilds is None else list(guilds))
        self.changes = Changes()
        self.violations: list[Violation] = []
        self.requests: list[Request] = []
        self.answers: list[Answer] = []
        self.schema = load_schema() if validate else Schema(None)
        self.gateway = Gateway(
            self.world,
            self.schema,
            self.violations,
            token,
            lambda: self.gateway_url,
            self.changes,
            heartbeat_interval=heartbeat_interval,
            privileged_intents=privileged_intents,
        )
        self.rest = Rest(self.world, self.gateway, lambda: self._base_url, nonce_window, judges=validate)
        self._faults: list[Fault] = []
        self._base_url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Start serving on a free port of 127.0.0.1."""
        app = web.Application(client_max_size=_MAX_REQUEST_BYTES)
        app.router.add_get("/", self.gateway.serve)
        app.router.add_get("/attachments/{channel_id}/{attachment_id}/{filename}", self._download)
        for (method, template), operation in self.rest.operations().items():
            app.router.add_route(method, API + template, self._serving(method, template, operation))
        app.router.add_route("*", "/{path:.*}", self._unknown)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        # A backlog for hundreds of connections at once: beyond it the kernel lets a client wait for a second.
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=2048).start()
        self._base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every connection and stop serving."""
        for fault in self._faults:
            if fault.hold is not None:
                fault.hold.release.set()
        self.gateway.close_all(1001)
        if self._runner is not None:
            await self._runner.cleanup()

    # What tests look at

    @property
    def api_url(self) -> str:
        """Return the base of the REST API."""
        return self._base_url + API

    @property
    def gateway_url(self) -> str:
        """Return the address of the gateway."""
        return self._base_url.replace("http", "ws", 1) + "/"

    @property
    def validating(self) -> bool:
        """Return whether requests and answers are judged by Discord's OpenAPI document."""
        return self.schema.validating

    @property
    def guild(self) -> Guild:
        """Return the first server the bot is in."""
        return self.world.guilds[0]

    @property
    def guilds(self) -> list[Guild]:
        """Return the servers the bot is in."""
        return self.world.guilds

    @property
    def commands(self) -> list[JsonObject]:
        """Return the global commands that the bot registered."""
        return self.world.commands.get(None, [])

    def messages(self, channel: Channel | int) -> list[Message]:
        """Return the messages of a channel, oldest first; ephemeral ones are in no channel."""
        found = channel if isinstance(channel, Channel) else self.world.channel(channel)
        return [] if found is None else [found.messages[number] for number in sorted(found.messages)]

    def direct_messages(self, user: User | str) -> list[Message]:
        """Return what the bot has written to a user."""
        return self.messages(self.world.dm(self._person(user, self.guild)))

    def count(self, method: str, path: str) -> int:
        """Count the requests with a method whose path contains a match of a pattern."""
        return sum(request.method == method and re.search(path, request.path) is not None for request in self.requests)

    async def connected(self, seconds: float = 30.0) -> None:
        """Wait until a bot is logged in to the gateway."""
        await self.until(lambda: self.gateway.connected, seconds)

    async def until(self, reached: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something holds that changes with a request or with the gateway, such as a count."""
        await self.changes.until(reached, self._state, seconds)

    # What users do

    def slash(  # noqa: PLR0913 - who, where and in which language are independent
        self,
        command: str,
        /,
        *,
        guild: Guild | None = None,
        channel: Channel | None = None,
        user: User | str | None = None,
        locale: str = "en-US",
        dm: bool = False,
        override: bool = False,
        options: Mapping[str, OptionValue] | None = None,
        **named: OptionValue,
    ) -> Answer:
        """Use a command, ``"ftwatch add"`` for a subcommand; options whose names are taken here go into ``options``.

        ``override`` says that the server's admins let the user use it, whatever its default permissions.
        """
        actor = self._actor(guild, channel, user, locale, dm=dm)
        return self._use(command, actor, {**(options or {}), **named}, override=override)

    async def autocomplete(  # noqa: PLR0913 - as for slash
        self,
        command: str,
        /,
        *,
        focus: str,
        value: str,
        guild: Guild | None = None,
        channel: Channel | None = None,
        user: User | str | None = None,
        locale: str = "en-US",
        dm: bool = False,
        options: Mapping[str, OptionValue] | None = None,
        **named: OptionValue,
    ) -> list[Choice]:
        """Type ``value`` into an option and return what the bot suggests, within three seconds."""
        actor = self._actor(guild, channel, user, locale, dm=dm)
        answer = self._use(command, actor, {**(options or {}), **named, focus: value}, focus=focus)
        await answer.until(lambda: answer.callback.done() or bool(answer.refusals), 3.0)
        if answer.refusals:
            raise AssertionError(f"Discord refused the suggestions: {answer!r}")
        return answer.callback.result().choices

    def click(
        self, message: Message, custom_id: str, *, user: User | str | None = None, locale: str = "en-US"
    ) -> Answer:
        """Press a button; one that the message does not have, or that is disabled, raises."""
        pressable = [button.custom_id for button in message.buttons() if button.custom_id and not button.disabled]
        if custom_id not in pressable:
            raise ImpossibleInteractionError(f"no enabled button {custom_id!r}, only {pressable}")
        return self.click_stale(message, custom_id, user=user, locale=locale)

    def click_stale(
        self, message: Message, custom_id: str, *, user: User | str | None = None, locale: str = "en-US"
    ) -> Answer:
        """Press a button that a message had in an older version of the bot."""
        data: JsonObject = {"custom_id": custom_id, "component_type": ui.BUTTON, "id": 1}
        return self._interact(InteractionType.COMPONENT, self._reader(message, user, locale), data, source=message)

    def select(
        self, message: Message, custom_id: str, *values: object, user: User | str | None = None, locale: str = "en-US"
    ) -> Answer:
        """Choose in a select: values of its options, or users, roles or channels."""
        selects = {text(part, "custom_id"): part for part in ui.walk(message.components) if part["type"] in ui.SELECTS}
        component = selects.get(custom_id)
        if component is None or component.get("disabled") is True:
            raise ImpossibleInteractionError(f"no enabled select {custom_id!r}, only {sorted(selects)}")
        actor = self._reader(message, user, locale)
        data = Data(self.world, actor)
        chosen = select_values(component, values, data)
        kind = number(component, "type")
        body = data.json(custom_id=custom_id, component_type=kind, id=number(component, "id"), values=chosen)
        return self._interact(InteractionType.COMPONENT, actor, body, source=message)

    def submit_modal(self, answer: Answer, values: Mapping[str, object]) -> Answer:
        """Submit the modal an answer opened, with texts (or sequences, for selects) by custom_id."""
        modal = answer.modal
        if modal is None:
            raise ImpossibleInteractionError("this answer opened no modal")
        data = Data(self.world, answer.actor)
        components = modal_values(modal, values, data)
        body = data.json(custom_id=text(modal, "custom_id"), components=components)
        return self._interact(InteractionType.MODAL_SUBMIT, answer.actor, body, source=answer.source)

    def say(self, channel: Channel, content: str, user: User | str | None = None) -> Message:
        """Put a message of a user, or of the bot (``world.bot``), into a channel, as if it had been there before."""
        author = self._person(user, channel.guild or self.guild)
        message = Message(self.world.new_id(), channel, author, self.world.now(), content)
        channel.messages[message.id] = message
        return message

    # What happens to the servers

    def join(self, guild: Guild) -> None:
        """Add the bot to a server."""
        self.world.admit(guild)
        self.world.guilds.append(guild)
        self._announce("GUILD_CREATE", self.gateway.guild_create(guild, joined=True), guild)

    def leave(self, guild: Guild) -> None:
        """Remove the bot from a server."""
        self.world.guilds.remove(guild)
        self._announce("GUILD_DELETE", {"id": str(guild.id)}, guild)

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel or thread of a server."""
        guild = channel.guild
        if guild is None:
            raise ImpossibleInteractionError("direct message channels cannot be deleted")
        event = channel.json()
        (guild.threads if channel in guild.threads else guild.channels).remove(channel)
        self._announce("THREAD_DELETE" if channel.parent else "CHANNEL_DELETE", event, guild)

    def archive(self, thread: Channel, *, lock: bool = False) -> None:
        """Close a thread; into a locked one only moderators can write."""
        if thread.guild is None:
            raise ImpossibleInteractionError("only threads of servers can be archived")
        thread.archived, thread.locked = self.world.now(), lock
        self._announce("THREAD_UPDATE", thread.json(), thread.guild)

    def deny(self, channel: Channel, permission: Permission) -> None:
        """Take permissions from the bot in one channel."""
        self._overwrite(channel, allow=False, permission=permission)

    def allow(self, channel: Channel, permission: Permission) -> None:
        """Give the bot permissions in one channel."""
        self._overwrite(channel, allow=True, permission=permission)

    # Faults

    def fail(  # noqa: PLR0913 - the parts of an HTTP answer
        self,
        method: str,
        path: str,
        status: int,
        *,
        times: int = 1,
        apply: bool = False,
        body: JsonObject | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next requests whose path matches with an error; with ``apply``, after they have taken effect."""
        self._faults.append(Fault(method, re.compile(path), times, status, apply, body, headers or {}))

    def reset(self, method: str, path: str, *, times: int = 1, apply: bool = False) -> None:
        """Reset the connection of the next requests whose path matches; with ``apply``, after they took effect."""
        self._faults.append(Fault(method, re.compile(path), times, apply=apply))

    def hold(self, method: str, path: str) -> Hold:
        """Let the next request whose path matches wait before it takes effect."""
        hold = Hold()
        self._faults.append(Fault(method, re.compile(path), 1, hold=hold))
        return hold

    def refuse_connections(self, count: int) -> None:
        """Refuse that many connections to the gateway."""
        self.gateway.refusals = count

    def hang_up(self, count: int) -> None:
        """Close that many connections to the gateway as soon as a client says who it is."""
        self.gateway.hang_ups = count

    def leave_unanswered(self, count: int) -> None:
        """Say nothing to that many clients that tell who they are; their heartbeats are acknowledged."""
        self.gateway.silences = count

    def ask_to_reconnect(self) -> None:
        """Send opcode 7."""
        self.gateway.to_all(Op.RECONNECT)

    def invalidate_session(self, *, resumable: bool) -> None:
        """Send opcode 9; a session that is not resumable is forgotten."""
        if not resumable:
            self.gateway.sessions.clear()
        self.gateway.to_all(Op.INVALID_SESSION, resumable)

    def abort_connections(self) -> None:
        """Reset the gateway's TCP connections."""
        self.gateway.abort_all()

    def close_connections(self, code: int) -> None:
        """Close the gateway's connections with a close code."""
        self.gateway.close_all(code)

    def acknowledge_heartbeats(self, *, acknowledge: bool) -> None:
        """Answer heartbeats, or stop doing so."""
        self.gateway.acknowledge_heartbeats = acknowledge

    # How users and servers do it

    def _state(self) -> str:
        closed = self.gateway.close_codes
        return f"connected: {self.gateway.connected}; close codes: {closed}; last requests: {self.requests[-5:]}"

    def _person(self, user: User | str | None, home: Guild) -> User:
        if user is None:
            return home.members[0].user
        person = home.member(user).user
        return self.world.users.setdefault(person.id, person)

    def _actor(
        self, guild: Guild | None, channel: Channel | None, user: User | str | None, locale: str, *, dm: bool
    ) -> Actor:
        home = guild or (channel.guild if channel is not None else None) or self.guild
        person = self._person(user, home)
        place = self.world.dm(person) if dm else channel or home.channels[0]
        return Actor(person, place, locale)

    def _reader(self, message: Message, user: User | str | None, locale: str) -> Actor:
        """Return who uses a component: an ephemeral message has one reader, any other must still be there."""
        channel = message.channel
        actor = self._actor(None, channel, user or message.reader, locale, dm=channel.type is ChannelType.DM)
        there = actor.user is message.reader if message.ephemeral else message.id in channel.messages
        if not there:
            raise ImpossibleInteractionError(f"{actor.user.name} does not see that message")
        return actor

    def _use(
        self,
        command: str,
        actor: Actor,
        given: Mapping[str, OptionValue],
        *,
        focus: str | None = None,
        override: bool = False,
    ) -> Answer:
        found, names, declared = find_command(self.world, command, actor.guild)
        if actor.guild is not None and not override:
            has = actor.channel.permissions_of(actor.guild.member(actor.user))
            if lacking := required_permissions(found) & ~has:
                raise ImpossibleInteractionError(f"{actor.user.name} does not see /{command} without {lacking!r}")
        for value in given.values():
            if isinstance(value, Attachment):
                self.rest.publish(value, actor.channel)
        data = Data(self.world, actor)
        options = nest_options(names, fill_options(declared, given, data, focus=focus))
        body = data.json(id=found["id"], name=found["name"], type=1, options=options)
        kind = InteractionType.COMMAND if focus is None else InteractionType.AUTOCOMPLETE
        return self._interact(kind, actor, body)

    def _interact(
        self, kind: InteractionType, actor: Actor, data: JsonObject, *, source: Message | None = None
    ) -> Answer:
        if not self.gateway.sessions:
            raise ImpossibleInteractionError("no bot has connected")
        guild = actor.guild
        interaction_id = self.world.new_id()
        token = f"token-{interaction_id}"
        installed = guild is not None and guild not in self.world.guilds
        answer = Answer(interaction_id, token, kind, actor, self.world.now(), installed, self.changes, source)
        self.rest.answers[token] = answer
        self.answers.append(answer)
        event = payload(self.world, answer, data)
        parts = {"user": "UserResponse", "member": "PrivateGuildMemberResponse", "message": "MessageResponse"}
        for key in event.keys() & parts.keys():
            self.violations += self.schema.event("INTERACTION_CREATE", parts[key], event[key])
        self.gateway.dispatch("INTERACTION_CREATE", event, guild_id=0 if guild is None else guild.id)
        return answer

    def _announce(self, event: str, data: JsonObject, guild: Guild) -> None:
        self.gateway.dispatch(event, data, guild_id=guild.id, intent=GUILDS_INTENT)

    def _overwrite(self, channel: Channel, permission: Permission, *, allow: bool) -> None:
        bot = self.world.bot.id
        overwrite = next((item for item in channel.overwrites if item.target_id == bot), None)
        if overwrite is None:
            overwrite = Overwrite(bot, is_member=True)
            channel.overwrites.append(overwrite)
        overwrite.allow = overwrite.allow | permission if allow else overwrite.allow & ~permission
        overwrite.deny = overwrite.deny & ~permission if allow else overwrite.deny | permission
        if channel.guild is not None:
            self._announce("CHANNEL_UPDATE", channel.json(), channel.guild)

    # How requests are served

    def _serving(
        self, method: str, template: str, operation: Operation
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        bucket = re.sub(r"\W+", "-", f"{method}{template}").strip("-").lower()

        async def serve(request: web.Request) -> web.StreamResponse:
            path = request.path.removeprefix(API)
            fault = self._fault(method, path)
            if fault is not None and fault.hold is not None:
                fault.hold.arrived.set()
                await fault.hold.release.wait()
                fault = None
            status, body = await self._reply(request, await _parse(request, method, template), operation, fault)
            self.requests.append(Request(method, path, status))
            self.changes.note()
            if status == _RESET:
                reset(request)
                return web.Response()
            return _response(status, body, bucket, {} if fault is None else fault.headers)

        return serve

    async def _reply(self, request: web.Request, call: Call, operation: Operation, fault: Fault | None) -> Reply:
        """Judge a request and do what it asks, unless a fault prevents it."""
        self.violations += self.schema.request(call.method, call.template, call.query, call.body)
        if fault is not None and not fault.apply:
            return fault.reply()
        try:
            self._check_token(request, call.template)
            status, body = operation(call)
        except RefusedError as refusal:
            status, body = refusal.status, refusal.json()
        except Exception as error:
            # A fault of the fake shall fail the test at its end, not only look to the bot like Discord's own.
            self.violations.append(Violation(f"{call.method} {call.template}", "answer", "open", repr(error), ""))
            raise
        self.violations += self.schema.answer(call.method, call.template, status, body)
        return (status, body) if fault is None else fault.reply()

    def _check_token(self, request: web.Request, template: str) -> None:
        """Refuse a wrong bot token; interactions and their webhooks have their own token in the path."""
        if template == "/gateway" or template.startswith(("/interactions/", "/webhooks/")):
            return
        if request.headers.get("Authorization") != f"Bot {self.token}":
            raise RefusedError(401, 0, "401: Unauthorized")

    def _fault(self, method: str, path: str) -> Fault | None:
        for fault in self._faults:
            if fault.method == method and fault.times and fault.path.search(path):
                fault.times -= 1
                return fault
        return None

    async def _download(self, request: web.Request) -> web.StreamResponse:
        attachment = self.rest.files.get(request.match_info["attachment_id"])
        if attachment is None:
            return web.Response(status=404)
        return web.Response(body=attachment.data, content_type=attachment.content_type)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        where = f"{request.method} {request.path}"
        self.violations.append(Violation(where, "request", "open", "the fake Discord has no such operation", ""))
        self.requests.append(Request(request.method, request.path, 404))
        self.changes.note()
        return _response(404, {"message": "404: Not Found", "code": 0}, "unknown", {})


async def _parse(request: web.Request, method: str, template: str) -> Call:
    """Read a request; of a multipart form the part ``payload_json`` is the body and each ``files[n]`` an upload."""
    call = Call(method, template, request.match_info, request.query)
    if request.content_type != "multipart/form-data":
        raw = await request.read()
        call.body = msgspec.json.decode(raw) if raw else None
        return call
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        content = bytes(await part.read())
        if part.name == "payload_json":
            call.body = msgspec.json.decode(content)
        elif match := re.fullmatch(r"files\[(\d+)\]", part.name or ""):
            call.uploads.append(Attachment(part.filename or "unnamed", content, id=int(match[1])))
    return call


def _response(status: int, body: object, bucket: str, headers: Mapping[str, str]) -> web.Response:
    """Return what Discord would: ``application/json`` without a charset, the bucket, and ``Via``."""
    every = {
        "X-RateLimit-Bucket": bucket,
        "X-RateLimit-Limit": str(_BUCKET_SIZE),
        "X-RateLimit-Remaining": str(_BUCKET_SIZE - 1),
        "X-RateLimit-Reset": "4102444800.000",
        "X-RateLimit-Reset-After": "1.000",
        "Via": "1.1 google",
    }
    if body is None:
        return web.Response(status=status, headers={**every, **headers})
    if status == 429 and isinstance(body, dict):
        every |= {"Retry-After": str(body.get("retry_after", 0)), "X-RateLimit-Scope": "user"}
    every["Content-Type"] = "application/json"
    return web.Response(status=status, body=msgspec.json.encode(body), headers={**every, **headers})
