"""Badges of packages, as pictures and as what shields makes pictures of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from bot.core.errors import StorageError, UserError
from bot.core.site.badge import Badge, badge_of, checking_badge, odd_badge, shields_json, svg
from bot.core.site.facts import SitePackage
from bot.core.wheels.targets import Target, parse_target
from bot.services.site.lookups import AnyPackage
from bot.web.answers import Cached, Content
from bot.web.faults import Fault, out_of_order
from bot.web.naming import package_name
from bot.web.serving import Serving, normal

SVG_TYPE = "image/svg+xml"
JSON_TYPE = "application/json"

Form = Callable[[Badge], bytes]


@dataclass(frozen=True, slots=True)
class Badges:
    """Gives badges. A question without an answer gets a badge that says so, as it is shown in somebody's README."""

    serving: Serving
    packages: AnyPackage
    targets: Sequence[Target]

    def routes(self) -> Sequence[web.RouteDef]:
        """List the routes."""
        return (
            web.get("/badge/{name:[^/]+}.svg", partial(self._answer, svg, SVG_TYPE)),
            web.get("/badge/{name:[^/]+}.json", partial(self._answer, shields_json, JSON_TYPE)),
        )

    async def _answer(self, form: Form, kind: str, request: web.Request) -> web.StreamResponse:
        try:
            name, target = package_name(request), self._target(request.query.get("python", ""))
        except Fault:
            return await self.serving.once(request, _sent(odd_badge(str(self.targets[0]), "no such name"), form, kind))
        except UserError:
            return await self.serving.once(request, _sent(odd_badge("Python", "no such Python"), form, kind))
        try:
            edition = await self.serving.edition()
        except StorageError:
            raise out_of_order() from None
        key = normal(f"/badge/{name}.{kind}", {"python": str(target)})

        async def make() -> Content:
            found = await self.packages.find(name, edition, self.serving.who(request))
            if isinstance(found, SitePackage):
                return _sent(badge_of(found.status, target), form, kind)
            return _sent(checking_badge(target), form, kind, lasting=False)

        return await self.serving.made(request, key, self.packages.stamp(name, edition), make)

    def _target(self, text: str) -> Target:
        return parse_target(text) if text else self.targets[0]


def _sent(badge: Badge, form: Form, kind: str, *, lasting: bool = True) -> Content:
    return Content(form(badge), kind, Cached.MINUTES if lasting else Cached.SHORTLY, lasting=lasting)
