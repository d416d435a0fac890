"""The settings of contract.md: environment variables with the prefix ``FTBOT_`` and a ``.env`` file, read once."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from bot.build import version
from bot.core.database_address import DatabaseAddress, parse_database
from bot.core.env_file import PREFIX, EnvFile, read_env_file, without_effect
from bot.core.errors import UserError
from bot.core.fleet.shards import Auto, ShardRange, parse_shards
from bot.core.github.threads import is_repository
from bot.core.origins import Host, hosts_of_index, parse_host
from bot.core.wheels.targets import Target, parse_target

PROJECT_URL = "https://github.com/ftbot-dev/ftbot"
_ENV_FILE = Path(".env")
_MASK = "********"
LEAST_KEPT = 30
"""Days for which everything is kept: in this time things could be done a second time."""

_OF_A_SCAN = (
    "index_url",
    "index_hosts",
    "json_api_url",
    "top_packages_url",
    "track",
    "targets",
    "database",
    "contact",
    "log_format",
    "log_level",
)
"""What a process that scans has to know."""

_NONE = ","
"""A list with nothing in it: a variable that is empty is not set."""

_SEPARATORS = {"watch_searches": "; "}
"""What stands between the values of a setting that has several, where it is no comma."""


class LogFormat(StrEnum):
    """How log lines look: for people, or JSON for whoever collects them."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """The least severe lines that are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Switch(StrEnum):
    """Whether something runs at all."""

    ON = "on"
    OFF = "off"


def _default_database() -> DatabaseAddress:
    return DatabaseAddress(str(user_data_path("ftbot", appauthor=False) / "ftbot.db"))


def _default_hosts(known: dict[str, object]) -> tuple[Host, ...]:
    """Return PyPI's file host where the index is PyPI's."""
    index = urlsplit(str(known.get("index_url", "")))
    return hosts_of_index(index.scheme, index.hostname or "")


