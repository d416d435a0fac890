"""`ftbot triage evaluate`: what the rules are worth on somebody's labelled threads."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from tests.command_line import Run

ROWS = (
    ("spam/spam", "Publish wheels for 3.14t", ["missing-wheel"]),
    ("org/eggs", "Deadlock on 3.14t", ["crash"]),
    ("org/ham", "Fix a typo", ["not-free-threading"]),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "threads.jsonl"
    lines = [
        json.dumps({"repo": repo, "number": 1, "title": title, "is_pr": False, "labels": {"kind": kinds}})
        for repo, title, kinds in ROWS
    ]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


async def test_people_see_scores_mistakes_and_comments(ftbot: Run, file: Path) -> None:
    ended = await ftbot("triage", "evaluate", str(file))
    assert (ended.code, ended.err) == (0, "")
    assert "3 threads, 2 about free-threading" in ended.out
    assert "1.00 (1.00–1.00)" in ended.out
    wrong = "kind deadlock said, and it is not (high, rule deadlock-title), because of “Deadlock”"
    assert f"org/eggs#1 Deadlock on 3.14t: {wrong}" in ended.out
    assert "org/eggs#1 Deadlock on 3.14t: kind crash not said" in ended.out
    assert "A comment would stand on 1 of 2 about free-threading, and on 0 of 1 others." in ended.out
    assert "spam/spam#1 Publish wheels for 3.14t: wheels of spam, if its newest release has some" in ended.out


async def test_programs_get_everything_as_json(ftbot: Run, file: Path) -> None:
    first, again = [(await ftbot("triage", "evaluate", str(file), "--json")).answers for _ in range(2)]
    assert first == again
    (answer,) = first
    assert (answer["schema"], answer["threads"], answer["free_threading"]) == (1, 3, 2)
    scores = {score["name"]: score for score in answer["scores"]}  # type: ignore[attr-defined] # JSON
    assert scores["gate"]["f1"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert scores["abi3t"]["precision"] is None
    assert answer["wanted_comments"] is None
    assert [(each["value"], each["wrong"], each["rule"]) for each in answer["mistakes"] if each["about"] == "kind"] == [  # type: ignore[attr-defined] # JSON
        ("deadlock", True, "deadlock-title"),
        ("crash", False, None),
    ]
    assert [comment["stands"] for comment in answer["comments"]] == [True, False, False]  # type: ignore[attr-defined] # JSON
    assert answer["phrases"] == [{"phrase": "3.14t", "right": 2, "wrong": 0, "opens_alone": True}]


async def test_phrases_and_parts_are_shown_alone(ftbot: Run, file: Path) -> None:
    ended = await ftbot("triage", "evaluate", str(file), "--phrases")
    assert ended.out.split()[-4:] == ["3.14t", "2", "0", "yes"]
    parts = [(await ftbot("triage", "evaluate", str(file), "--part", part, "--json")) for part in ("rest", "held-out")]
    counts = [part.answers[0]["threads"] if part.code == 0 else 0 for part in parts]
    assert sum(int(str(count)) for count in counts) == len(ROWS)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "cannot be read"),
        ("", "has no labelled threads. docs/triage-rules.md shows one."),
        ("\r\n  \r\n", "has no labelled threads. docs/triage-rules.md shows one."),
        ('{"repo": "a/b"}', "Line 1 of"),
        ('[{"repo": "a/b"}]', "Expected `object`, got `array`. docs/triage-rules.md shows one, and how an export"),
        ('{"repo": "a/b", "number": 1, "title": "x", "labels": [{"name": "bug"}]}', "`$.labels`. docs/triage-rules.md"),
        ('\n{"repo": "a/b", "number": 1, "title": "x", "labels": {"kind": ["crush"]}}', "Line 2 of"),
    ],
)
async def test_a_file_that_cannot_be_used_is_told_in_a_sentence(
    ftbot: Run, tmp_path: Path, content: str | None, what: str
) -> None:
    path = tmp_path / "threads.jsonl"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    ended = await ftbot("triage", "evaluate", str(path))
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert what in ended.err


async def test_what_nobody_labelled_is_no_mistake(ftbot: Run, tmp_path: Path) -> None:
    path = tmp_path / "threads.jsonl"
    labelled = {"repo": "a/b", "number": 1, "title": "Deadlock on 3.14t", "labels": {"kind": ["deadlock"]}}
    path.write_text(json.dumps(labelled), encoding="utf-8")
    assert (await ftbot("triage", "evaluate", str(path), "--json")).answers[0]["mistakes"] == []
    labelled["labels"] = {"kind": ["deadlock"], "pythons": []}
    path.write_text(json.dumps(labelled), encoding="utf-8")
    (answer,) = (await ftbot("triage", "evaluate", str(path), "--json")).answers
    assert [(each["about"], each["value"]) for each in answer["mistakes"]] == [("python", "3.14t")]  # type: ignore[attr-defined] # JSON


async def test_an_export_of_another_system_is_read(ftbot: Run, tmp_path: Path) -> None:
    path = tmp_path / "threads.jsonl"
    row = {"repo": "a/b", "number": 1, "title": "Deadlock on 3.14t", "body": None, "labels": {"kind": ["deadlock"]}}
    lines = [json.dumps({**row, "body": "3.14t hangs. " * 100_000}), json.dumps(row), ""]
    path.write_bytes(codecs.BOM_UTF8 + "\r\n".join(lines).encode())
    ended = await ftbot("triage", "evaluate", str(path))
    assert (ended.code, ended.err) == (0, "")
    repeated = "(1 line of a thread that is there already: it counts again)"
    assert f"2 threads, 2 about free-threading {repeated}" in ended.out


async def test_no_thread_about_it_is_an_answer_too(ftbot: Run, tmp_path: Path) -> None:
    path = tmp_path / "threads.jsonl"
    row = {"repo": "a/b", "number": 1, "title": "Fix a typo", "labels": {"kind": ["not-free-threading"]}}
    path.write_text(json.dumps(row), encoding="utf-8")
    assert "1 thread, 0 about free-threading" in (await ftbot("triage", "evaluate", str(path))).out
    ended = await ftbot("triage", "evaluate", str(path), "--phrases")
    assert (ended.code, ended.out) == (0, "No title has a phrase that may open the gate.\n")


async def test_comments_are_measured_where_somebody_says_that_one_would_help(ftbot: Run, tmp_path: Path) -> None:
    path = tmp_path / "threads.jsonl"
    titles = {"Publish wheels for 3.14t": True, "Segfault on 3.14t": False, "Free-threaded Python": True}
    rows = [
        {"repo": "a/b", "number": number, "title": title, "labels": {"kind": ["crash"], "comment": wanted}}
        for number, (title, wanted) in enumerate(titles.items())
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    (answer,) = (await ftbot("triage", "evaluate", str(path), "--json")).answers
    assert answer["wanted_comments"] == {"right": 1, "wrong": 1, "missed": 1}
    told = "Of 2 where one is wanted it would stand on 1, and on 1 where none is."
    assert told in (await ftbot("triage", "evaluate", str(path))).out


async def test_a_hostile_title_moves_no_cursor(ftbot: Run, tmp_path: Path) -> None:
    path = tmp_path / "threads.jsonl"
    row = {"repo": "a/b", "number": 1, "title": "Deadlock on 3.14t \x1b[2J\u202e", "labels": {"kind": ["crash"]}}
    path.write_text(json.dumps(row), encoding="utf-8")
    ended = await ftbot("triage", "evaluate", str(path))
    assert ended.code == 0
    assert not {"\x1b", "\u202e"} & {*ended.out}
