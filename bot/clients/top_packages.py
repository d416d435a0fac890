"""Where the list of the most downloaded projects comes from: a URL, a file, or the copy that ships with the program."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from bot.clients.guard import service_at
from bot.clients.web import Http, Patience, fetch
from bot.core.errors import UpstreamError
from bot.core.index.top_packages import TopPackages, parse_top_packages


@dataclass(frozen=True, slots=True)
class TopPackagesSource:
    """Fetches the list from where the settings say: ``https:``, ``file:`` or a path."""

    http: Http
    url: str
    patience: Patience = field(default_factory=Patience)

    @property
    def is_at_hand(self) -> bool:
        """Return whether the list is on this machine, where reading it costs nobody anything."""
        return not self.url.lower().startswith(("http:", "https:"))

    async def fetch(self) -> bytes:
        """Return the list as published. Raises ``UpstreamError``."""
        if not self.is_at_hand:
            return await self._download()
        return await asyncio.to_thread(_read_file, self.url)

    async def _download(self) -> bytes:
        async for attempt in self.patience.retrying():
            with attempt:
                service = service_at(self.url)
                answer = await fetch(self.http, self.url, {}, service=service, deadline=self.patience.deadline)
                if answer.status is not HTTPStatus.OK:
                    raise UpstreamError(f"The list of the most downloaded packages is gone ({answer.status.value}).")
                return answer.body()
        raise UpstreamError("The list of the most downloaded packages was not asked for.")


def _read_file(url: str) -> bytes:
    try:
        path = url2pathname(urlsplit(url).path) if url.lower().startswith("file:") else url
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise UpstreamError(f"The list {url} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RuntimeError) as error:  # for a URL that is none, and for somebody without a home
        raise UpstreamError(f"The list {url} cannot be read: {str(error).rstrip('.')}.") from error


def shipped_list() -> TopPackages:
    """Read the list that ships with the program."""
    return parse_top_packages(files("bot.clients").joinpath("top_packages.txt").read_bytes())
