"""The public site: everything that anybody may read, behind one guard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.web.serving import Serving, guarded


class Face(Protocol):
    """Some addresses of the site."""

    def routes(self) -> Sequence[web.RouteDef]:
        """List the routes."""


@dataclass(frozen=True, slots=True)
class PublicSite:
    """What is served to everybody; of two faces with the same address the first answers."""

    serving: Serving
    faces: tuple[Face, ...]

    def routes(self) -> Sequence[web.RouteDef]:
        """List the routes."""
        return [route for face in self.faces for route in face.routes()]

    def guard(self) -> Middleware:
        """Return the middleware that answers what goes wrong."""
        return guarded(self.serving)
