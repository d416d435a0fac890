"""Where the site is off, the bot imports nothing of it, and draws nothing."""

from __future__ import annotations

import subprocess
import sys

from tests.command_line import without_coverage
from tests.conftest import ROOT

_ONLY_OF_THE_SITE = ("bot.wiring.site", "bot.web.api", "bot.web.pages", "bot.services.site", "jinja2", "matplotlib")


def test_an_idle_bot_imports_nothing_of_the_site() -> None:
    code = f"import sys, bot.app; print([name for name in {_ONLY_OF_THE_SITE} if name in sys.modules])"
    environment = without_coverage() | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
