"""Where the database is, as FTBOT_DATABASE says it: a file of SQLite, memory, or an address of PostgreSQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

IN_MEMORY = ":memory:"

_SCHEME = re.compile(r"\s*(?:[a-z][\w+.-]+:|[a-z]://)", re.IGNORECASE | re.ASCII)
"""What an address begins with; a single letter before a colon is a drive of Windows."""

_POSTGRES = ("postgresql", "postgres")
_MASK = "********"
_NO_ADDRESS = "It is no address of PostgreSQL. Give postgresql://USER:PASSWORD@HOST/DATABASE, or a path"
_ENCODE = (
    "It is no address of PostgreSQL."
    " In a user and a password, write %40 for @, %2F for /, %3F for ?, %23 for # and %25 for %"
)
_SECRET_PARAMETERS = ("password", "sslpassword")


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """A database as it was written, which may hold a password; as text it is shown without."""

    written: str

    @property
    def url(self) -> str | None:
        """Return the address of a PostgreSQL database with its password, None for SQLite."""
        return self.written if _SCHEME.match(self.written) else None

    @property
    def path(self) -> Path | None:
        """Return the path of a SQLite file, None for one in memory and for PostgreSQL."""
        return None if self.url is not None or self.is_in_memory else Path(self.written).expanduser()

    @property
    def is_in_memory(self) -> bool:
        """Return whether it is gone when it is closed."""
        return self.written == IN_MEMORY

    def secrets(self) -> tuple[str, ...]:
        """Return what of it must never be shown, as it is written and as it is meant."""
        if self.url is None:
            return ()
        parts = urlsplit(self.url)
        asked = parse_qs(parts.query)
        found = [parts.password or "", *(each for name in _SECRET_PARAMETERS for each in asked.get(name, ()))]
        return tuple(dict.fromkeys(form for secret in found if secret for form in (secret, unquote(secret))))

    def __str__(self) -> str:
        """Return it as people may see it: the password masked, and no parameters, of which some are secrets."""
        if self.url is None:
            return self.written
        parts = urlsplit(self.url)
        password = f":{_MASK}" if parts.password else ""
        user = f"{parts.username or ''}{password}@" if parts.username or password else ""
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"

    def __repr__(self) -> str:
        """Return it without secrets, as objects are shown in logs."""
        return f"DatabaseAddress({str(self)!r})"


def parse_database(written: str) -> DatabaseAddress:
    """Return the database that a text names; ``ValueError`` with a sentence that shows nothing of it."""
    if not _SCHEME.match(written):
        try:
            Path(written).expanduser()
        except RuntimeError:
            raise ValueError("There is no such home directory.") from None
        return DatabaseAddress(written)
    address = written.strip()
    try:
        parts = urlsplit(address)
    except ValueError:  # a host that is no address
        raise ValueError(_NO_ADDRESS) from None
    if _is_cut_short(parts):
        raise ValueError(_ENCODE)
    try:
        known = parts.scheme in _POSTGRES and len(parts.path) > 1 and parts.port != 0
    except ValueError:  # a port that is none
        known = False
    if not known or "://" not in address:
        raise ValueError(_NO_ADDRESS)
    return DatabaseAddress(address)


def _is_cut_short(parts: SplitResult) -> bool:
    """Decide whether the part with the password ended within that, so that the rest of it would be shown.

    Then an ``@`` comes later; in a parameter's value there may be one.
    """
    unexpected = [parts.path, parts.fragment, *(each.partition("=")[0] for each in parts.query.split("&"))]
    return any("@" in text for text in unexpected)
