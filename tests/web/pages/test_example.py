"""`make site`: an example from what is recorded, without asking anybody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.command_line import without_coverage
from tests.conftest import ROOT
from tests.web.pages.reading import problems, read


def test_the_example_is_a_whole_site_and_says_how_to_open_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.web.example", str(tmp_path / "site")]
    ended = subprocess.run(command, cwd=ROOT, env=without_coverage(), capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"python3 -m http.server -d {tmp_path / 'site'}" in ended.stdout
    front = read((tmp_path / "site/index.html").read_bytes())
    assert "of the 21 packages with native code that people download most have wheels for Python 3.14t." in front.text
    lxml = read((tmp_path / "site/packages/lxml/index.html").read_bytes())
    assert "importing it turns the GIL back on" in lxml.text
    assert problems(front) == problems(lxml) == []
