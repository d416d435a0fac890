"""Addresses in people's files without what may be a secret in them: who asks, with which password or token."""

from __future__ import annotations

import re

_MASK = "…"
_LONGEST = 10_000
"""Characters of a text that are looked at; what is shown of it is far shorter."""

_USER = re.compile(r"([/\\]{2})(?:[^/\s@:]*:(?!\d{1,5}(?:[/?#\s]|$))\S*@|[^/\s@]*@)(?:[^/\s@]*@)*")
"""Who asks: up to the last ``@`` where there is a password, in which a slash should be written otherwise."""

_BARE_USER = re.compile(r"(?<![\w/\\.@+-])[\w.+-]{1,100}:[^/\\\s@]+@")
"""Who asks, where nobody wrote ``https://`` before it."""

_QUERY = re.compile(r"([/\\]{2}[^\s?#]*\?)(?!(?:rev|branch|tag|subdirectory)=[^\s&#]*(?:[#\s]|$))[^\s#]+")
"""What is asked for; only what says which revision is told."""


def without_secrets(text: str, mask: str = _MASK) -> str:
    """Return a text without users, passwords and queries of the addresses in it; a very long one is cut off."""
    masked = _USER.sub(rf"\1{mask}@" if mask else r"\1", text[:_LONGEST])
    return _QUERY.sub(rf"\1{mask}", _BARE_USER.sub(f"{mask}@" if mask else "", masked))
