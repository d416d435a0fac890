"""Discord's REST operations that the bot uses, on the state of one fake world."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import quote

from tests.fakes import discord_components as ui
from tests.fakes.discord_gateway import GUILDS_INTENT, SESSIONS_A_DAY, Gateway
from tests.fakes.discord_interactions import Answer, Callback, CallbackType, InteractionType, metadata
from tests.fakes.discord_json import JsonObject, child, children, number, snowflake, strings, text, without_nulls
from tests.fakes.discord_limits import (
    RefusedError,
    check_choices,
    check_commands,
    check_defer,
    check_message,
    check_modal,
    check_permissions,
    check_thread,
)
from tests.fakes.discord_world import (
    NO_FLAGS,
    Attachment,
    Channel,
    ChannelType,
    Guild,
    Message,
    MessageFlag,
    Permission,
    World,
    real_pings,
)

FIRST_ANSWER_WITHIN = timedelta(seconds=3)
TOKEN_LIVES = timedelta(minutes=15)
CROSSPOSTS_AN_HOUR = 10
FOLLOWUPS_IF_USER_INSTALLED = 5

# A message Discord makes from what the bot sends; the embeds' `type` is the one thing it adds to them.
_RICH = {"type": "rich"}


@dataclass(slots=True)
class Call:
    """One request, taken apart."""

    method: str
    template: str
    places: Mapping[str, str]
    query: Mapping[str, str]
    body: object = None
    uploads: list[Attachment] = field(default_factory=list)

    @property
    def form(self) -> JsonObject:
        """Return the body as an object."""
        return self.body if isinstance(self.body, dict) else {}

    def place(self, name: str) -> int:
        """Return an identifier from the path."""
        value = self.places[name]
        return int(value) if value.isdecimal() else 0

    def asks(self, name: str) -> bool:
        """Return whether a boolean of the query is set."""
        return self.query.get(name, "0").lower() in {"1", "true"}


Reply: TypeAlias = tuple[int, object]
Operation: TypeAlias = Callable[[Call], Reply]


@dataclass(slots=True, eq=False)
class Rest:
    """What each operation does. Every method that serves one takes the call and returns a status and a body.

    Unless it ``judges``, messages may break limits.
    """

    world: World
    gateway: Gateway
    base_url: Callable[[], str]
    nonce_window: timedelta
    answers: dict[str, Answer] = field(default_factory=dict)
    files: dict[str, Attachment] = field(default_factory=dict)
    judges: bool = True
    _nonces: dict[str, Message] = field(default_factory=dict)

    def operations(self) -> dict[tuple[str, str], Operation]:
        """Return what is served, by method and path template; literal paths stand before those with placeholders."""
        application = "/applications/{application_id}"
        webhook = "/webhooks/{webhook_id}/{webhook_token}"
        message = "/channels/{channel_id}/messages/{message_id}"
        return {
            ("GET", "/gateway"): self._get_gateway,
            ("GET", "/gateway/bot"): self._get_gateway_bot,
            ("GET", "/users/@me"): self._get_me,
            ("POST", "/users/@me/channels"): self._open_dm,
            ("GET", "/applications/@me"): self._get_application,
            ("GET", "/oauth2/applications/@me"): self._get_application,
            ("GET", application + "/commands"): self._list_commands,
            ("PUT", application + "/commands"): self._put_commands,
            ("GET", application + "/guilds/{guild_id}/commands"): self._list_commands,
            ("PUT", application + "/guilds/{guild_id}/commands"): self._put_commands,
            ("POST", "/interactions/{interaction_id}/{interaction_token}/callback"): self._callback,
            ("POST", webhook): self._follow_up,
            ("GET", webhook + "/messages/@original"): self._get_answer,
            ("PATCH", webhook + "/messages/@original"): self._edit_answer,
            ("DELETE", webhook + "/messages/@original"): self._delete_answer,
            ("GET", webhook + "/messages/{message_id}"): self._get_answer,
            ("PATCH", webhook + "/messages/{message_id}"): self._edit_answer,
            ("DELETE", webhook + "/messages/{message_id}"): self._delete_answer,
            ("GET", "/channels/{channel_id}"): self._get_channel,
            ("GET", "/channels/{channel_id}/messages"): self._list_messages,
            ("POST", "/channels/{channel_id}/messages"): self._send,
            ("GET", message): self._get_message,
            ("PATCH", message): self._edit_message,
            ("DELETE", message): self._delete_message,
            ("POST", message + "/crosspost"): self._crosspost,
            ("POST", "/channels/{channel_id}/threads"): self._create_thread,
            ("GET", "/channels/{channel_id}/threads/archived/public"): self._archived_threads,
            ("GET", "/guilds/{guild_id}"): self._get_guild,
            ("GET", "/guilds/{guild_id}/channels"): self._list_channels,
            ("GET", "/guilds/{guild_id}/roles"): self._list_roles,
            ("GET", "/guilds/{guild_id}/members/{user_id}"): self._get_member,
            ("GET", "/guilds/{guild_id}/threads/active"): self._active_threads,
            ("GET", "/users/@me/guilds/{guild_id}/member"): self._get_member,
        }

    # Gateway, the bot itself, its commands

    def _get_gateway(self, _: Call) -> Reply:
        return 200, {"url": self.gateway.url()}

    def _get_gateway_bot(self, _: Call) -> Reply:
        limit = {
            "total": SESSIONS_A_DAY,
            "remaining": self.gateway.sessions_left,
            "reset_after": int(self.gateway.sessions_again_in * 1000),
            "max_concurrency": self.gateway.max_concurrency or 1,
        }
        return 200, {"url": self.gateway.url(), "shards": self.gateway.shards, "session_start_limit": limit}

    def _get_me(self, _: Call) -> Reply:
        user = {key: value for key, value in self.world.bot.json().items() if key != "primary_guild"}
        return 200, user | {"mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}

    def _get_application(self, _: Call) -> Reply:
        count = len(self.world.guilds)
        return 200, {
            "id": str(self.world.application_id),
            "name": self.world.bot.name,
            "icon": None,
            "description": "",
            "type": None,
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "bot_public": True,
            "bot_require_code_grant": False,
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": self.world.bot.json() | {"id": "1", "bot": False},
            "approximate_guild_count": count,
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": ["bot", "applications.commands"],
        }

    def _list_commands(self, call: Call) -> Reply:
        return 200, self.world.commands.get(call.place("guild_id") if "guild_id" in call.places else None, [])

    def _put_commands(self, call: Call) -> Reply:
        commands = [item for item in call.body if isinstance(item, dict)] if isinstance(call.body, list) else []
        check_commands(commands)
        scope = call.place("guild_id") if "guild_id" in call.places else None
        if scope is not None and self.world.guild(scope) is None:
            raise RefusedError(403, 50001, "Missing Access")
        before = {text(command, "name"): text(command, "id") for command in self.world.commands.get(scope, [])}
        self.world.commands[scope] = [self._registered(command, before, scope) for command in commands]
        return 200, self.world.commands[scope]

    def _registered(self, command: JsonObject, before: Mapping[str, str], guild_id: int | None) -> JsonObject:
        permissions = command.get("default_member_permissions")
        registered = {
            "type": 1,
            "contexts": None,
            "integration_types": [0],
            "nsfw": False,
            **without_nulls(command),
            "id": before.get(text(command, "name")) or str(self.world.new_id()),
            "application_id": str(self.world.application_id),
            "version": str(self.world.new_id()),
            "description": text(command, "description"),
            "default_member_permissions": None if permissions is None else str(permissions),
            "options": [_registered_option(option) for option in children(command, "options")],
        }
        return registered if guild_id is None else registered | {"guild_id": str(guild_id)}

    # Interactions

    def _callback(self, call: Call) -> Reply:
        answer = self.answers.get(call.places["interaction_token"])
        if answer is None or answer.id != call.place("interaction_id"):
            raise RefusedError(404, 10062, "Unknown interaction")
        try:
            kind = self._first_answer(answer, call)
        except RefusedError as refusal:
            answer.refusals.append(refusal)
            raise
        return self._callback_reply(answer, kind) if call.asks("with_response") else (204, None)

    def _check_message(
        self,
        body: JsonObject,
        uploads: Sequence[Attachment],
        *,
        before: Message | None = None,
        flags: MessageFlag = NO_FLAGS,
        prefix: str = "",
    ) -> None:
        if self.judges:
            check_message(body, uploads, before=before, flags=flags, prefix=prefix)

    def _first_answer(self, answer: Answer, call: Call) -> CallbackType:
        if answer.acknowledged is not None:
            raise RefusedError(400, 40060, "Interaction has already been acknowledged.")
        if self.world.now() - answer.created > FIRST_ANSWER_WITHIN:
            raise RefusedError(404, 10062, "Unknown interaction")
        kind, data = _callback_type(answer, call.form), child(call.form, "data")
        if kind is CallbackType.MESSAGE:
            self._check_message(data, call.uploads, flags=MessageFlag.EPHEMERAL, prefix="data/")
            answer.message = self._answering(answer, data, call.uploads)
        elif kind is CallbackType.DEFERRED_MESSAGE:
            check_defer(data)
            flags = MessageFlag(number(data, "flags")) | MessageFlag.LOADING
            answer.message = self._answering(answer, {"flags": flags.value}, ())
        elif kind is CallbackType.UPDATE_MESSAGE and answer.source is not None:
            self._check_message(data, call.uploads, before=answer.source, prefix="data/")
            self._change(answer.source, data, call.uploads)
        elif kind is CallbackType.AUTOCOMPLETE:
            check_choices(children(data, "choices"))
        elif kind is CallbackType.MODAL:
            check_modal(data)
        if kind in (CallbackType.UPDATE_MESSAGE, CallbackType.DEFERRED_UPDATE):
            answer.message = answer.source
        answer.acknowledge(Callback(kind, data))
        return kind

    def _callback_reply(self, answer: Answer, kind: CallbackType) -> Reply:
        note: JsonObject = {"id": str(answer.id), "type": answer.type.value, "channel_id": str(answer.actor.channel.id)}
        reply: JsonObject = {"interaction": note}
        if answer.actor.guild is not None:
            note["guild_id"] = str(answer.actor.guild.id)
        if answer.message is not None:
            note["response_message_id"] = str(answer.message.id)
            note["response_message_loading"] = answer.message.loading
            note["response_message_ephemeral"] = answer.message.ephemeral
            # The published schema has a resource for messages only; without it discord.py makes no message object.
            if kind in (CallbackType.MESSAGE, CallbackType.UPDATE_MESSAGE):
                reply["resource"] = {"type": kind.value, "message": answer.message.json()}
        return 200, reply

    def _acknowledged(self, call: Call) -> Answer:
        answer = self.answers.get(call.places["webhook_token"])
        if answer is None or answer.acknowledged is None or call.place("webhook_id") != self.world.application_id:
            raise RefusedError(404, 10015, "Unknown Webhook")
        if self.world.now() - answer.created > TOKEN_LIVES:
            raise RefusedError(401, 50027, "Invalid Webhook Token")
        return answer

    def _follow_up(self, call: Call) -> Reply:
        answer = self._acknowledged(call)
        if answer.user_installed and len(answer.followups) >= FOLLOWUPS_IF_USER_INSTALLED:
            raise RefusedError(400, 40094, "This interaction has reached the maximum number of follow up messages.")
        self._check_message(call.form, call.uploads, flags=MessageFlag.EPHEMERAL)
        if answer.message is not None and answer.message.loading:
            # The first follow-up to a deferred answer takes the place of "thinking…".
            self._change(answer.message, call.form, call.uploads)
            answer.edit(answer.message)
            return 200, answer.message.json()
        message = self._answering(answer, call.form, call.uploads)
        answer.followups.append(message)
        return 200, message.json()

    def _answer_message(self, call: Call) -> tuple[Answer, Message]:
        answer = self._acknowledged(call)
        if "message_id" not in call.places:
            message = answer.message
        else:
            known = [*answer.followups, *([answer.message] if answer.message else [])]
            message = next((item for item in known if item.id == call.place("message_id")), None)
        if message is None:
            raise RefusedError(404, 10008, "Unknown Message")
        return answer, message

    def _get_answer(self, call: Call) -> Reply:
        return 200, self._answer_message(call)[1].json()

    def _edit_answer(self, call: Call) -> Reply:
        answer, message = self._answer_message(call)
        self._check_message(call.form, call.uploads, before=message)
        self._change(message, call.form, call.uploads)
        if message is answer.message:
            answer.edit(message)
        return 200, message.json()

    def _delete_answer(self, call: Call) -> Reply:
        answer, message = self._answer_message(call)
        message.channel.messages.pop(message.id, None)
        if message is answer.message:
            answer.message = None
        else:
            answer.followups.remove(message)
        return 204, None

    def _answering(self, answer: Answer, body: JsonObject, uploads: Sequence[Attachment]) -> Message:
        """Make a message that answers an interaction; ephemeral ones are in no channel."""
        message = self._message(answer.actor.channel, body, uploads)
        message.webhook_id = self.world.application_id
        message.interaction_metadata = metadata(answer)
        if message.ephemeral:
            message.reader = answer.actor.user
        else:
            message.channel.messages[message.id] = message
        return message

    # Channels and messages

    def _channel(self, call: Call, *needed: Permission) -> Channel:
        channel = self.world.channel(call.place("channel_id"))
        if channel is None:
            raise RefusedError(404, 10003, "Unknown Channel")
        check_permissions(channel, self.world.bot_permissions(channel), *needed)
        return channel

    def _stored(self, call: Call, *needed: Permission) -> Message:
        message = self._channel(call, *needed).messages.get(call.place("message_id"))
        if message is None:
            raise RefusedError(404, 10008, "Unknown Message")
        return message

    def _get_channel(self, call: Call) -> Reply:
        return 200, self._channel(call).json()

    def _open_dm(self, call: Call) -> Reply:
        user = self.world.user(snowflake(call.form, "recipient_id"))
        if user is None:
            raise RefusedError(400, 50033, "Invalid Recipient(s)")
        channel = self.world.dm(user)
        return 200, channel.json()

    def _send(self, call: Call) -> Reply:
        channel = self._channel(call)
        thread = channel.type is ChannelType.THREAD
        needed = [Permission.SEND_MESSAGES_IN_THREADS if thread else Permission.SEND_MESSAGES]
        check_permissions(channel, self.world.bot_permissions(channel), *needed, *_for_files(call))
        if channel.type is ChannelType.FORUM:
            raise RefusedError(400, 50008, "Cannot send messages in a non-text channel")
        if channel.locked:
            raise RefusedError(403, 50083, "Thread is archived")
        if channel.recipient is not None and channel.recipient.dms_blocked:
            raise RefusedError(403, 50007, "Cannot send messages to this user")
        nonce = str(call.form["nonce"]) if call.form.get("nonce") is not None else None
        if nonce is not None and call.form.get("enforce_nonce") is True:
            earlier = self._nonces.get(nonce)  # Discord compares them over all that a bot sends, in any channel
            if earlier is not None and self.world.now() - earlier.created <= self.nonce_window:
                if earlier.id not in earlier.channel.messages:
                    raise RefusedError(404, 10008, "Unknown Message")
                return 200, earlier.json()
        self._check_message(call.form, call.uploads)
        message = self._message(channel, call.form, call.uploads)
        message.nonce = nonce
        channel.messages[message.id] = message
        channel.archived = None  # whoever writes into a thread opens it again
        if nonce is not None:
            self._nonces[nonce] = message
        return 200, message.json()

    def _list_messages(self, call: Call) -> Reply:
        channel = self._channel(call)
        # Without the right to read history, Discord answers an empty list rather than an error.
        if Permission.READ_MESSAGE_HISTORY not in self.world.bot_permissions(channel):
            return 200, []
        before = int(call.query.get("before", 1 << 63))
        after = int(call.query.get("after", 0))
        limit = int(call.query.get("limit", 50))
        fitting = sorted(number for number in channel.messages if after < number < before)
        chosen = fitting[:limit] if "after" in call.query else fitting[-limit:]
        return 200, [channel.messages[number].json() for number in reversed(chosen)]

    def _get_message(self, call: Call) -> Reply:
        return 200, self._stored(call, Permission.READ_MESSAGE_HISTORY).json()

    def _edit_message(self, call: Call) -> Reply:
        message = self._stored(call, *_for_files(call))
        if message.author is not self.world.bot:
            raise RefusedError(403, 50005, "Cannot edit a message authored by another user")
        self._check_message(call.form, call.uploads, before=message)
        self._change(message, call.form, call.uploads)
        return 200, message.json()

    def _delete_message(self, call: Call) -> Reply:
        message = self._stored(call)
        if message.author is not self.world.bot:
            self._channel(call, Permission.MANAGE_MESSAGES)
        del message.channel.messages[message.id]
        return 204, None

    def _crosspost(self, call: Call) -> Reply:
        message = self._stored(call, Permission.SEND_MESSAGES)
        channel = message.channel
        if channel.type is not ChannelType.ANNOUNCEMENT:
            raise RefusedError(400, 50024, "Cannot execute action on this channel type")
        if message.crossposted:
            raise RefusedError(400, 40033, "This message has already been crossposted.")
        now = self.world.now()
        while channel.crossposts and now - channel.crossposts[0] > timedelta(hours=1):
            channel.crossposts.popleft()
        if len(channel.crossposts) >= CROSSPOSTS_AN_HOUR:
            wait = channel.crossposts[0] + timedelta(hours=1) - now
            raise RefusedError(429, 0, "You are being rate limited.", retry_after=wait.total_seconds())
        channel.crossposts.append(now)
        message.flags |= MessageFlag.CROSSPOSTED
        return 200, message.json()

    def _create_thread(self, call: Call) -> Reply:
        parent = self._channel(call)
        of_forum = parent.type is ChannelType.FORUM
        needed = Permission.SEND_MESSAGES if of_forum else Permission.CREATE_PUBLIC_THREADS
        check_permissions(parent, self.world.bot_permissions(parent), needed, *_for_files(call))
        if parent.guild is None:
            raise RefusedError(400, 50024, "Cannot execute action on this channel type")
        tags = [int(tag) for tag in strings(call.form, "applied_tags")]
        check_thread(call.form)
        if {parent.tag_id(name) for name in parent.moderated} & set(tags):
            raise RefusedError(403, 50013, "Missing Permissions")
        known = {parent.tag_id(name) for name in parent.tags}
        if any(tag not in known for tag in tags) or (parent.requires_tag and not tags):
            raise RefusedError(400, 40067, "A tag is required to create a forum post in this channel")
        thread = Channel(
            text(call.form, "name"),
            ChannelType.THREAD,
            guild=parent.guild,
            parent=parent,
            applied_tags=tags,
            id=self.world.new_id(),
        )
        reply: JsonObject = {}
        if of_forum:
            self._check_message(child(call.form, "message"), call.uploads, prefix="message/")
            message = self._message(thread, child(call.form, "message"), call.uploads)
            # The first message of a forum post has the identifier of its thread.
            message.id = thread.id
            thread.messages[message.id] = message
            reply["message"] = message.json()
        parent.guild.threads.append(thread)
        event = thread.json() | {"newly_created": True}
        self.gateway.dispatch("THREAD_CREATE", event, guild_id=parent.guild.id, intent=GUILDS_INTENT)
        return 201, thread.json() | reply

    def _message(self, channel: Channel, body: JsonObject, uploads: Sequence[Attachment]) -> Message:
        message = Message(self.world.new_id(), channel, self.world.bot, self.world.now())
        message.flags = MessageFlag(number(body, "flags"))
        self._apply(message, body, uploads)
        return message

    def _change(self, message: Message, body: JsonObject, uploads: Sequence[Attachment]) -> None:
        new = MessageFlag(number(body, "flags")) & (MessageFlag.COMPONENTS_V2 | MessageFlag.SUPPRESS_EMBEDS)
        message.flags = (message.flags | new) & ~MessageFlag.LOADING
        message.edited = self.world.now()
        self._apply(message, body, uploads)

    def _apply(self, message: Message, body: JsonObject, uploads: Sequence[Attachment]) -> None:
        """Put what a body says into a message; keys it does not have stay as they are."""
        if "content" in body:
            message.content = text(body, "content")
        if "embeds" in body:
            message.embeds = [{**_RICH, **without_nulls(embed)} for embed in children(body, "embeds")]
        self._attach(message, body, uploads)
        if "components" in body:
            urls = {attachment.filename: attachment.url for attachment in message.attachments}
            message.components = ui.answered(children(body, "components"), urls, self.world.new_id)
        if body.get("allowed_mentions") is not None:
            message.allowed_mentions = child(body, "allowed_mentions")
        if not message.ephemeral:
            texts = [message.content, *(text(part, "content") for part in ui.walk(message.components))]
            permissions = self.world.bot_permissions(message.channel)
            pings = real_pings(texts, message.allowed_mentions, message.channel.guild, permissions)
            message.pings = tuple(dict.fromkeys((*message.pings, *pings)))

    def _attach(self, message: Message, body: JsonObject, uploads: Sequence[Attachment]) -> None:
        declared = {text(item, "id") or str(snowflake(item, "id")): item for item in children(body, "attachments")}
        if "attachments" in body:
            message.attachments = [item for item in message.attachments if str(item.id) in declared]
        for item in message.attachments:
            if "description" in declared.get(str(item.id), {}):
                item.description = text(declared[str(item.id)], "description") or None
        for upload in uploads:
            entry = declared.get(str(upload.id), {})
            attachment = Attachment(
                text(entry, "filename") or upload.filename, upload.data, text(entry, "description") or None
            )
            self.publish(attachment, message.channel)
            message.attachments.append(attachment)

    def publish(self, attachment: Attachment, channel: Channel) -> None:
        """Give a file its address, from which it can be downloaded."""
        attachment.id = self.world.new_id()
        attachment.content_type = mimetypes.guess_type(attachment.filename)[0] or "application/octet-stream"
        attachment.url = (
            f"{self.base_url()}/attachments/{channel.id}/{attachment.id}/{quote(attachment.filename, safe='')}"
        )
        self.files[str(attachment.id)] = attachment

    # Guilds

    def _guild(self, call: Call) -> Guild:
        guild = self.world.guild(call.place("guild_id"))
        if guild is None:
            raise RefusedError(404, 10004, "Unknown Guild")
        return guild

    def _get_guild(self, call: Call) -> Reply:
        return 200, self._guild(call).json()

    def _list_channels(self, call: Call) -> Reply:
        return 200, [channel.json() for channel in self._guild(call).channels]

    def _list_roles(self, call: Call) -> Reply:
        return 200, [role.json() for role in self._guild(call).roles]

    def _get_member(self, call: Call) -> Reply:
        guild = self._guild(call)
        user_id = call.place("user_id") if "user_id" in call.places else self.world.bot.id
        member = next((member for member in guild.members if member.user.id == user_id), None)
        if member is None:
            raise RefusedError(404, 10007, "Unknown Member")
        return 200, member.json()

    def _archived_threads(self, call: Call) -> Reply:
        parent = self._channel(call, Permission.READ_MESSAGE_HISTORY)
        before = datetime.fromisoformat(call.query["before"]) if "before" in call.query else None
        found = [
            (thread.archived, thread)
            for thread in ([] if parent.guild is None else parent.guild.threads)
            if thread.parent is parent and thread.archived is not None and (before is None or thread.archived < before)
        ]
        found.sort(key=lambda each: each[0], reverse=True)
        limit = int(call.query.get("limit", 50))
        threads = [thread.json() for _, thread in found[:limit]]
        return 200, {"threads": threads, "members": [], "has_more": len(found) > limit}

    def _active_threads(self, call: Call) -> Reply:
        threads = [thread.json() for thread in self._guild(call).threads if thread.archived is None]
        return 200, {"threads": threads, "members": [], "has_more": False}


def _callback_type(answer: Answer, form: JsonObject) -> CallbackType:
    """Return the kind of first answer, refusing one that does not go with the kind of interaction."""
    kind = number(form, "type")
    allowed = {
        InteractionType.COMMAND: {CallbackType.MESSAGE, CallbackType.DEFERRED_MESSAGE, CallbackType.MODAL},
        InteractionType.COMPONENT: set(CallbackType) - {CallbackType.AUTOCOMPLETE},
        InteractionType.AUTOCOMPLETE: {CallbackType.AUTOCOMPLETE},
        InteractionType.MODAL_SUBMIT: set(CallbackType) - {CallbackType.AUTOCOMPLETE, CallbackType.MODAL},
    }[answer.type]
    if answer.source is None:
        allowed -= {CallbackType.UPDATE_MESSAGE, CallbackType.DEFERRED_UPDATE}
    if kind not in allowed:
        errors: JsonObject = {
            "type": {"_errors": [{"code": "BASE_TYPE_CHOICES", "message": f"Value must be one of {sorted(allowed)}."}]}
        }
        raise RefusedError(400, 50035, "Invalid Form Body", errors)
    return CallbackType(kind)


def _registered_option(option: JsonObject) -> JsonObject:
    registered = without_nulls(option)
    if "options" in registered:
        registered["options"] = [_registered_option(inner) for inner in children(option, "options")]
    if "choices" in registered:
        registered["choices"] = [without_nulls(choice) for choice in children(option, "choices")]
    return registered


def _for_files(call: Call) -> list[Permission]:
    return [Permission.ATTACH_FILES] if call.uploads else []
