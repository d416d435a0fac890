"""Times as the contract writes them, and the number of the JSON that all of them are in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

SCHEMA = 1
"""The version of everything that ``--json`` prints."""

Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""A time: UTC, whole seconds, ``Z``."""


def timestamp(time: datetime) -> str:
    """Return a time as the contract writes it: UTC, whole seconds, ``Z``."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
