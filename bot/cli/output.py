"""How commands end, and JSON on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import Enum


class CommandOutcome(Enum):
    """How a command ended, where nothing was wrong with the question."""

    ANSWERED = "everything was answered"
    NO = "everything was answered, and an answer is no"
    NOT_FOUND = "a package does not exist"
    UPSTREAM = "an upstream could not be reached and nothing stored serves"
    MISCONFIGURED = "a setting does not work"
    MISASKED = "some of what was asked made no sense"


def print_json(content: Mapping[str, object]) -> None:
    """Print one object on a line of its own, at once."""
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()
