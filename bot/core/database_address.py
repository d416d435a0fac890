"""Where the database is, as FTBOT_DATABASE says it: a file of SQLite, memory, or an address of PostgreSQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit

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
_PARAMETERS = "It is no address of PostgreSQL. Write parameters as ?NAME=VALUE&NAME=VALUE behind it"
_SECRET_PARAMETERS = ("password", "sslpassword")

_HOST = re.compile(r"(\[[^\[\]]+\]|[^\[\]:]*)(?::(\d{1,5}))?", re.ASCII)
_MOST_PORT = 65_535


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
        password = parts.password or ""
        asked = [value for name, _, value in _parameters(parts) if name in _SECRET_PARAMETERS]
        forms = [password, unquote(password), *(form for value in asked for form in (value, unquote_plus(value)))]
        return tuple(dict.fromkeys(filter(None, forms)))

    def __str__(self) -> str:
        """Return it as people may see it: the password masked, and no parameters, of which some are secrets."""
        if self.url is None:
            return self.written
        parts = urlsplit(self.url)
        password = f":{_MASK}" if parts.password else ""
        user = f"{parts.username or ''}{password}@" if parts.username or password else ""
        return f"{parts.scheme}://{user}{_hosts_of(parts)}{parts.path}"

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
    named = parts.scheme in _POSTGRES and "://" in address and len(parts.path) > 1 and "\0" not in unquote(address)
    if not named or not _are_hosts(_hosts_of(parts)):
        raise ValueError(_NO_ADDRESS)
    if parts.query and not all(name and equals for name, equals, _ in _parameters(parts)):
        raise ValueError(_PARAMETERS)
    return DatabaseAddress(address)


def _hosts_of(parts: SplitResult) -> str:
    """Return where the servers are: one host or several, each with a port or without, or nothing."""
    return parts.netloc.rpartition("@")[2]


def _are_hosts(written: str) -> bool:
    """Decide whether there may be such hosts; the driver fails at others in ways of its own."""
    return not written or all(_is_host(each) for each in written.split(","))


def _is_host(written: str) -> bool:
    found = _HOST.fullmatch(written)
    if not written or found is None or not 0 < int(found[2] or 1) <= _MOST_PORT:
        return False
    host = unquote(found[1])
    try:
        return host.startswith("/") or bool(host.encode("idna")) or bool(found[2])
    except UnicodeError:
        return False


def _parameters(parts: SplitResult) -> list[tuple[str, str, str]]:
    """Return the parameters as they are written, with what stands between name and value."""
    return [each.partition("=") for each in parts.query.split("&")]


def _is_cut_short(parts: SplitResult) -> bool:
    """Decide whether the part with the password ended within that, so that the rest of it would be shown.

    Then an ``@`` comes later, in the hosts for the driver; in a parameter's value there may be one.
    """
    unexpected = [parts.path, parts.fragment, *(name for name, _, _ in _parameters(parts))]
    return parts.netloc.count("@") > 1 or any("@" in text for text in unexpected)
