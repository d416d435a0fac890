"""Discord's gateway: a websocket, sessions that outlive connections, compression, and faults on demand."""

from __future__ import annotations

import asyncio
import importlib
import socket
import struct
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TypeAlias

import msgspec
from aiohttp import WSMsgType, web

from tests.fakes.changes import Changes
from tests.fakes.discord_crowd import Crowd
from tests.fakes.discord_json import JsonObject, child, number, text
from tests.fakes.discord_schema import Schema, Violation
from tests.fakes.discord_world import Guild, World

MAX_PAYLOAD_BYTES = 4096
MAX_SENDS = 120
SENDS_WINDOW_S = 60.0
IDENTIFY_S = 5.0
SESSIONS_A_DAY = 1000
_A_DAY = timedelta(days=1)

GUILDS_INTENT = 1 << 0
PRIVILEGED_INTENTS = 1 << 1 | 1 << 8 | 1 << 15
ALL_INTENTS = (1 << 17) - 1 | 0b11 << 20 | 0b11 << 24


class Op(IntEnum):
    """Gateway opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE_UPDATE = 3
    RESUME = 6
    RECONNECT = 7
    REQUEST_GUILD_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(IntEnum):
    """Why the gateway closes a connection."""

    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    RATE_LIMITED = 4008
    INVALID_VERSION = 4012
    INVALID_SHARD = 4010
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


# Turns one payload into the next bytes of a compressed stream.
Compress: TypeAlias = Callable[[bytes], bytes]


@dataclass(slots=True, eq=False)
class Connection:
    """One websocket and what waits to be sent on it; a number among the frames is a close code and ends it."""

    websocket: web.WebSocketResponse
    request: web.Request
    compress: Compress | None
    frames: asyncio.Queue[bytes | int] = field(default_factory=asyncio.Queue)
    session: Session | None = None
    received: deque[float] = field(default_factory=deque)
    closed_with: int = 0

    def send(self, op: Op, data: object = None) -> None:
        """Queue a payload that is no event."""
        self.frames.put_nowait(msgspec.json.encode({"op": op.value, "d": data, "s": None, "t": None}))

    def close(self, code: int) -> None:
        """Queue the end of the connection, after what is already waiting."""
        self.frames.put_nowait(code)

    def sends_too_much(self, now: float) -> bool:
        """Count one more payload from the client, and tell whether it exceeds Discord's 120 in 60 seconds."""
        self.received.append(now)
        while self.received[0] < now - SENDS_WINDOW_S:
            self.received.popleft()
        return len(self.received) > MAX_SENDS

    async def write(self) -> None:
        """Send what is queued until the connection ends."""
        while not isinstance(frame := await self.frames.get(), int):
            try:
                if self.compress is None:
                    await self.websocket.send_str(frame.decode())
                else:
                    await self.websocket.send_bytes(self.compress(frame))
            except ConnectionError:
                return
        if not self.websocket.closed:
            self.closed_with = frame
            await self.websocket.close(code=frame)

    def abort(self) -> None:
        """Reset the TCP connection."""
        reset(self.request)


@dataclass(slots=True, eq=False)
class Session:
    """What a client identified as; it keeps its events for a client that comes back with RESUME."""

    id: str
    intents: int
    shard: int
    shards: int
    sequence: int = 0
    events: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=10_000))
    connection: Connection | None = None

    def dispatch(self, event: str, data: object) -> None:
        """Send an event now, or keep it for later if the client is away."""
        self.sequence += 1
        frame = msgspec.json.encode({"op": Op.DISPATCH.value, "t": event, "s": self.sequence, "d": data})
        self.events.append((self.sequence, frame))
        if self.connection is not None:
            self.connection.frames.put_nowait(frame)

    def pass_by(self, event: str, data: bytes) -> None:
        """Send an event now that is JSON already, and keep nothing of it."""
        self.sequence += 1
        if self.connection is not None:
            head = b'{"op":0,"t":"%s","s":%d,"d":' % (event.encode(), self.sequence)
            self.connection.frames.put_nowait(head + data + b"}")


