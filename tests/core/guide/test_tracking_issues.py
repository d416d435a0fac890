from __future__ import annotations

import re
from pathlib import Path

from packaging.utils import canonicalize_name

from bot.core.guide.tracking_issues import tracking_issue


def test_a_tracked_package_has_a_thread_on_github() -> None:
    assert tracking_issue("numpy") == "https://github.com/numpy/numpy/issues/26157"
    assert tracking_issue("demo") is None


def test_a_thread_is_the_one_in_the_packages_row_of_the_tracking_table(shared: Path) -> None:
    table = (shared / "data" / "tracking.md").read_text()
    rows = [(row[1], row[0]) for row in re.finditer(r"^\| *([\w.-]+) *\|.*$", table, re.MULTILINE)]
    threads = [(thread, row) for name, row in rows if (thread := tracking_issue(canonicalize_name(name))) is not None]
    assert len(threads) > 80
    assert [thread for thread, row in threads if not re.search(re.escape(thread) + r"(?!\d)", row)] == []
