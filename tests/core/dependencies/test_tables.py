"""Dependencies as CSV and Markdown: everything is there, and text from elsewhere means nothing in either."""

from __future__ import annotations

import csv
from io import StringIO

from inline_snapshot import snapshot

from bot.core.dependencies.tables import dependencies_csv, dependencies_markdown
from bot.core.verdicts.rules import Verdict
from tests.core.dependencies.reports import EVERYTHING, dependency, report


def test_csv_has_a_line_for_each_dependency_with_everything() -> None:
    rows = list(csv.DictReader(StringIO(dependencies_csv([EVERYTHING]))))
    assert [row["package"] for row in rows] == [each.package for each in EVERYTHING.dependencies]
    assert rows[1] == snapshot(
        {
            "target": "3.14t",
            "package": "tornado",
            "version": "6.5.4",
            "state": "stops you",
            "verdict": "abi3-only",
            "blocks": "yes",
            "missing": "manylinux_x86_64",
            "first_working": "6.6",
            "newest": "6.6",
            "newest_verdict": "supported",
            "gil": "",
            "required_by": "app > tornado",
            "ways": "1",
            "optional": "no",
            "groups": "main",
            "marker": "",
            "judged_by": "index",
            "tracking_issue": "https://github.com/tornadoweb/tornado/issues/3501",
            "reason": "",
        }
    )


def test_no_cell_of_a_csv_is_a_formula() -> None:
    evil = dependency("demo", "1.0", Verdict.UNKNOWN, reason="=HYPERLINK(1)")
    (row,) = csv.DictReader(StringIO(dependencies_csv([report(evil)])))
    assert row["reason"] == "'=HYPERLINK(1)"


def test_markdown_has_what_stops_the_move_first() -> None:
    assert dependencies_markdown([EVERYTHING]) == snapshot("""\
**app on 3.14t, Linux x86-64: 2 of 6 stop you; 1 of them works in a newer version; 1 turns the GIL back on; 1 could not be told.**

### ⛔ Stops you (2)

| package | why | instead | pulled in by |
|---|---|---|---|
| pylsqpack 0.3.23 | abi3 only | no version yet | app → aioquic |
| tornado 6.5.4 ([issue](https://github.com/tornadoweb/tornado/issues/3501)) | abi3 only | works from 6.6 | app |

### 🟡 Works, but turns the GIL back on (1)

| package | why | instead | pulled in by |
|---|---|---|---|
| lxml 6.1.3 | wheels, GIL back on |  | app |

<details><summary>✅ Ready (2)</summary>

| package | why | instead | pulled in by |
|---|---|---|---|
| attrs 25.4.0 | pure Python |  | app |
| torch 2.11.0+cu128 | wheels (by the lock: https:\u200b//download.example/whl/cu128) |  | app |

</details>

### ❔ Could not be told (1)

| package | why | instead | pulled in by |
|---|---|---|---|
| acme-internal 1.0 | The index has no such project; it may be a private one. |  | app |

<details><summary>Not read (1)</summary>

- requirements.txt:\u200b3: -e .: an editable project

</details>

_A wheel shows that a build exists, not that it is thread-safe._
""")  # noqa: E501 - lines of the answer


def test_text_from_elsewhere_mentions_nobody_and_closes_nothing() -> None:
    evil = dependency(
        "demo", "1.0", Verdict.UNKNOWN, reason="@everyone </details> | fixes #1 [x](https://evil.example)"
    )
    text = dependencies_markdown([report(evil)])
    assert "@everyone" not in text
    assert "#1" not in text
    assert text.count("</details>") == text.count("<details>")
    assert "](https://evil" not in text