@dataclass(slots=True, eq=False)
class Gateway:
    """The gateway of one fake Discord.

    It advises ``shards``, and lets as many sessions begin in ``identify_seconds`` as ``max_concurrency`` says, one in
    each bucket; None lets all begin. Of a day's sessions ``sessions_left`` may begin, and a day later as many as at
    first. ``too_soon`` counts those that it refused for that, ``doubled`` those of shards that had one on another
    connection.
    """

    world: World
    schema: Schema
    violations: list[Violation]
    token: str
    url: Callable[[], str]
    changes: Changes
    heartbeat_interval: float = 41.25
    shards: int = 1
    max_concurrency: int | None = None
    identify_seconds: float = IDENTIFY_S
    sessions_left: int = SESSIONS_A_DAY
    sessions_again_in: float = 3600.0
    identified: list[tuple[float, int, int]] = field(default_factory=list)
    too_soon: int = 0
    doubled: int = 0
    crowd: Crowd | None = None
    privileged_intents: bool = False
    acknowledge_heartbeats: bool = True
    refusals: int = 0
    hang_ups: int = 0
    silences: int = 0
    unanswered: int = 0
    greets: bool = True
    waiting_for_hello: int = 0
    connections: int = 0
    identifies: int = 0
    resumes: int = 0
    heartbeats: int = 0
    close_codes: list[int] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    _day: datetime | None = None
    """When the day began whose sessions are counted: with the first of them."""

    _open: set[Connection] = field(default_factory=set)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one client, from HELLO until its connection ends."""
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=503)
        websocket = web.WebSocketResponse(timeout=1.0, compress=False, autoping=False)
        await websocket.prepare(request)
        connection = Connection(websocket, request, _compression(request.query.get("compress")))
        self.connections += 1
        self.changes.note()
        self._open.add(connection)
        writer = asyncio.create_task(connection.write())
        if self.greets:
            connection.send(Op.HELLO, {"heartbeat_interval": int(self.heartbeat_interval * 1000), "_trace": []})
        else:
            await websocket.ping()
        if (request.query.get("v"), request.query.get("encoding")) != ("10", "json"):
            connection.close(CloseCode.INVALID_VERSION)
        try:
            async for frame in websocket:
                if frame.type is WSMsgType.TEXT:
                    self._receive(connection, frame.data.encode())
                elif frame.type is WSMsgType.PONG:
                    self.waiting_for_hello += 1
                    self.changes.note()
        finally:
            self._ended(connection, connection.closed_with or websocket.close_code or 1006)
            connection.close(1000)
            await writer
        return websocket

    def dispatch(self, event: str, data: object, *, guild_id: int = 0, intent: int = 0) -> None:
        """Send an event to the sessions that asked for its intent, on the shard that has the guild."""
        for session in self.sessions:
            if intent & ~session.intents == 0 and (guild_id >> 22) % session.shards == session.shard:
                session.dispatch(event, data)

    @property
    def connected(self) -> bool:
        """Return whether some client has been sent READY or RESUMED on a connection that is still there."""
        return any(session.connection for session in self.sessions)

    def to_all(self, op: Op, data: object = None) -> None:
        """Send a payload that is no event to every connection."""
        for connection in self._open:
            connection.send(op, data)

    def close_all(self, code: int) -> None:
        """Close every connection with a close code."""
        for connection in self._open:
            connection.close(code)

    def abort_all(self) -> None:
        """Reset every TCP connection; sessions stay and can be resumed."""
        for connection in self._open:
            connection.abort()

    def guild_create(self, guild: Guild, *, joined: bool = False) -> JsonObject:
        """Return the GUILD_CREATE event of a guild; only where the bot was in already it says ``unavailable``."""
        where = "GUILD_CREATE"
        bot = guild.member(self.world.bot).json()
        channels = [channel.json() for channel in guild.channels]
        threads = [thread.json() for thread in guild.threads if thread.archived is None]
        parts = [("GuildResponse", guild.json()), ("GuildMemberResponse", bot)]
        parts += [("GuildChannelResponse", channel) for channel in channels]
        parts += [("ThreadResponse", thread) for thread in threads]
        for name, value in parts:
            self.violations += self.schema.event(where, name, value)
        empty = "voice_states presences stage_instances guild_scheduled_events soundboard_sounds"
        return {
            **guild.json(),
            **{key: [] for key in empty.split()},
            "joined_at": "2025-01-01T00:00:00+00:00",
            "large": False,
            **({} if joined else {"unavailable": False}),
            "member_count": len(guild.members),
            "members": [bot],
            "channels": channels,
            "threads": threads,
        }

    def _receive(self, connection: Connection, raw: bytes) -> None:
        payload = _decoded(raw)
        op = None if payload is None else payload.get("op")
        data = child(payload or {}, "d")
        if connection.sends_too_much(asyncio.get_running_loop().time()):
            connection.close(CloseCode.RATE_LIMITED)
        elif payload is None:
            connection.close(CloseCode.DECODE_ERROR)
        elif op == Op.HEARTBEAT:
            self._heartbeat(connection)
        elif op in {Op.IDENTIFY, Op.RESUME} and self.hang_ups:
            self.hang_ups -= 1
            connection.close(CloseCode.UNKNOWN_ERROR)
        elif op in {Op.IDENTIFY, Op.RESUME} and self.silences:
            self.silences -= 1
            self.unanswered += 1
            self.changes.note()
        elif op == Op.IDENTIFY:
            self._identify(connection, data)
        elif op == Op.RESUME:
            self._resume(connection, data)
        elif connection.session is None:
            connection.close(CloseCode.NOT_AUTHENTICATED)
        elif op not in {Op.PRESENCE_UPDATE, Op.REQUEST_GUILD_MEMBERS}:
            connection.close(CloseCode.UNKNOWN_OPCODE)

    def _heartbeat(self, connection: Connection) -> None:
        self.heartbeats += 1
        self.changes.note()
        if self.acknowledge_heartbeats:
            connection.send(Op.HEARTBEAT_ACK)

    def _identify(self, connection: Connection, data: JsonObject) -> None:
        self.identifies += 1
        intents = number(data, "intents", -1)
        if text(data, "token") != self.token:
            return connection.close(CloseCode.AUTHENTICATION_FAILED)
        if intents < 0 or intents & ~ALL_INTENTS:
            return connection.close(CloseCode.INVALID_INTENTS)
        if intents & PRIVILEGED_INTENTS and not self.privileged_intents:
            return connection.close(CloseCode.DISALLOWED_INTENTS)
        shard = data.get("shard")
        number_of, total = (int(each) for each in (shard if isinstance(shard, list) else (0, 1)))
        if not 0 <= number_of < total:
            return connection.close(CloseCode.INVALID_SHARD)
        if not self._may_begin(number_of, total):
            return connection.send(Op.INVALID_SESSION, data=False)
        session = Session(f"session-{self.identifies}", intents, number_of, total, connection=connection)
        connection.session = session
        self.doubled += any(
            other.connection is not None and (other.shard, other.shards) == (number_of, total)
            for other in self.sessions
        )
        self.sessions.append(session)
        guilds = [guild for guild in self.world.guilds if (guild.id >> 22) % session.shards == session.shard]
        seen = guilds if intents & GUILDS_INTENT else []
        session.dispatch("READY", self._ready(session, seen))
        for guild in seen:
            session.dispatch("GUILD_CREATE", self.guild_create(guild))
        if self.crowd is not None and seen is guilds:
            for event in self.crowd.guild_creates(number_of, total):
                session.pass_by("GUILD_CREATE", event)
        self.changes.note()
        return None

    def _may_begin(self, shard: int, shards: int) -> bool:
        """Count a session, and tell whether its bucket's last is long enough ago, and any is left of the day's."""
        now = asyncio.get_running_loop().time()
        today = self.world.now()
        self._day = self._day or today
        if today - self._day >= _A_DAY:
            self._day, self.sessions_left = today, SESSIONS_A_DAY
        if self.sessions_left <= 0:
            self.too_soon += 1
            return False
        self.sessions_left -= 1
        if self.max_concurrency is not None:
            bucket = shard % self.max_concurrency
            last = max((at for at, other, _ in self.identified if other % self.max_concurrency == bucket), default=0.0)
            if now - last < self.identify_seconds and last:
                self.too_soon += 1
                return False
        self.identified.append((now, shard, shards))
        return True

    def _ready(self, session: Session, guilds: list[Guild]) -> JsonObject:
        user = self.world.bot.json()
        crowd = [] if self.crowd is None else self.crowd.guilds(session.shard, session.shards)
        self.violations += self.schema.event("READY", "UserResponse", user)
        return {
            "v": 10,
            "user": {**user, "verified": True, "mfa_enabled": True, "email": None},
            "guilds": [{"id": str(guild), "unavailable": True} for guild in (*(each.id for each in guilds), *crowd)],
            "session_id": session.id,
            "resume_gateway_url": self.url(),
            "shard": [session.shard, session.shards],
            "application": {"id": str(self.world.application_id), "flags": 0},
            "private_channels": [],
        }

    def _resume(self, connection: Connection, data: JsonObject) -> None:
        session = next((item for item in self.sessions if item.id == data.get("session_id")), None)
        if session is None or text(data, "token") != self.token:
            return connection.send(Op.INVALID_SESSION, data=False)
        self.resumes += 1
        connection.session = session
        for sequence, frame in session.events:
            if sequence > number(data, "seq"):
                connection.frames.put_nowait(frame)
        session.connection = connection
        session.dispatch("RESUMED", {"_trace": []})
        self.changes.note()
        return None

    def _ended(self, connection: Connection, close_code: int) -> None:
        self._open.discard(connection)
        self.close_codes.append(int(close_code))
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            # A client that says goodbye with 1000 or 1001 ends its session; any other end can be resumed.
            if close_code in {1000, 1001} and not connection.closed_with and session in self.sessions:
                self.sessions.remove(session)
        self.changes.note()


def _decoded(raw: bytes) -> JsonObject | None:
    """Return a client's payload, or nothing where it is too long or no JSON object."""
    if len(raw) > MAX_PAYLOAD_BYTES:
        return None
    try:
        return msgspec.json.decode(raw, type=JsonObject)
    except msgspec.DecodeError:
        return None


def reset(request: web.Request) -> None:
    """End a request's TCP connection with a reset instead of an orderly close."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _compression(asked: str | None) -> Compress | None:
    """Return what a client asked for, or None (plain text) where this Python cannot do it."""
    if asked == "zlib-stream":
        stream = zlib.compressobj()
        return lambda payload: stream.compress(payload) + stream.flush(zlib.Z_SYNC_FLUSH)
    if asked == "zstd-stream":
        return _zstd()
    return None


def _zstd() -> Compress | None:
    try:
        module = importlib.import_module("compression.zstd")
    except ImportError:
        pass
    else:
        compressor = module.ZstdCompressor()
        return lambda payload: bytes(compressor.compress(payload, compressor.FLUSH_BLOCK))
    try:
        module = importlib.import_module("zstandard")
    except ImportError:
        return None
    stream = module.ZstdCompressor().compressobj()
    return lambda payload: bytes(stream.compress(payload) + stream.flush(module.COMPRESSOBJ_FLUSH_BLOCK))