class Settings(BaseModel):
    """Everything that can be set, with its default; immutable, read once by the command line."""

    model_config = ConfigDict(extra="ignore", frozen=True, validate_default=True)

    index_url: str = Field("https://pypi.org/simple/", description="Simple Repository API of the package index")
    index_hosts: tuple[Host, ...] = Field(
        default_factory=_default_hosts,
        description="hosts besides the index's own that metadata and wheels may be fetched from, with commas between",
    )
    json_api_url: str = Field(
        "https://pypi.org/pypi/", description="PyPI's JSON API, for classifiers and links; optional"
    )
    top_packages_url: str = Field(
        "https://hugovk.dev/top-pypi-packages/top-pypi-packages.min.json",
        description="the most downloaded packages; a file: URL or a path works too",
    )
    guide_url: str = Field(
        "https://py-free-threading.github.io/", description="the free-threading guide, or where its inventory is"
    )
    track: int = Field(360, ge=0, le=100_000, description="how many packages with native code are tracked")
    inspect: int = Field(
        200, ge=0, le=1_000_000, description="MiB an hour that may be read from inside wheels; 0 reads none"
    )
    targets: tuple[Target, ...] = Field(
        (Target(14), Target(15)), description="free-threaded Pythons to judge, the first is the headline"
    )
    database: DatabaseAddress = Field(
        default_factory=_default_database,
        description="SQLite file; :memory: works; postgresql://USER:PASSWORD@HOST/DATABASE for several processes",
    )
    shards: ShardRange | Auto = Field(
        Auto.AUTO,
        description="shards of Discord that this process holds: auto, or FIRST-LAST/COUNT, such as 0-3/16",
    )
    keep_days: int = Field(
        400, ge=LEAST_KEPT, le=36_500, description="days for which what is over is kept, 30 at least"
    )
    discord_token: SecretStr | None = Field(None, description="the bot's token")
    discord_api_url: str = Field("https://discord.com/api/v10", description="Discord's REST API, for tests and proxies")
    discord_gateway_url: str = Field(
        "wss://gateway.discord.gg/", description="Discord's gateway, for tests and proxies"
    )
    github_api_url: str = Field("https://api.github.com", description="GitHub's REST API; GraphQL is beside it")
    github_token: SecretStr | None = Field(None, description="reads the issues that are watched")
    github_app_id: str | None = Field(None, description="the GitHub App that triages")
    github_private_key: SecretStr | None = Field(None, description="the App's private key (PEM)")
    github_webhook_secret: SecretStr | None = Field(None, description="what the App's webhooks are signed with")
    watch_repositories: tuple[str, ...] = Field(
        (), description="repositories whose threads are watched: owner/repo or owner/repo:label, with commas between"
    )
    watch_searches: tuple[str, ...] = Field(
        ('"free-threaded" in:title is:issue', '"free-threading" in:title is:issue'),
        description="GitHub searches that find more threads, separated by semicolons; a single semicolon means none",
    )
    owner_channel: int | None = Field(
        None, ge=1, le=2**63 - 1, description="the Discord channel that the bot's owner is told in"
    )
    triage: Switch = Field(Switch.ON, description="off keeps the App from deciding and writing anything anywhere")
    http_host: str = Field("127.0.0.1", description="where webhooks, health and metrics are served")
    http_port: int = Field(8080, ge=0, le=65_535, description="the port; 0 takes a free one")
    web: Switch = Field(Switch.OFF, description="on serves the site at the same address")
    public_url: str | None = Field(None, description="where the world sees the site: absolute links begin with it")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="networks whose X-Forwarded-For is believed, with commas between"
    )
    metrics_host: str = Field("127.0.0.1", description="where health and metrics are served, if they have a port")
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65_535,
        description="the port of health and metrics, which then are nowhere else; 0 takes a free one",
    )
    contact: str = Field(PROJECT_URL, description="goes into the User-Agent of every request")
    log_format: LogFormat = Field(LogFormat.CONSOLE, description="console, or json in containers")
    log_level: LogLevel = Field(LogLevel.INFO, description="debug, info, warning or error")

    @field_validator("targets", mode="before")
    @classmethod
    def _read_targets(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            targets = tuple(dict.fromkeys(parse_target(text) for text in value.split(",") if text.strip()))
        except UserError as error:
            raise ValueError(str(error)) from None
        if not targets:
            raise ValueError("Name at least one free-threaded Python, such as `3.14t`.")
        return targets

    @field_validator("index_hosts", mode="before")
    @classmethod
    def _read_hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(dict.fromkeys(parse_host(text) for text in value.split(",") if text.strip()))

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _read_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        texts = [text.strip() for text in value.split(",") if text.strip()]
        try:
            return tuple(dict.fromkeys(map(ip_network, texts)))
        except ValueError as error:
            raise ValueError(f"{error}. Write networks like 10.0.0.0/8 or 2001:db8::/32") from None

    @property
    def site_address(self) -> str | None:
        """Return where the world sees the site, without a slash at its end; None where none is, or nobody said."""
        return self.public_url if self.web is Switch.ON else None

    @field_validator("public_url")
    @classmethod
    def _is_public(cls, value: str | None) -> str | None:
        return None if value is None else public_address(value)

    @field_validator("watch_repositories", mode="before")
    @classmethod
    def _read_repositories(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        repositories = tuple(dict.fromkeys(text.strip() for text in value.split(",") if text.strip()))
        for text in repositories:
            name, colon, label = text.partition(":")
            if not is_repository(name) or (colon and not label.strip()):
                raise ValueError(f"`{text[:100]}` is no repository. Write it like `numpy/numpy` or `numpy/numpy:label`")
        return repositories

    @field_validator("watch_searches", mode="before")
    @classmethod
    def _read_searches(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(dict.fromkeys(text.strip() for text in value.split(";") if text.strip()))

    @field_validator("index_url", "json_api_url", "discord_api_url", "github_api_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        return _address(value, "http", "https")

    @field_validator("discord_gateway_url")
    @classmethod
    def _is_websocket(cls, value: str) -> str:
        return _address(value, "ws", "wss")

    @field_validator("index_url", "json_api_url")
    @classmethod
    def _end_with_slash(cls, value: str) -> str:
        return value.rstrip("/") + "/"

    @field_validator("database", mode="before")
    @classmethod
    def _is_a_database(cls, value: object) -> object:
        return parse_database(value) if isinstance(value, str) else value

    @field_validator("shards", mode="before")
    @classmethod
    def _read_shards(cls, value: object) -> object:
        return parse_shards(value) if isinstance(value, str) else value

    @field_validator("log_level", "log_format", "triage", "web", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("discord_token", "github_token", "github_webhook_secret")
    @classmethod
    def _in_one_line(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not (value.get_secret_value().isascii() and value.get_secret_value().isprintable()):
            raise ValueError("It holds a line break or a character that no token has. Copy it anew")
        return value

    @field_validator("github_private_key")
    @classmethod
    def _in_many_lines(cls, value: SecretStr | None) -> SecretStr | None:
        """Take a key whose line breaks are written as a backslash and an n, for files that know only single lines."""
        return None if value is None else SecretStr(value.get_secret_value().replace("\\n", "\n"))

    @field_validator("contact")
    @classmethod
    def _fit_for_a_header(cls, value: str) -> str:
        if not value.isascii() or not value.isprintable():
            raise ValueError("A User-Agent takes printable ASCII only.")
        return value

    @property
    def user_agent(self) -> str:
        """Return what every request says of its sender: program, version and whom to ask."""
        return f"ftbot/{version()} (+{self.contact})"

    def secrets(self) -> tuple[str, ...]:
        """Return the secrets that are set, for taking them out of log lines."""
        values = (getattr(self, name) for name in type(self).model_fields)
        found = (value.get_secret_value() for value in values if isinstance(value, SecretStr))
        return (*found, *self.database.secrets())


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as ``ftbot settings`` shows it; a secret's value is masked."""

    variable: str
    value: str
    default: str
    what: str


def read_settings() -> Settings:
    """Read the environment and ``.env``; a ``UserError`` names the variable or the line that is wrong."""
    logging.getLogger("dotenv").setLevel(logging.ERROR)  # it warns of lines that it cannot read; so do we, in words
    try:
        _env_file()
        in_file = _values_in_file() if _has_env_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The file .env cannot be read: {error}. Mend it, or take it away.") from None
    return _validated(_values(in_file) | _values(os.environ))


def settings_of(variables: Mapping[str, str]) -> Settings:
    """Return the settings among variables, and no others; a ``UserError`` names the one that is wrong."""
    return _validated(_values(variables))


def _validated(values: Mapping[str, str]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        variable = "FTBOT_" + str(first["loc"][0]).upper() if first["loc"] else "A setting"
        reason = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise UserError(f"{variable} cannot be used: {reason}. See docs/operations.md, Settings.") from None


def variables_of_a_scan(settings: Settings) -> dict[str, str]:
    """Return the environment variables by which another process scans as this one would.

    The one secret among them is the database's password.
    """
    shown = {f"{PREFIX}{name.upper()}": _show(getattr(settings, name), ",") or _NONE for name in _OF_A_SCAN}
    return shown | {f"{PREFIX}DATABASE": settings.database.written}


def unused_settings() -> tuple[str, ...]:
    """Return sentences about what in the environment and in ``.env`` looks like a setting and has no effect."""
    known = {f"FTBOT_{name.upper()}" for name in Settings.model_fields}
    return tuple(without_effect(_env_file(), os.environ, known))


def _values(variables: Mapping[str, str | None]) -> dict[str, str]:
    """Return the settings among variables by their names, which may be in any case; an empty one is not set."""
    named = {name.upper(): value for name, value in variables.items() if value}
    return {name.removeprefix(PREFIX).lower(): value for name, value in named.items() if name.startswith(PREFIX)}


def _env_file() -> EnvFile:
    return read_env_file(_ENV_FILE.read_text("utf-8")) if _ENV_FILE.is_file() else EnvFile()


def _values_in_file() -> dict[str, str | None]:
    from dotenv import dotenv_values  # noqa: PLC0415 — most folders have no such file

    return dotenv_values(_ENV_FILE, encoding="utf-8")


def _has_env_file() -> bool:
    """Return whether there is one: a file, or a pipe that a program for secrets writes to."""
    return _ENV_FILE.is_file() or _ENV_FILE.is_fifo()


def describe(settings: Settings) -> Iterator[Setting]:
    """List every setting with its value and default, secrets masked."""
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True, validated_data=dict(settings))
        yield Setting(
            variable="FTBOT_" + name.upper(),
            value=_show(getattr(settings, name), _SEPARATORS.get(name, ",")),
            default=_show(default, _SEPARATORS.get(name, ",")),
            what=field.description or "",
        )


_NO_PART_OF_ADDRESSES = frozenset([*map(chr, range(0x21)), *'"<>\\^`{|}', "\x7f"])
"""What no address holds as it is (RFC 3986): it would end a header, or make a file none that can be read."""


def _address(value: str, *schemes: str) -> str:
    """Return an address that a path can be put behind and that holds no secret; ``ValueError`` for others."""
    parts = urlsplit(value)
    begins = " or ".join(f"{each}://" for each in schemes)
    try:
        whole = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        whole = False
    if not whole or not _NO_PART_OF_ADDRESSES.isdisjoint(value):
        raise ValueError(f"It is no address. Write one that begins with {begins}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("It holds a user name or a password, which are not used. Name a server that asks for none")
    if parts.query or parts.fragment:
        raise ValueError("It holds a query or a fragment, behind which no path can stand. Leave them away")
    return value


def public_address(value: str) -> str:
    """Return the address of a site without the slash at its end; ``ValueError`` for what is none."""
    return _address(value, "http", "https").rstrip("/")


def _show(value: object, separator: str) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return _MASK
    if isinstance(value, tuple):
        return separator.join(str(item) for item in value)
    return str(value)
