"""Whether Discord's gateway is there: it acknowledges heartbeats, and nobody said that the connection is gone.

discord.py shows this nowhere: ``is_ready`` stays true until a client is closed, ``latency`` keeps the last figure. Its
documented debug event ``socket_raw_receive`` gives every payload as it came, and among them the acknowledgements.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

GRACE = 10.0
"""Seconds that an acknowledgement may be late."""

_HELLO, _ACKNOWLEDGED = 10, 11
_LONGEST = 1_000
"""Characters; both are much shorter, and most of what is longer need not be read a second time."""


class _Hello(msgspec.Struct):
    heartbeat_interval: float


class _Payload(msgspec.Struct):
    op: int
    d: msgspec.Raw = msgspec.Raw()


_decode_payload = msgspec.json.Decoder(_Payload).decode
_decode_hello = msgspec.json.Decoder(_Hello).decode


@dataclass(slots=True)
class Heartbeats:
    """The heartbeats of one connection after the other; ``clock`` gives seconds and only goes on."""

    clock: Callable[[], float] = time.monotonic
    connected: bool = False
    _interval: float = 0.0
    _acknowledged: float = -math.inf

    @property
    def age(self) -> float:
        """Return the seconds since the last acknowledgement, infinity before the first."""
        return self.clock() - self._acknowledged

    @property
    def beats(self) -> bool:
        """Return whether there is a connection on which a heartbeat was acknowledged when one had to be."""
        return self.connected and self.age <= self._interval + GRACE

    def hear(self, payload: str) -> None:
        """Take a payload of the gateway; what is neither a greeting nor an acknowledgement is left alone."""
        if len(payload) > _LONGEST:
            return
        try:
            heard = _decode_payload(payload)
            if heard.op == _HELLO:  # discord.py sends the first heartbeat at once
                self._interval = _decode_hello(heard.d).heartbeat_interval / 1_000
        except msgspec.MsgspecError:
            return
        if heard.op in {_HELLO, _ACKNOWLEDGED}:
            self._acknowledged = self.clock()
