"""Who asks the fake GitHub: nobody, a token that reads, the App, or the App where it is installed; and how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from functools import cache

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.fakes.github_world import FakeInstallation, FakeRepository, FakeUser, World

_JWT_LIVES = timedelta(minutes=10)
_WINDOWS = {"search": timedelta(minutes=1)}


class Kind(Enum):
    """What kind of credential came with a request."""

    ANONYMOUS = auto()
    READER = auto()
    APP = auto()
    INSTALLATION = auto()


@cache
def _public_key(private_key: str) -> RSAPublicKey:
    """Read a key once in a process: it is checked, which takes longer than most tests."""
    private = load_pem_private_key(private_key.encode(), None)
    assert isinstance(private, RSAPrivateKey)
    return private.public_key()


class BadCredentialsError(Exception):
    """A credential that is none, or no longer."""


class SuspendedError(Exception):
    """A credential of an installation that may not work at the moment."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, and what they may do where; ``key`` is what limits are counted by."""

    kind: Kind
    key: str
    user: FakeUser | None = None
    installation: FakeInstallation | None = None
    only: frozenset[int] | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)

    def has(self, repository: FakeRepository) -> bool:
        """Return whether the App was installed in a repository and its token covers it."""
        return (
            self.installation is not None
            and repository in self.installation.repositories
            and (self.only is None or repository.id in self.only)
        )

    def sees(self, repository: FakeRepository) -> bool:
        """Return whether they may know that a repository exists."""
        return not repository.private or self.has(repository)


@dataclass(frozen=True, slots=True)
class _Token:
    installation: FakeInstallation
    expires: datetime
    only: frozenset[int] | None
    permissions: Mapping[str, str]


class Credentials:
    """The tokens there are. They expire by the real clock, as JWTs are made by it whatever a test's clock says."""

    def __init__(self, world: World, token: str) -> None:
        self.lifetime = timedelta(hours=1)
        self._world = world
        self._token = token
        self._issued: dict[str, _Token] = {}

    def issue(
        self, installation: FakeInstallation, only: frozenset[int] | None, permissions: Mapping[str, str]
    ) -> tuple[str, datetime]:
        """Make a token for an installation and say when it expires."""
        token = f"ghs_{self._world.new_id()}"
        now = datetime.now(UTC)
        self._issued[token] = _Token(installation, now + self.lifetime, only, permissions)
        # Clients judge what they are told by the real clock or by the test's, and both shall find it good.
        return token, max(now, self._world.now()) + self.lifetime

    def revoke(self) -> None:
        """Make an end of every installation's token, as if their hour were over."""
        self._issued.clear()

    def identify(self, authorization: str | None) -> Caller:
        """Tell who sent a request by its header, or raise ``BadCredentialsError``."""
        if authorization is None:
            return Caller(Kind.ANONYMOUS, "")
        token = authorization.partition(" ")[2].strip()
        if token == self._token:
            return Caller(Kind.READER, "reader", self._world.user("ftbot-reader"))
        issued = self._issued.get(token)
        if issued is not None:
            installed = self._world.installations.get(issued.installation.id) is issued.installation
            if datetime.now(UTC) >= issued.expires or not installed:
                raise BadCredentialsError
            if issued.installation.suspended is not None:
                raise SuspendedError
            key = f"installation {issued.installation.id}"
            return Caller(Kind.INSTALLATION, key, self._world.bot, issued.installation, issued.only, issued.permissions)
        if token.count(".") == 2:
            self._check_jwt(token)
            return Caller(Kind.APP, "app", self._world.bot)
        raise BadCredentialsError

    def _check_jwt(self, token: str) -> None:
        app = self._world.app
        try:
            claims = jwt.decode(
                token,
                _public_key(app.private_key),
                algorithms=["RS256"],
                issuer=[app.id, app.client_id],
                options={"require": ["iat", "exp", "iss"]},
            )
        except jwt.InvalidTokenError as error:
            raise BadCredentialsError from error
        if claims["exp"] - datetime.now(UTC).timestamp() > _JWT_LIVES.total_seconds() + 60:
            raise BadCredentialsError


@dataclass(slots=True)
class Usage:
    """How much of a limit is used in a window of time."""

    resets: datetime
    used: int = 0


class Limits:
    """GitHub's primary limits: ``limits`` can be changed, and a window begins with the first request in it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.limits = {"core": 5000, "search": 30, "graphql": 5000}
        self.anonymous = 60
        self._now = now
        self._usage: dict[tuple[str, str], Usage] = {}

    def usage(self, caller: Caller, resource: str) -> Usage:
        """Return how much of a limit somebody has used."""
        now = self._now()
        usage = self._usage.get((caller.key, resource))
        if usage is None or now >= usage.resets:
            usage = Usage(now + _WINDOWS.get(resource, timedelta(hours=1)))
            self._usage[caller.key, resource] = usage
        return usage

    def limit(self, caller: Caller, resource: str) -> int:
        """Return somebody's limit."""
        return self.anonymous if caller.kind is Kind.ANONYMOUS and resource == "core" else self.limits[resource]

    def headers(self, caller: Caller, resource: str) -> dict[str, str]:
        """Return the headers that say how much is left."""
        usage, limit = self.usage(caller, resource), self.limit(caller, resource)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - usage.used)),
            "X-RateLimit-Used": str(usage.used),
            "X-RateLimit-Reset": str(int(usage.resets.timestamp())),
            "X-RateLimit-Resource": resource,
        }
