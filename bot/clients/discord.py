"""Posts in Discord's channels and forums, under the bot's own name: sent, found again, published.

Discord's errors become ours.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Final, TypeAlias

import aiohttp
import discord
from discord import ui

from bot.core.errors import UpstreamError
from bot.core.fleet.shards import Presence
from bot.core.posting.feeds import fitting_tags
from bot.core.posting.messages import ChannelClosedError, Draft, MessageRefusedError, UnclearError
from bot.core.posting.permissions import lacking
from bot.core.posting.posts import LONGEST_NONCE, SeenMessage, Sought

Card: TypeAlias = ui.LayoutView

_LONGEST_STEP = 45.0
"""Seconds for one request with discord.py's own retries; shorter than a claim of a post."""

_A_WEEK: Final = 10_080
"""Minutes without a message after which Discord archives a thread."""

_MOST_MESSAGES = 3_000
"""How many are looked through for one of the bot's own: 30 requests, of which Discord takes about one a second."""

_AtTheTop: TypeAlias = (
    discord.ActionRow
    | discord.Container
    | discord.FileComponent
    | discord.MediaGalleryComponent
    | discord.SectionComponent
    | discord.SeparatorComponent
    | discord.TextDisplay
)
"""What a message can be made of, in the form in which discord.py reads it."""

_Place: TypeAlias = discord.abc.GuildChannel | discord.abc.PrivateChannel | discord.Thread

_MOST_REFUSALS, _REFUSALS_COUNT_FOR = 3_000, 600.0
"""Requests that may be forbidden in so many seconds; after 10,000 Discord shuts the whole address out."""

_UNKNOWN_MESSAGE = 10008
_ALREADY_PUBLISHED = 40033
_NOT_PUBLISHABLE = 50024
_ARCHIVED = 50083
_UNAUTHORIZED, _BAD_REQUEST, _TOO_LARGE, _TOO_MANY, _SERVER_ERROR = 401, 400, 413, 429, 500


@dataclass(frozen=True, slots=True)
class ForumThread:
    """A thread of a forum; in a ``locked`` one only moderators may write."""

    number: int
    locked: bool


def _alone() -> int:
    return 1


