"""Where the guide's inventory comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus

from bot.clients.guard import service_at
from bot.clients.web import Http, Patience, fetch
from bot.core.errors import UpstreamError
from bot.core.guide.inventory import LONGEST_INVENTORY


@dataclass(frozen=True, slots=True)
class InventorySource:
    """Fetches the inventory."""

    http: Http
    url: str
    patience: Patience = field(default_factory=Patience)

    async def fetch(self) -> bytes:
        """Return the inventory as published. Raises ``UpstreamError``."""
        async for attempt in self.patience.retrying():
            with attempt:
                service = service_at(self.url)
                answer = await fetch(
                    self.http, self.url, {}, service=service, deadline=self.patience.deadline, most=LONGEST_INVENTORY
                )
                if answer.status is not HTTPStatus.OK:
                    raise UpstreamError(f"The guide has no inventory ({answer.status.value}).")
                return answer.body()
        raise UpstreamError("The guide was not asked for its inventory.")
