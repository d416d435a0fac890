"""``ftbot upstream`` and ``ftbot triage issue|replay`` as the contract has them, against the fake GitHub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from storage.engine.sqlite import open_database
from storage.packages.inspections import Inspections
from tests.command_line import Run
from tests.core.inspection.read_wheels import OFF, ON, read_wheel
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex
from tests.fakes.github_failures import Failure, server_error
from tests.fakes.github_world import FakeRepository

TABLE_REPOSITORY, TABLE_PATH = "Quansight-Labs/free-threaded-compatibility", "docs/tracking.md"
TABLE = b"""
| Project | Upstream issue | PyPI release |
| :------ | :------------: | :----------: |
| lxml | [:simple-github:](https://github.com/lxml/lxml/issues/1) | |
| numpy | [:simple-github:](https://github.com/numpy/numpy/issues/26157) | yes |
"""
SETTINGS = b'version = 1\nmode = "apply"\ngrace-seconds = 0\n[labels]\ntopic = "free-threading"\ncrash = "bug"\n'
CRASH = (
    "`python3.14t -VV`: Python 3.14.0 free-threading build\n\n```\nFatal Python error: Segmentation fault\n"
    "<Cannot show all threads while the GIL is disabled>\n```\n\n```python\nimport lxml\n```\n"
)


@pytest.fixture
async def github() -> AsyncIterator[FakeGitHub]:
    async with FakeGitHub() as running:
        yield running
        assert running.violations == []


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        yield running


@pytest.fixture(autouse=True)
def environment(github: FakeGitHub, index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the program to what belongs to this test."""
    monkeypatch.setenv("FTBOT_INDEX_URL", index.index_url)
    monkeypatch.setenv("FTBOT_JSON_API_URL", index.json_api_url)
    monkeypatch.setenv("FTBOT_GITHUB_API_URL", github.url)
    monkeypatch.setenv("FTBOT_GITHUB_TOKEN", github.token)
    monkeypatch.setenv("FTBOT_WATCH_SEARCHES", ";")
    monkeypatch.setenv("FTBOT_DATABASE", str(tmp_path / "data" / "ftbot.db"))


@pytest.fixture
def app(github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the App up."""
    monkeypatch.setenv("FTBOT_GITHUB_APP_ID", str(github.app.id))
    monkeypatch.setenv("FTBOT_GITHUB_PRIVATE_KEY", github.app.private_key)


@pytest.fixture
def table(github: FakeGitHub) -> FakeRepository:
    """Give the tracking table and the two threads that it names."""
    github.repository("numpy/numpy").open("Tracking: free-threading", "", number=26157).close()
    github.repository("lxml/lxml").open("Support free-threaded Python", "Please.", number=1)
    return github.repository(TABLE_REPOSITORY, files={TABLE_PATH: TABLE})


@pytest.fixture
def lxml(github: FakeGitHub) -> FakeRepository:
    """Give a repository that installed the App and lets it put labels on."""
    return github.repository(
        "lxml/lxml", labels=["bug", "free-threading"], installed=True, files={".github/ftbot.toml": SETTINGS}
    )


# ftbot upstream


@pytest.mark.usefixtures("table")
async def test_the_first_round_shows_the_threads_of_the_table(ftbot: Run) -> None:
    ended = await ftbot("upstream", "poll")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == snapshot("""\
🟢 open    lxml/lxml#1        Support free-threaded Python  lxml   \n\
🟣 closed  numpy/numpy#26157  Tracking: free-threading      numpy  \n\
2 threads watched, 1 open · 2 new, 3 events, 3 requests
""")


@pytest.mark.usefixtures("table")
async def test_a_round_in_json_is_one_object(ftbot: Run) -> None:
    ended = await ftbot("upstream", "poll", "--json")
    (answer,) = ended.answers
    assert (ended.code, ended.err) == (0, "")
    assert list(answer) == [
        *("schema", "requests", "new", "events", "failed", "watched", "open", "sources", "threads"),
    ]
    assert (answer["schema"], answer["new"], answer["watched"], answer["open"]) == (1, 2, 2, 1)
    threads = answer["threads"]
    assert isinstance(threads, list)
    assert [(each["repository"], each["number"], each["state"], each["package"]) for each in threads] == [
        ("lxml/lxml", 1, "open", "lxml"),
        ("numpy/numpy", 26157, "closed", "numpy"),
    ]


async def test_a_later_round_shows_what_happened(ftbot: Run, github: FakeGitHub, table: FakeRepository) -> None:
    lxml = github.world.find("lxml/lxml")
    assert lxml is not None
    assert table.full_name == TABLE_REPOSITORY
    await ftbot("upstream", "poll")
    nothing = await ftbot("upstream", "poll")
    assert nothing.out.startswith("Nothing happened since the last look.")
    (issue,) = (issue for issue in lxml.issues.values() if issue.number == 1)
    issue.close(by="maintainer")
    ended = await ftbot("upstream", "poll")
    assert ended.code == 0
    assert ended.out.startswith("🟣 closed")
    assert "lxml/lxml#1" in ended.out


async def test_the_published_table_takes_three_requests_when_nothing_changed(
    ftbot: Run, github: FakeGitHub, shared: Path
) -> None:
    from bot.core.guide.tracking_table import parse_table  # noqa: PLC0415 — only this test needs it

    text = (shared / "data" / "tracking.md").read_bytes()
    github.repository(TABLE_REPOSITORY, files={TABLE_PATH: text})
    threads = {row.issue for row in parse_table(text.decode()) if row.issue is not None}
    for ref in threads:
        repository = github.world.find(ref.repository) or github.repository(ref.repository)
        repository.open("Support free-threaded Python", "Please.", number=ref.number)
    (first,) = (await ftbot("upstream", "poll", "--json")).answers
    assert first["watched"] == len(threads) > 130
    (second,) = (await ftbot("upstream", "poll", "--json")).answers
    assert (second["requests"], second["new"], second["events"]) == (3, 0, [])


async def test_it_answers_to_the_name_that_it_had(ftbot: Run) -> None:
    assert (await ftbot("watch", "list", "--json")).answers == (await ftbot("upstream", "list", "--json")).answers
    assert " watch " not in (await ftbot("--help")).out


async def test_watching_takes_a_token(ftbot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FTBOT_GITHUB_TOKEN")
    ended = await ftbot("upstream", "poll")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("ftbot: FTBOT_GITHUB_TOKEN is not set")


async def test_a_token_that_github_refuses_is_said_to_be_refused(ftbot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_GITHUB_TOKEN", "ghp_stale")
    ended = await ftbot("upstream", "poll")
    assert (ended.code, ended.out) == (2, "")
    assert "refused the token" in ended.err
    assert "ghp_stale" not in ended.err


async def test_a_github_that_is_away_is_an_upstream_failure(ftbot: Run, github: FakeGitHub) -> None:
    github.fail(".*", *[Failure(status=503)] * 20)
    ended = await ftbot("upstream", "poll", "--json")
    (answer,) = ended.answers
    assert ended.code == 4
    failed = answer["failed"]
    assert isinstance(failed, dict)
    assert list(failed) == ["tracking table"]
    assert ended.err.startswith("ftbot: tracking table could not be read: ")


async def test_what_is_watched_is_listed_without_asking(
    ftbot: Run, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTBOT_WATCH_REPOSITORIES", "python/cpython:topic-free-threading")
    monkeypatch.setenv("FTBOT_WATCH_SEARCHES", "cp315t in:title")
    ended = await ftbot("upstream", "list")
    assert (ended.code, ended.err, github.requests) == (0, "", [])
    assert ended.out == snapshot("""\
table       tracking table                       never read  \n\
repository  python/cpython:topic-free-threading  never read  \n\
search      cp315t in:title                      never read  \n\
No thread is known yet. Look for the first time with `ftbot upstream poll`.
""")


# ftbot triage issue


async def test_a_thread_anywhere_can_be_looked_at(ftbot: Run, github: FakeGitHub) -> None:
    issue = github.repository("scipy/scipy").open("Segfault on free-threaded 3.14t", CRASH, number=7)
    ended = await ftbot("triage", "issue", "scipy/scipy#7")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == snapshot("""\
scipy/scipy#7  🟢 open
Segfault on free-threaded 3.14t
about free-threaded Python (high) · mode dry-run

crash           high, rule crash-title v1  “Segfault”       \n\
free-threading  yes                        “free-threaded”  \n\
python          3.14t                      “3.14t”          \n\
package         scipy                      “scipy/scipy”    \n\

No GitHub App is set up here. This is what one would do if the repository had installed it:
👀 would put on the label topic: Once `.github/ftbot.toml` names a label for it. The rule gate is \n\
sure.
   because of “free-threaded” (rule gate v5)
👀 would put on the label crash: Once `.github/ftbot.toml` names a label for it. The rule \n\
crash-title is sure.
   because of “Segfault” (rule crash-title v1)
""")
    assert not issue.labels


async def test_what_was_read_in_a_wheel_is_evidence(ftbot: Run, github: FakeGitHub, tmp_path: Path) -> None:
    title = "The global interpreter lock (GIL) has been enabled to load module 'lxml.etree' on 3.14t"
    github.repository("lxml/lxml").open(title, "Why?", number=8)
    (unread,) = (await ftbot("triage", "issue", "lxml/lxml#8", "--json")).answers
    assert unread["gil"] is None
    async with open_database(tmp_path / "data" / "ftbot.db") as database:
        read = read_wheel("6.1.3", *[ON] * 7, name="lxml")
        await Inspections(database).record("lxml", read.version, read.inspection, read.read)
    (answer,) = (await ftbot("triage", "issue", "lxml/lxml#8", "--json")).answers
    assert answer["gil"] == {
        "package": "lxml",
        "version": "6.1.3",
        "python": "3.14t",
        "wheel": "lxml-6.1.3-cp314-cp314t-manylinux_2_28_x86_64.whl",
        "gil": "on",
        "gil_modules": ["lxml.m0", "lxml.m1", "lxml.m2", "lxml.m3", "lxml.m4"],
        "since": None,
        "before": None,
    }
    said = "lxml 6.1.3 on 3.14t turns the GIL back on: lxml.m0, lxml.m1, lxml.m2, lxml.m3, lxml.m4 and 2 more"
    assert said in " ".join((await ftbot("triage", "issue", "lxml/lxml#8")).out.split())
    async with open_database(tmp_path / "data" / "ftbot.db") as database:
        read = read_wheel("6.2.0", OFF, name="lxml")
        await Inspections(database).record("lxml", read.version, read.inspection, read.read)
    (answer,) = (await ftbot("triage", "issue", "lxml/lxml#8", "--json")).answers
    gil, before = answer["gil"], ["lxml.m0", "lxml.m1", "lxml.m2", "lxml.m3", "lxml.m4"]
    assert isinstance(gil, dict)
    assert (gil["version"], gil["gil"], gil["gil_modules"], gil["since"]) == ("6.2.0", "off", [], "6.2.0")
    assert gil["before"] == {"version": "6.1.3", "gil_modules": before}
    assert "lxml 6.2.0 on 3.14t keeps the GIL off when imported" in (await ftbot("triage", "issue", "lxml/lxml#8")).out


@pytest.mark.usefixtures("app")
async def test_a_preview_writes_nothing_and_apply_does_it(ftbot: Run, lxml: FakeRepository, github: FakeGitHub) -> None:
    issue = lxml.open("Segfault on free-threaded 3.14t", CRASH, number=3)
    (preview,) = (await ftbot("triage", "issue", "https://github.com/lxml/lxml/issues/3", "--json")).answers
    decisions = preview["decisions"]
    assert isinstance(decisions, list)
    assert {(each["action"], each["value"], each["outcome"]) for each in decisions} >= {
        ("add-label", "free-threading", "do"),
        ("add-label", "bug", "do"),
    }
    assert (list(issue.labels), github.count("POST", "/issues/")) == ([], 0)
    ended = await ftbot("triage", "issue", "lxml/lxml#3", "--apply")
    assert ended.code == 0
    assert sorted(issue.labels) == ["bug", "free-threading"]
    assert "done" in ended.out
    again = await ftbot("triage", "issue", "lxml/lxml#3", "--apply")
    assert (again.code, github.count("POST", "/labels$")) == (0, 2)


@pytest.mark.usefixtures("app")
async def test_what_github_did_not_answer_is_not_said_to_be_done(
    ftbot: Run, lxml: FakeRepository, github: FakeGitHub
) -> None:
    issue = lxml.open("Segfault on free-threaded 3.14t", CRASH, number=3)
    github.fail("/labels$", *[server_error()] * 2, method="POST")
    ended = await ftbot("triage", "issue", "lxml/lxml#3", "--apply")
    assert ended.code == 4
    assert "ftbot: Not done yet: put on the label free-threading." in ended.err
    assert not issue.labels
    (answer,) = (await ftbot("triage", "issue", "lxml/lxml#3", "--apply", "--json")).answers
    entries = answer["errands"]
    assert isinstance(entries, list)
    assert "sent" in {each["progress"] for each in entries}


@pytest.mark.parametrize("thread", ["numpy", "numpy#1", "https://example.org/1"])
async def test_what_names_no_thread_is_a_usage_error(ftbot: Run, thread: str) -> None:
    ended = await ftbot("triage", "issue", thread)
    assert (ended.code, ended.out) == (2, "")
    assert "Write it like `numpy/numpy#26157`" in ended.err


async def test_a_thread_that_is_not_there_is_not_found(ftbot: Run, github: FakeGitHub) -> None:
    github.repository("scipy/scipy")
    ended = await ftbot("triage", "issue", "scipy/scipy#404")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.count(". ") == 1


async def test_applying_takes_the_app(ftbot: Run, github: FakeGitHub) -> None:
    github.repository("scipy/scipy").open("Segfault on free-threaded 3.14t", CRASH, number=7)
    ended = await ftbot("triage", "issue", "scipy/scipy#7", "--apply")
    assert (ended.code, ended.out) == (2, "")
    assert "FTBOT_GITHUB_APP_ID" in ended.err


@pytest.mark.usefixtures("app")
async def test_applying_takes_a_repository_that_installed_the_app(ftbot: Run, github: FakeGitHub) -> None:
    github.repository("scipy/scipy").open("Segfault on free-threaded 3.14t", CRASH, number=7)
    ended = await ftbot("triage", "issue", "scipy/scipy#7", "--apply")
    assert (ended.code, ended.out) == (2, "")
    assert "scipy/scipy has not installed the App" in ended.err
    assert (await ftbot("triage", "issue", "scipy/scipy#7")).code == 0


async def test_an_app_that_is_set_up_by_half_is_told_of(
    ftbot: Run, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTBOT_GITHUB_APP_ID", str(github.app.id))
    ended = await ftbot("triage", "issue", "scipy/scipy#7")
    assert (ended.code, ended.out) == (2, "")
    assert "FTBOT_GITHUB_PRIVATE_KEY is not set" in ended.err


# ftbot triage replay


@pytest.mark.usefixtures("table")
async def test_replaying_the_same_rules_changes_nothing(ftbot: Run) -> None:
    await ftbot("upstream", "poll")
    (answer,) = (await ftbot("triage", "replay", "--json")).answers
    assert (answer["schema"], answer["threads"]) == (1, 2)
    ended = await ftbot("triage", "replay")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.rstrip().endswith("of 2 stored threads would be read differently.")