@dataclass(slots=True)
class Pace:
    """Turns to send something, evenly spread, so that Discord never has to ask for patience.

    ``processes`` tells how many processes send as this bot now, each of which takes its share.
    """

    a_second: int = 50
    """What Discord takes of a bot, but for answers to people, of all its processes together."""

    processes: Callable[[], int] = _alone
    _next: float = 0.0
    _refusals: deque[float] = field(default_factory=deque)

    @property
    def is_refused_often(self) -> bool:
        """Return whether Discord forbade so much lately that what may be forbidden, too, should wait."""
        now = time.monotonic()
        while self._refusals and now - self._refusals[0] > _REFUSALS_COUNT_FOR:
            self._refusals.popleft()
        return len(self._refusals) >= _MOST_REFUSALS

    def note_refusal(self) -> None:
        """Note that Discord forbade something."""
        self._refusals.append(time.monotonic())

    async def turn(self) -> None:
        """Wait for a turn."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next)
        self._next = turn + max(1, self.processes()) / self.a_second
        if turn > now:
            await asyncio.sleep(turn - now)


@dataclass(frozen=True, slots=True)
class DiscordPosts:
    """Posts through a client that is connected now, to whichever server; ``clients`` gives all, one a shard.

    ``spare`` gives one that has logged in, where other processes hold all shards.
    """

    clients: Callable[[], Sequence[discord.Client]]
    pace: Pace = field(default_factory=Pace)
    spare: Callable[[], discord.Client | None] = lambda: None

    def presence(self) -> Presence | None:
        """Return which servers the bot is in, as far as its connections tell; None while there is none."""
        ready = self._all_ready()
        if not ready:
            return None
        servers = frozenset(guild.id for client in ready for guild in client.guilds)
        return Presence(servers, frozenset(client.shard_id or 0 for client in ready), ready[0].shard_count or 1)

    def is_connected(self) -> bool:
        """Return whether anything can be sent now."""
        return self._ready() is not None

    async def send(self, channel: int, draft: Draft[Card], mark: int | None = None, nonce: str = "") -> int | None:
        """Send a message and give its number; ``mark`` is the number of its last component, to find it by.

        With a nonce that Discord saw in the last minutes it gives the message that is there already, and None if that
        was deleted since. Raises ``ChannelClosedError``, ``MessageRefusedError``, else ``UpstreamError``, after which
        the message may have been posted all the same.
        """
        place = self._place(channel)
        view = _outfitted(draft, mark)
        file = None
        if draft.picture is not None:
            file = discord.File(BytesIO(draft.picture), draft.filename, description=draft.alt)
        pings = discord.AllowedMentions.none()
        if draft.role is not None:
            pings.roles = [discord.Object(draft.role)]
        nonce = nonce or secrets.token_hex(LONGEST_NONCE // 2)
        async with self._errors(channel):
            try:
                if file is None:
                    message = await place.send(view=view, nonce=nonce, allowed_mentions=pings)
                else:
                    message = await place.send(view=view, nonce=nonce, allowed_mentions=pings, file=file)
            except discord.NotFound as error:
                if error.code == _UNKNOWN_MESSAGE:
                    return None
                raise
            return message.id

    async def open_direct(self, person: int) -> int:
        """Return the channel of direct messages to a person, opened if there is none.

        Raises ``ChannelClosedError`` where there is no such person or they cannot be written to.
        """
        client = self._ready()
        if client is None:
            raise UpstreamError("Discord is not connected.", retryable=True)
        await self.pace.turn()
        try:
            async with self._errors(0):
                return (await client.create_dm(discord.Object(person))).id
        except MessageRefusedError as error:
            raise ChannelClosedError("There is no such person.", gone=True) from error

    async def find(self, channel: int, sought: Sought) -> int | None:
        """Look for one of the bot's own messages in a channel, answers to commands left out; None if it is not there.

        Raises ``UnclearError`` where it may be further back than the last 3,000.
        """
        place, own = self._place(channel), self._own()
        if "Read Message History" in await self._missing(channel):
            # Discord would answer an empty list, which says nothing.
            raise ChannelClosedError(self._cannot_post(channel))
        read = 0
        async with self._errors(channel):
            async for message in place.history(limit=_MOST_MESSAGES):
                read += 1
                if message.created_at < sought.since:
                    return None
                is_own = message.author.id == own and message.interaction_metadata is None
                if is_own and sought.is_met_by(_seen(message)):
                    return message.id
        if read == _MOST_MESSAGES:
            raise UnclearError(
                f"It is not among the last {_MOST_MESSAGES:,} messages in <#{channel}>, and I look no further back. "
                "I don't post it again, because it may be there."
            )
        return None

    async def find_thread(self, forum: int, name: str, since: datetime) -> ForumThread | None:
        """Look for the bot's own thread of a name in a forum, among the open ones and those archived since a moment."""
        if "Read Message History" in await self._missing(forum):
            # Discord would not tell of archived ones.
            raise ChannelClosedError(self._cannot_post(forum))
        place, own = await self._forum(forum), self._own()

        def is_it(thread: discord.Thread) -> bool:
            return (thread.owner_id, thread.parent_id, thread.name) == (own, forum, name)

        async with self._errors(forum):
            found = next(filter(is_it, await place.guild.active_threads()), None)
            if found is None:
                async for thread in place.archived_threads(limit=None):
                    if thread.archive_timestamp < since:
                        break
                    if is_it(thread):
                        found = thread
                        break
        return None if found is None else ForumThread(found.id, found.locked)

    async def open_thread(self, forum: int, name: str, words: Collection[str], draft: Draft[Card], mark: int) -> int:
        """Open a thread in a forum with its first message, and give its number.

        Of the forum's tags it gets those that are called like one of the ``words``. Discord knows no nonce here, so one
        that may be there must be looked for before. Raises what ``send`` raises.
        """
        place = await self._forum(forum)
        tags = {tag.name: tag for tag in place.available_tags if not tag.moderated}
        chosen = [tags[tag] for tag in fitting_tags(tuple(tags), words)]
        if place.flags.require_tag and not chosen:
            raise ChannelClosedError(needs_tag(forum))
        async with self._errors(forum):
            opened = await place.create_thread(
                name=name,
                auto_archive_duration=_A_WEEK,
                applied_tags=chosen,
                view=_outfitted(draft, mark),
                allowed_mentions=discord.AllowedMentions.none(),
            )
            return opened.thread.id

    async def send_in_thread(self, thread: int, draft: Draft[Card], mark: int, nonce: str) -> None:
        """Send a message into a thread; raises what ``send`` raises, but a thread that is gone closes no forum."""
        with _as_thread():
            await self.send(thread, draft, mark, nonce)

    async def is_in_thread(self, thread: int, sought: Sought) -> bool:
        """Return whether one of the bot's own messages is in a thread; raises as ``find`` and ``send_in_thread`` do."""
        with _as_thread():
            return await self.find(thread, sought) is not None

    async def publish(self, channel: int, message: int) -> None:
        """Publish a message to the channels that follow; no error if it was, or is not there any more.

        Raises ``MessageRefusedError`` where the channel has no followers to publish to.
        """
        place = self._place(channel)
        async with self._errors(channel):
            try:
                await place.get_partial_message(message).publish()
            except discord.HTTPException as error:
                if error.code == _NOT_PUBLISHABLE:
                    raise MessageRefusedError("This is no announcement channel, so nothing can be published.") from None
                if error.code not in {_ALREADY_PUBLISHED, _UNKNOWN_MESSAGE}:
                    raise

    def missing(self, channel: int) -> tuple[str, ...]:
        """List the permissions that the bot lacks in a channel, as far as is known without asking."""
        found = self._known(channel)
        return () if not isinstance(found, discord.abc.GuildChannel) else _missing_in(found, found.guild.me)

    async def _missing(self, channel: int) -> tuple[str, ...]:
        """List the permissions that the bot lacks in a channel; Discord is asked about servers of other processes."""
        client = self._ready()
        if self._known(channel) is not None or client is None or client.user is None:
            return self.missing(channel)
        async with self._errors(channel):
            found = await client.fetch_channel(channel)
            if not isinstance(found, discord.abc.GuildChannel):
                return ()
            server = await client.fetch_guild(found.guild.id, with_counts=False)
            me = await server.fetch_member(client.user.id)
            return _missing_in(await server.fetch_channel(channel), me)

    def _known(self, channel: int) -> _Place | None:
        """Return a channel of a server that a connection tells of."""
        found = (client.get_channel(channel) for client in self._all_ready())
        return next((place for place in found if place is not None), None)

    def _all_ready(self) -> list[discord.Client]:
        return [client for client in self.clients() if client.is_ready() and not client.is_closed()]

    def _ready(self) -> discord.Client | None:
        return next(iter(self._all_ready()), None) or self.spare()

    def _own(self) -> int | None:
        client = self._ready()
        return None if client is None or client.user is None else client.user.id

    async def _forum(self, channel: int) -> discord.ForumChannel:
        client = self._ready()
        if client is None:
            raise UpstreamError("Discord is not connected.", retryable=True)
        found = self._known(channel)
        if found is None:  # of a server that is not available yet, or that another process is told of
            async with self._errors(channel):
                found = await client.fetch_channel(channel)
        if not isinstance(found, discord.ForumChannel):
            raise ChannelClosedError(f"<#{channel}> is no forum any more.")
        return found

    def _place(self, channel: int) -> discord.PartialMessageable:
        client = self._ready()
        if client is None:
            raise UpstreamError("Discord is not connected.", retryable=True)
        return client.get_partial_messageable(channel)

    def _cannot_post(self, channel: int) -> str:
        missing = " and ".join(f"**{name}**" for name in self.missing(channel)) or "a permission"
        return f"I can't post in <#{channel}>: missing {missing}."

    @asynccontextmanager
    async def _errors(self, channel: int) -> AsyncIterator[None]:
        """Raise ours for discord.py's."""
        try:
            async with asyncio.timeout(_LONGEST_STEP):
                yield
        except discord.RateLimited as error:
            text = "Discord asks to slow down."
            raise UpstreamError(text, retryable=True, busy=True, retry_after=error.retry_after) from error
        except discord.Forbidden as error:
            self.pace.note_refusal()
            if error.code == _ARCHIVED:
                raise MessageRefusedError(f"Somebody locked the thread <#{channel}>.") from error
            raise ChannelClosedError(self._cannot_post(channel)) from error
        except discord.NotFound as error:
            raise ChannelClosedError(f"The channel <#{channel}> is gone.", gone=True) from error
        except discord.HTTPException as error:
            raise _of_http(error) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise UpstreamError(f"Discord did not answer ({type(error).__name__}).", retryable=True) from error


