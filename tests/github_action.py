"""Runs the steps of ``action.yml`` as a runner of GitHub Actions does, but for the installing one."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import yaml

from tests.conftest import ROOT
from tests.patience import at_most

_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
_COMMAND = re.compile(r"^::([\w-]+)(?: [^:]*)?::(.*)$")


class Input(msgspec.Struct):
    """An input of the action."""

    description: str
    default: str


class Output(msgspec.Struct):
    """An output of the action."""

    description: str
    value: str


class Step(msgspec.Struct):
    """A step of the action."""

    name: str
    shell: str = ""
    run: str = ""
    id: str = ""
    uses: str = ""
    env: dict[str, str] = {}


class Runs(msgspec.Struct):
    """What the action does."""

    using: str
    steps: list[Step]


class Action(msgspec.Struct):
    """What tests read of ``action.yml``."""

    inputs: dict[str, Input]
    outputs: dict[str, Output]
    runs: Runs


def read_action() -> Action:
    """Read ``action.yml``."""
    return msgspec.convert(yaml.safe_load((ROOT / "action.yml").read_text("utf-8")), type=Action)


class Judged(msgspec.Struct):
    """A package in a report."""

    package: str
    blocks: bool


class DependencyAnswer(msgspec.Struct):
    """What tests read of an answer in a report."""

    target: str
    platforms: list[str]
    files: list[dict[str, str]]
    packages: list[Judged]


@dataclass(frozen=True, slots=True)
class Acted:
    """How the action ended, and what GitHub got: ``commands`` are those that its runner would have obeyed."""

    code: int
    log: str
    summary: str
    outputs: Mapping[str, str]
    report: str

    @property
    def reports(self) -> list[DependencyAnswer]:
        """Return the answers in the report."""
        return [msgspec.json.decode(line, type=DependencyAnswer) for line in self.report.splitlines()]

    @property
    def commands(self) -> list[tuple[str, str]]:
        """Return the commands with what they say, as the runner reads the log."""
        found: list[tuple[str, str]] = []
        stopped = ""
        for line in self.log.splitlines():
            said = _COMMAND.match(line.lstrip())
            if stopped:
                stopped = "" if line.strip() == f"::{stopped}::" else stopped
            elif said is None:
                assert "##[" not in line
            elif said[1] == "stop-commands":
                stopped = said[2]
            else:
                found.append((said[1], said[2]))
        return found


@dataclass(slots=True)
class Runner:
    """A runner with a checkout; ``event`` with its ``payload`` is what started the workflow."""

    folder: Path
    event: str = "push"
    payload: Mapping[str, object] = field(default_factory=dict)
    token: str = ""
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def checkout(self) -> Path:
        """Return the folder with the files of the repository."""
        return self.folder / "work space"

    def write(self, name: str, text: str) -> None:
        """Write a file of the repository."""
        path = self.checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    async def run(self, *, only: str = "", **inputs: str) -> Acted:
        """Run the action with inputs, whose hyphens are underscores here; ``only`` is the number of one step."""
        return await asyncio.to_thread(self._run, only, {name.replace("_", "-"): text for name, text in inputs.items()})

    def _run(self, only: str, inputs: dict[str, str]) -> Acted:
        action = read_action()
        self.checkout.mkdir(exist_ok=True)
        self._temporary.mkdir(exist_ok=True)
        self._event.write_text(json.dumps(self.payload), "utf-8")
        given = {name: each.default for name, each in action.inputs.items()} | inputs
        values = {f"inputs.{name}": _expanded(text, {"github.token": self.token}) for name, text in given.items()}
        values["steps.install.outputs.program"] = str(Path(sys.executable).with_name("ftbot"))
        log, summary, code = "", "", 0
        for number, step in enumerate(action.runs.steps):
            if step.id == "install" or only not in {"", str(number)}:
                continue
            done, part, outputs = self._step(step, values)
            log, summary, code = log + done.stdout.decode(), summary + part, done.returncode
            values |= {f"steps.{step.id}.outputs.{name}": text for name, text in outputs.items()}
            if code:
                break
        answer = {name: _expanded(each.value, values) for name, each in action.outputs.items()}
        report = Path(answer["report"]).read_text("utf-8") if answer["report"] else ""
        return Acted(code, log, summary, answer, report)

    @property
    def _event(self) -> Path:
        return self.folder / "event.json"

    @property
    def _temporary(self) -> Path:
        return self.folder / "runner temp"

    def _step(
        self, step: Step, values: Mapping[str, str]
    ) -> tuple[subprocess.CompletedProcess[bytes], str, dict[str, str]]:
        """Run a step; give how it ended, what it added to the summary, and its outputs."""
        script, output, summary = (self.folder / f"step.{ending}" for ending in ("sh", "output", "md"))
        script.write_text(step.run, "utf-8")
        output.write_text("", "utf-8")
        summary.write_text("", "utf-8")
        variables = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_EVENT_PATH": str(self._event),
            "GITHUB_JOB": "free-threading",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "some/application",
            "GITHUB_RUN_ID": "77",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_WORKFLOW": "CI",
            "GITHUB_WORKSPACE": str(self.checkout),
            "RUNNER_TEMP": str(self._temporary),
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=self.checkout,
            env=os.environ | variables | self.variables | {k: _expanded(v, values) for k, v in step.env.items()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=at_most(60),
            check=False,
        )
        lines = output.read_text("utf-8").splitlines()
        return (
            done,
            summary.read_text("utf-8"),
            {name: text for name, _, text in (line.partition("=") for line in lines)},
        )


def _expanded(text: str, values: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda found: values.get(found[1], ""), text)
