"""The GitHub Action: the steps of action.yml are run in bash, between a fake index and a fake GitHub."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.github_failures import Failure
from tests.fakes.github_world import FakeIssue
from tests.fakes.index_pages import sdist, wheels
from tests.github_action import Acted, Runner, read_action

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="runners of GitHub Actions have bash")

LINUX = "manylinux_2_28_x86_64"
BLOCKED = "solid==1.0\nbehind==1.0\n"
HOSTILE = (
    "solid==1.0\nbehind==1.0\nsource==1.0\nsix\nnumpy\npandas\nscipy\n@everyone\n::add-mask::solid\n##[add-mask]solid\n"
    "**bold** <img src=x> | cell [link](https://example.org) #1\n$(touch pwned) `touch pwned`\n"
)


@pytest.fixture
async def index() -> AsyncIterator[FakeIndex]:
    async with FakeIndex() as running:
        running.publish("solid", wheels("solid", "1.0", f"cp314-cp314-{LINUX}", f"cp314-cp314t-{LINUX}"))
        running.publish(
            "behind",
            [
                *wheels("behind", "1.0", f"cp314-cp314-{LINUX}"),
                *wheels("behind", "2.0", f"cp314-cp314-{LINUX}", f"cp314-cp314t-{LINUX}"),
            ],
        )
        running.publish("source", [sdist("source", "1.0")])
        yield running


@pytest.fixture
async def github() -> AsyncIterator[FakeGitHub]:
    async with FakeGitHub() as running:
        running.repository("some/application", installed=True)
        yield running
        assert running.violations == []


@pytest.fixture
def runner(index: FakeIndex, github: FakeGitHub, tmp_path: Path) -> Runner:
    (tmp_path / "home").mkdir()
    variables = {
        "FTBOT_INDEX_URL": index.index_url,
        "FTBOT_JSON_API_URL": index.json_api_url,
        "FTBOT_DATABASE": str(tmp_path / "home" / "ftbot.db"),
        "GITHUB_API_URL": github.url,
        "GITHUB_GRAPHQL_URL": f"{github.url}/graphql",
        "HOME": str(tmp_path / "home"),
    }
    return Runner(tmp_path, variables=variables)


def token_of(github: FakeGitHub, issues: str = "write") -> str:
    """Return the token that a job gets."""
    installation = next(iter(github.world.installations.values()))
    return github.credentials.issue(installation, None, {"issues": issues, "metadata": "read"})[0]


@pytest.fixture
def pull(runner: Runner, github: FakeGitHub) -> FakeIssue:
    """Open the pull request that started the workflow."""
    repository = next(iter(github.world.repositories.values()))
    thread = repository.open("A change", is_pr=True)
    runner.event, runner.payload = "pull_request", {"action": "opened", "pull_request": {"number": thread.number}}
    runner.token = token_of(github)
    return thread


def failed(acted: Acted) -> str:
    """Return what the one annotation of a failed step says."""
    (command,) = acted.commands
    assert command[0] == "error"
    return command[1]


def test_inputs_reach_scripts_as_variables_only_and_nothing_foreign_runs() -> None:
    action = read_action()
    assert action.runs.using == "composite"
    for step in action.runs.steps:
        assert (step.shell, step.uses) == ("bash", "")
        assert "${{" not in step.run
    judged = {text for step in action.runs.steps for text in step.env.values()}
    assert {f"${{{{ inputs.{name} }}}}" for name in action.inputs} <= judged


def test_the_page_names_every_input_with_its_default_and_every_output() -> None:
    action = read_action()
    page = (ROOT / "docs" / "deps_in_ci.md").read_text("utf-8")
    rows = {
        name: row[1].strip(" |")
        for row in re.finditer(r"^\| (`.*)$", page, re.MULTILINE)
        for name in re.findall(r"`([\w-]+)`", row[1].partition("|")[0])
    }
    assert rows.keys() == action.inputs.keys() | action.outputs.keys()
    plain = {name: each.default for name, each in action.inputs.items() if each.default and "${{" not in each.default}
    assert [name for name, default in plain.items() if f"`{default}`" not in rows[name]] == []


async def test_what_blocks_fails_the_step_and_is_in_summary_outputs_and_report(runner: Runner) -> None:
    runner.write("requirements.txt", BLOCKED)
    acted = await runner.run()
    assert acted.code == 5
    assert failed(acted) == "3.14t, Linux x86-64: 1 of 2 packages stops you."
    assert "1 of 2 stops you; it works in a newer version." in acted.summary
    assert "| behind 1.0 |" in acted.summary
    assert acted.outputs["ok"] == "false"
    assert acted.outputs["blocks"] == "1"
    (report,) = acted.reports
    assert [(each.package, each.blocks) for each in report.packages] == [("behind", True), ("solid", False)]
    assert "No comment: this is no pull request." in acted.log


async def test_a_step_that_may_not_fail_tells_the_same(runner: Runner) -> None:
    runner.write("requirements.txt", BLOCKED)
    acted = await runner.run(fail="False")
    assert (acted.code, acted.outputs["ok"], acted.outputs["blocks"]) == (0, "false", "1")
    assert acted.commands == [("notice", "3.14t, Linux x86-64: 1 of 2 packages stops you.")]


async def test_where_nothing_blocks_the_step_passes(runner: Runner) -> None:
    runner.write("requirements.txt", "solid==1.0\n")
    acted = await runner.run()
    assert (acted.code, acted.outputs["ok"], acted.outputs["blocks"]) == (0, "true", "0")
    assert acted.commands == [("notice", "3.14t, Linux x86-64: nothing stops you (1 package).")]


async def test_a_name_that_the_index_does_not_have_fails_nothing(runner: Runner) -> None:
    runner.write("requirements.txt", "solid==1.0\nour-own-thing==1.0\n")
    assert (await runner.run()).code == 0


async def test_a_lock_is_taken_before_what_is_not_locked(runner: Runner) -> None:
    runner.write("requirements.txt", BLOCKED)
    runner.write(
        "uv.lock",
        'version = 1\nrequires-python = ">=3.11"\n[[package]]\nname = "application"\nversion = "1"\n'
        'source = { virtual = "." }\ndependencies = [{ name = "solid" }]\n\n[[package]]\nname = "solid"\n'
        'version = "1.0"\nsource = { registry = "https://pypi.org/simple" }\n',
    )
    acted = await runner.run()
    assert acted.code == 0, acted.log
    (report,) = acted.reports
    assert [each["file"] for each in report.files] == ["uv.lock"]


async def test_files_targets_and_platform_are_what_the_inputs_say(runner: Runner) -> None:
    runner.write("one.txt", "solid==1.0\n")
    runner.write("of two/second file.txt", "behind==2.0\n")
    acted = await runner.run(files="\n of two/second file.txt\n\n\tone.txt\r\n", targets="3.14t\n3.15t", platform="all")
    first, second = acted.reports
    assert (first.target, second.target) == ("3.14t", "3.15t")
    assert [each.package for each in first.packages] == ["behind", "solid"]
    assert len(first.platforms) > 5
    ((command, line),) = acted.commands
    assert command == "notice"
    assert line == (
        "3.14t, every platform: nothing stops you (2 packages). 3.15t, every platform: nothing stops you (2 packages)."
    )


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "The checkout has no uv.lock"),
        ({"files": "nothing.txt"}, "There is no file"),
        ({"files": "../event.json"}, "is no file of the checkout"),
        ({"files": "/etc/passwd"}, "is no file of the checkout"),
        ({"files": ".git/config"}, "is no file of the checkout"),
        ({"files": ".GIT/config"}, "is no file of the checkout"),
        ({"files": "link.txt"}, "is no file of the checkout"),
        ({"files": "a" * 5_000}, "cannot be read"),
        ({"files": "solid.txt", "fail": "perhaps"}, "Write true or false."),
        ({"files": "solid.txt", "targets": "3.14"}, "3.14"),
        ({"files": "solid.txt", "platform": "amiga"}, "is no platform"),
        ({"files": "solid.txt", "platform": "x\n::add-mask::solid"}, "is no platform"),
        ({"files": "solid.txt", "comment": "::set-env name=X::y"}, "Write true or false."),
    ],
)
async def test_inputs_that_make_no_sense_fail_with_a_sentence(
    runner: Runner, inputs: dict[str, str], said: str
) -> None:
    runner.write("solid.txt", "solid==1.0\n")
    runner.write(".git/config", "[http]\n\textraheader = AUTHORIZATION: basic c2VjcmV0\n")
    (runner.checkout / "link.txt").symlink_to(".git/config")
    acted = await runner.run(**inputs)
    assert acted.code == 2
    assert said in failed(acted)
    assert "No answer:" in acted.summary
    assert "c2VjcmV0" not in acted.log + acted.summary
    assert (acted.outputs["ok"], acted.outputs["blocks"]) == ("", "")


async def test_what_breaks_is_in_the_summary_too(runner: Runner, tmp_path: Path) -> None:
    runner.write("requirements.txt", BLOCKED)
    runner.variables["GITHUB_OUTPUT"] = str(tmp_path)
    acted = await runner.run(only="2")
    assert acted.code == 1
    assert "ftbot: Something broke inside ftbot (IsADirectoryError" in acted.log
    assert "No answer: Something broke inside ftbot." in acted.summary


async def test_what_git_keeps_is_not_shown_by_an_include_either(runner: Runner) -> None:
    runner.write(".git/config", "[http]\n\textraheader = AUTHORIZATION: basic c2VjcmV0\n")
    runner.write("requirements.txt", "solid==1.0\n-r .git/config\n-r ../event.json\n")
    acted = await runner.run()
    assert "-r .git/config" in acted.report
    assert "c2VjcmV0" not in acted.log + acted.summary + acted.report


async def test_an_index_that_is_down_fails_the_step_with_a_sentence(runner: Runner, index: FakeIndex) -> None:
    runner.write("requirements.txt", BLOCKED)
    index.script(refusal(410), times=None)
    acted = await runner.run()
    assert (acted.code, acted.outputs["ok"]) == (4, "")
    assert failed(acted) == "3.14t, Linux x86-64: nothing could be judged."
    assert "none of 2 packages could be judged" in acted.summary


@pytest.mark.parametrize("step", [0, 2])
async def test_it_refuses_to_run_beside_secrets(runner: Runner, pull: FakeIssue, github: FakeGitHub, step: int) -> None:
    runner.write("requirements.txt", BLOCKED)
    runner.event = "pull_request_target"
    acted = await runner.run(only=str(step))
    assert acted.code == 2
    assert failed(acted).startswith("This action does not run on pull_request_target:")
    assert acted.summary.rstrip().endswith("Use pull_request." if step == 0 else "Use pull\\_request.")
    assert (github.requests, pull.comments) == ([], [])


async def test_nothing_in_a_file_is_understood_by_shell_runner_or_markdown(
    runner: Runner, pull: FakeIssue, tmp_path: Path
) -> None:
    hostile = "requirements $(touch pwned);`touch pwned` @everyone ::error::x.txt"
    runner.write(hostile, HOSTILE)
    runner.write("requirements.txt", BLOCKED)
    runner.write("venv.py", "raise SystemExit('code of the checkout was run')\n")
    runner.write(".env", "FTBOT_TRACK=a setting that does not work\n")
    acted = await runner.run(files=f"requirements.txt\n{hostile}")
    assert acted.code == 5, acted.log
    failed(acted)
    assert "pwned" not in {name for _, _, names in os.walk(tmp_path) for name in names}
    (comment,) = pull.comments
    for text in (acted.summary, comment.body):
        assert "everyone" in text
        assert re.search(r"@\w|[^\\]<img|[^\\]\*\*bold|[^\\]\[link|#1|https://example", text) is None
    assert "everyone" not in acted.log


async def test_one_comment_is_written_and_then_edited_in_place(runner: Runner, pull: FakeIssue) -> None:
    runner.write("requirements.txt", BLOCKED)
    for _ in range(150):
        pull.comment("Me too", "somebody")
    acted = await runner.run()
    assert "The comment on the pull request is up to date." in acted.log
    (comment,) = pull.comments[150:]
    assert comment.body.startswith("<!-- ftbot-deps ")
    assert "| behind 1.0 |" in comment.body
    assert "https://github.com/some/application/actions/runs/77" in comment.body
    runner.write("requirements.txt", "solid==1.0\n")
    assert (await runner.run()).code == 0
    assert pull.comments[150:] == [comment]
    assert "nothing stops you" in comment.body


async def test_another_job_has_a_comment_of_its_own(runner: Runner, pull: FakeIssue) -> None:
    runner.write("requirements.txt", BLOCKED)
    await runner.run()
    await runner.run(platform="all")
    assert len(pull.comments) == 2


async def test_where_nothing_stops_the_move_nobody_is_told(runner: Runner, pull: FakeIssue) -> None:
    runner.write("requirements.txt", "solid==1.0\n")
    assert "No comment: nothing stops you." in (await runner.run()).log
    assert pull.comments == []


async def test_somebody_elses_comment_with_the_mark_stays_as_it_is(runner: Runner, pull: FakeIssue) -> None:
    runner.write("requirements.txt", BLOCKED)
    await runner.run()
    (first,) = pull.comments
    mark = first.body.splitlines()[0]
    pull.delete_comment(first)
    foreign = pull.comment(f"{mark}\nMine", "stranger")
    await runner.run()
    assert foreign.body == f"{mark}\nMine"
    assert len(pull.comments) == 2


async def test_a_token_that_may_only_read_is_no_failure(runner: Runner, pull: FakeIssue, github: FakeGitHub) -> None:
    runner.write("requirements.txt", BLOCKED)
    runner.token = token_of(github, "read")  # what a pull request from a fork gets
    acted = await runner.run(fail="false")
    assert (acted.code, pull.comments) == (0, [])
    assert "No comment: the token may not write." in acted.log
    assert "| behind 1.0 |" in acted.summary


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda github: github.fail("/comments", Failure(status=401)), "the token may not write."),
        (lambda github: github.fail("/comments", *[Failure(status=502)] * 9), "answered with status 502."),
        (lambda github: github.fail("/comments", Failure(status=200, body={})), "something else than was asked for."),
        (
            lambda github: github.fail("/comments", Failure(status=403, headers={"Retry-After": "900"})),
            "answered with status 403.",
        ),
        (lambda github: github.fail("/comments", Failure(drop=True), method="POST"), "without an answer."),
    ],
)
async def test_a_github_that_fails_is_no_failure_either(
    runner: Runner, pull: FakeIssue, github: FakeGitHub, prepare: Callable[[FakeGitHub], None], said: str
) -> None:
    runner.write("requirements.txt", BLOCKED)
    prepare(github)
    acted = await runner.run(fail="false")
    assert acted.code == 0
    (line,) = [line for line in acted.log.splitlines() if line.startswith("No comment: ")]
    assert line.endswith(said)
    assert pull.comments == []


@pytest.mark.parametrize(
    ("payload", "inputs", "said"),
    [
        ({}, {}, "this is no pull request."),
        ({"pull_request": []}, {}, "this is no pull request."),
        (None, {"comment": "true", "github_token": ""}, "there is no token."),
    ],
)
async def test_without_a_pull_request_or_a_token_there_is_no_comment(
    runner: Runner, pull: FakeIssue, payload: Mapping[str, object] | None, inputs: dict[str, str], said: str
) -> None:
    runner.write("requirements.txt", BLOCKED)
    runner.payload = runner.payload if payload is None else payload
    acted = await runner.run(**inputs)
    assert f"No comment: {said}" in acted.log
    assert pull.comments == []


async def test_a_comment_that_is_not_wanted_is_not_written(runner: Runner, pull: FakeIssue, github: FakeGitHub) -> None:
    runner.write("requirements.txt", BLOCKED)
    await runner.run(comment="false")
    assert (github.requests, pull.comments) == ([], [])


async def test_thousands_of_lines_fit_into_summary_and_comment(runner: Runner, pull: FakeIssue) -> None:
    runner.write("requirements.txt", BLOCKED + "".join(f"-e ./{'@' * 80}{n}\n" for n in range(6_000)))
    acted = await runner.run()
    assert acted.code == 5, acted.log
    (comment,) = pull.comments
    assert len(acted.summary.encode()) <= 1 << 20
    assert len(comment.body) <= 65_536
    for text in (acted.summary, comment.body):
        assert "| behind 1.0 |" in text
        assert "The rest does not fit" in text
        assert text.count("<details>") == text.count("</details>")


def install_step() -> str:
    """Return the script that installs."""
    (script,) = [step.run for step in read_action().runs.steps if step.id == "install"]
    return script


def test_a_python_that_is_too_old_is_told(tmp_path: Path) -> None:
    programs, summary = tmp_path / "bin", tmp_path / "summary.md"
    programs.mkdir()
    for name in ("python3", "python"):
        (programs / name).write_text("#!/bin/sh\nexit 1\n", "utf-8")
        (programs / name).chmod(0o700)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", install_step()],
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_STEP_SUMMARY": str(summary),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Run actions/setup-python before this action." in done.stdout
    assert summary.read_text("utf-8").startswith("ftbot needs Python 3.11 or newer")


def test_what_is_installed_first_is_uv_by_its_hashes() -> None:
    (command,) = re.findall(r"^sed .*? \"\$GITHUB_ACTION_PATH/requirements.txt\"", install_step(), re.MULTILINE)
    told = subprocess.run(
        ["bash", "-c", command], env=os.environ | {"GITHUB_ACTION_PATH": str(ROOT)}, capture_output=True, check=True
    )
    first, *others = told.stdout.decode().splitlines()
    assert re.fullmatch(r"uv==[\d.]+ \\", first)
    assert others
    assert all(re.match(r" +(--hash=sha256:|# via)", line) for line in others)