def _missing_in(channel: _Place, me: discord.Member) -> tuple[str, ...]:
    """List what the bot lacks in a channel of a server."""
    if not isinstance(channel, discord.abc.GuildChannel):
        return ()
    return lacking(channel.permissions_for(me).value, forum=isinstance(channel, discord.ForumChannel))


def needs_tag(forum: int) -> str:
    """Return why nothing can be posted in a forum that asks for tags which the bot does not know."""
    return f"Posts in <#{forum}> need a tag, and none of its tags is a label that I know. Let the forum do without."


@contextmanager
def _as_thread() -> Iterator[None]:
    """Treat a thread that is gone as a failure that passes: when it is looked for again, there is none."""
    try:
        yield
    except ChannelClosedError as error:
        if error.gone:
            raise UpstreamError("The thread is gone.", retryable=True) from error
        raise


def _of_http(error: discord.HTTPException) -> UpstreamError:
    if error.status in {_BAD_REQUEST, _TOO_LARGE}:
        return MessageRefusedError(f"Discord refused the message: {error.text or error.status} ({error.code}).")
    busy = error.status == _TOO_MANY
    retryable = busy or error.status == _UNAUTHORIZED or error.status >= _SERVER_ERROR
    return UpstreamError(f"Discord answered {error.status}.", retryable=retryable, busy=busy)


def _outfitted(draft: Draft[Card], mark: int | None) -> Card:
    """Put the ping before a card, and the mark on what it ends with; discord.py shall not keep the view."""
    view = draft.view
    if draft.role is not None:
        inner, view = view, ui.LayoutView(timeout=None)
        view.add_item(ui.TextDisplay(f"<@&{draft.role}>"))
        for item in inner.children:
            view.add_item(item)
    view.children[-1].id = mark
    view.stop()
    return view


def _seen(message: discord.Message) -> SeenMessage:
    last = message.components[-1] if message.components else None
    *_, ending = ("", *_texts_of(message.components))
    return SeenMessage(message.created_at, last.id if isinstance(last, _AtTheTop) else None, ending)


def _texts_of(components: Sequence[discord.Component]) -> Iterator[str]:
    for component in components:
        if isinstance(component, discord.TextDisplay):
            yield component.content
        elif isinstance(component, discord.Container | discord.SectionComponent):
            yield from _texts_of(component.children)
