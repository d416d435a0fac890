"""Which extra installs what a command needs beyond ``pip install ftbot``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EXTRAS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(
        ("apscheduler", "cryptography", "discord", "github", "jwt", "prometheus_client", "requests", "urllib3"), "bot"
    )
    | {"asyncpg": "postgres", "matplotlib": "chart", "lief": "inspect", "capstone": "inspect", "jinja2": "site"}
)
"""Names as they are imported, and the extra that has them."""


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """Return two sentences: what is not installed, and how to install it; None where no extra has it."""
    library = (error.name or "").partition(".")[0]
    extra = EXTRAS.get(library)
    return None if extra is None else f"This needs {library}, which is not installed. Install ftbot[{extra}]."
