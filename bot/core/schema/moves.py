"""What moved since a cursor, as JSON (schema 1)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.digest.changes import ChangeKind, NotedChange
from bot.core.schema.objects import JsonObject
from bot.core.schema.times import SCHEMA, Timestamp, timestamp
from bot.core.wheels.platforms import Platform


class MoveJson(JsonObject, frozen=True):
    """A package gained or lost wheels for a target with a release; ``lost`` are the platforms that lost theirs.

    ``noticed`` is when a scan told of it. ``cursor`` goes on after it.
    """

    cursor: str
    package: str
    python: str
    version: str
    kind: ChangeKind
    how: list[str]
    lost: list[Platform]
    noticed: Timestamp


class MovesJson(JsonObject, frozen=True):
    """Moves in the order in which they were noticed; ``next`` is the cursor to ask with the next time, always.

    ``more`` tells that there are more by now.
    """

    schema: int
    moves: list[MoveJson]
    next: str
    more: bool


def moves_object(noted: Sequence[NotedChange], since: int, *, more: bool) -> MovesJson:
    """Return the answer to who has read up to a position."""
    return MovesJson(
        schema=SCHEMA,
        moves=[
            MoveJson(
                cursor=str(each.position),
                package=each.change.package,
                python=str(each.change.target),
                version=each.change.version,
                kind=each.change.kind,
                how=list(each.change.how),
                lost=list(each.change.lost),
                noticed=timestamp(each.noticed),
            )
            for each in noted
        ],
        next=str(noted[-1].position if noted else since),
        more=more,
    )
