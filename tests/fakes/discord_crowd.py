"""Thousands of servers of the size that large bots see, told to whoever connects without keeping one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from tests.fakes.discord_json import JsonObject

_MARK = "911911911911"
"""Stands in the template where the number of the server does, of twelve digits like all of these."""

_FIRST = 10**5
_BITS = 22


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many servers on each shard; each has channels, roles, emojis and open threads, and thousands of members."""

    servers: int
    channels: int = 30
    roles: int = 20
    emojis: int = 30
    threads: int = 3

    def guilds(self, shard: int, shards: int) -> list[int]:
        """Return the numbers of a shard's servers."""
        return [((_FIRST + number) * shards + shard) << _BITS for number in range(self.servers)]

    def guild_creates(self, shard: int, shards: int) -> Iterator[bytes]:
        """Give what Discord tells of each server of a shard, as JSON."""
        template = msgspec.json.encode(self._guild()).decode()
        for number, guild in enumerate(self.guilds(shard, shards)):
            # Channels, roles and the rest have numbers of their own in each server.
            own = f"{shard:04d}{number:08d}"
            yield template.replace("GUILD", str(guild)).replace(_MARK, own).encode()

    def _guild(self) -> JsonObject:
        lists = "voice_states presences stage_instances guild_scheduled_events soundboard_sounds stickers features"
        return {
            "id": "GUILD",
            **{key: [] for key in lists.split()},
            "name": f"Server {_MARK}",
            "icon": "0123456789abcdef0123456789abcdef",
            "owner_id": f"{_MARK}900000",
            "afk_timeout": 300,
            "afk_channel_id": None,
            "verification_level": 1,
            "default_message_notifications": 1,
            "explicit_content_filter": 2,
            "mfa_level": 0,
            "application_id": None,
            "system_channel_id": f"{_MARK}000000",
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "safety_alerts_channel_id": None,
            "max_members": 500_000,
            "description": None,
            "premium_tier": 1,
            "premium_subscription_count": 3,
            "preferred_locale": "en-US",
            "nsfw_level": 0,
            "premium_progress_bar_enabled": False,
            "vanity_url_code": None,
            "banner": None,
            "splash": None,
            "discovery_splash": None,
            "joined_at": "2025-01-01T00:00:00+00:00",
            "large": True,
            "unavailable": False,
            "member_count": 4_000,
            "members": [self._member()],
            "roles": [self._role(number) for number in range(self.roles)],
            "channels": [self._channel(number) for number in range(self.channels)],
            "threads": [self._thread(number) for number in range(self.threads)],
            "emojis": [self._emoji(number) for number in range(self.emojis)],
        }

    def _member(self) -> JsonObject:
        user = {"id": "1", "username": "ft-bot", "global_name": None, "discriminator": "0", "avatar": None, "bot": True}
        rest = {"nick": None, "avatar": None, "premium_since": None, "deaf": False, "mute": False, "flags": 0}
        joined = {"joined_at": "2025-01-01T00:00:00+00:00", "pending": False, "communication_disabled_until": None}
        return {"user": user, "roles": [], **rest, **joined}

    def _role(self, number: int) -> JsonObject:
        return {
            "id": "GUILD" if number == 0 else f"{_MARK}3{number:05d}",
            "name": "@everyone" if number == 0 else f"Role {number} {_MARK}",
            "permissions": "1071698660929",
            "position": number,
            "color": 3447003,
            "colors": {"primary_color": 3447003, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }

    def _channel(self, number: int) -> JsonObject:
        denied = {"id": "GUILD", "type": 0, "allow": "0", "deny": "1024"}
        allowed = {"id": f"{_MARK}300001", "type": 0, "allow": "1024", "deny": "0"}
        return {
            "id": f"{_MARK}{number:06d}",
            "type": 0,
            "name": f"channel-{number}-{_MARK}",
            "position": number,
            "permission_overwrites": [denied, allowed] if number % 3 == 0 else [],
            "rate_limit_per_user": 0,
            "nsfw": False,
            "topic": f"What people of server {_MARK} talk of here.",
            "last_message_id": f"{_MARK}8{number:05d}",
            "parent_id": None,
            "flags": 0,
        }

    def _thread(self, number: int) -> JsonObject:
        return {
            "id": f"{_MARK}1{number:05d}",
            "type": 11,
            "guild_id": "GUILD",
            "parent_id": f"{_MARK}000000",
            "owner_id": f"{_MARK}900000",
            "name": f"Thread {number} {_MARK}",
            "last_message_id": None,
            "rate_limit_per_user": 0,
            "message_count": 10,
            "member_count": 3,
            "total_message_sent": 10,
            "flags": 0,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 10_080,
                "archive_timestamp": "2026-01-01T00:00:00+00:00",
                "locked": False,
                "create_timestamp": "2026-01-01T00:00:00+00:00",
            },
        }

    def _emoji(self, number: int) -> JsonObject:
        kind = {"require_colons": True, "managed": False, "animated": False, "available": True}
        return {"id": f"{_MARK}2{number:05d}", "name": f"emoji{number}", "roles": [], **kind}
