"""Text from elsewhere inside Markdown, where it must mean nothing."""

from __future__ import annotations

import re

from bot.core.text.sentences import one_line

_MARKUP = re.compile(r"([\\`*_\[\]<>|~&$])")
_HARMLESS = "\N{ZERO WIDTH SPACE}"
# What GitHub and mail programs turn into mentions, references, links and emojis, backslash or not.
_AUTOMATIC = re.compile(r"(@|#|www(?=\.)|:(?=\S)|\bGH(?=-\d))", re.IGNORECASE)


def plain_markdown(text: str) -> str:
    """Make text from elsewhere mean nothing within a line of Markdown: no markup, link, mention or line break."""
    return _AUTOMATIC.sub(rf"\1{_HARMLESS}", _MARKUP.sub(r"\\\1", one_line(text)))
