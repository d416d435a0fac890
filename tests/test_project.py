"""The project's own rules that no other check keeps: what may be where, and that its files agree with one another."""

from __future__ import annotations

import ast
import asyncio
import gc
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

import msgspec
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from prometheus_client import CollectorRegistry

from bot.config import Settings
from bot.web.site import Address, Monitoring, Site, serve
from tests.patience import at_most

pytestmark = pytest.mark.no_cover  # they read the program more than they run it

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("ftbot", "bot", "cogs", "storage")
WRITTEN: Final = {"", ".json", ".md", ".py", ".sql", ".toml", ".txt", ".yaml", ".yml"}
"""Endings of the files that people write."""

FORBIDDEN_WORDS: Final = {"base", "common", "handler", "handlers", "helper", "helpers", "manager", "util", "utils"}
SQL: Final = re.compile(
    r"\s*(SELECT\s.+\sFROM|INSERT\s.*INTO|UPDATE\s.+\sSET|DELETE\s+FROM|(CREATE|ALTER|DROP)\s.*(TABLE|INDEX)"
    r"|PRAGMA|BEGIN|COMMIT|ROLLBACK|VACUUM|ATTACH)\b",
    re.DOTALL,
)
PIN: Final = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?P<marker>[^\\\n]*)\\\n(?P<hashes>(?: +--hash=.*\n)+)", re.MULTILINE
)


class Metadata(msgspec.Struct, rename="kebab"):
    """The table ``project``."""

    version: str
    classifiers: list[str]
    dependencies: list[str]
    optional_dependencies: dict[str, list[str]]

    @property
    def everything(self) -> list[str]:
        """Return what the program needs with all its extras."""
        return [*self.dependencies, *(each for extra in self.optional_dependencies.values() for each in extra)]


class BuildSystem(msgspec.Struct):
    """The table ``build-system``."""

    requires: list[str]


class Pyproject(msgspec.Struct, rename="kebab"):
    """What these tests read of pyproject.toml."""

    project: Metadata
    build_system: BuildSystem
    dependency_groups: dict[str, list[str | dict[str, str]]]


@pytest.fixture(scope="module")
def pyproject() -> Pyproject:
    return msgspec.toml.decode((ROOT / "pyproject.toml").read_bytes(), type=Pyproject)


def written() -> Iterator[tuple[str, str]]:
    """Give path and text of every file that people wrote; environments, caches and builds are left out."""
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [
            name
            for name in subfolders
            if (not name.startswith(".") or name in {".ci", ".github"})
            and name not in {"__pycache__", "build", "dist", "htmlcov", "node_modules"}
            and not Path(folder, name, "pyvenv.cfg").exists()
        ]
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix in WRITTEN and not name.startswith((".coverage", ".env")):
                yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


@cache
def parsed(path: Path) -> ast.Module:
    """Parse a module, which takes longer than what a rule does with it."""
    text = path.read_text("utf-8")
    gc.disable()  # what it runs may raise the parser's SystemError in Python 3.11 (python/cpython#106905)
    try:
        return ast.parse(text)
    finally:
        gc.enable()


@pytest.fixture(scope="module", autouse=True)
def nothing_stays_parsed() -> Iterator[None]:
    """Forget all that was parsed after the last of these tests: it is much."""
    yield
    parsed.cache_clear()


def modules(*folders: str) -> dict[str, ast.Module]:
    """Parse every module below the folders."""
    found = {
        path.relative_to(ROOT).as_posix(): parsed(path)
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    }
    assert found, f"no module in {folders}"
    return found


def pages() -> str:
    """Join the pages that users and contributors read."""
    return "\n".join(text for path, text in written() if path.endswith(".md"))


def pins(lock: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Read a lock: name and marker of each pin → its version and hashes."""
    text = (ROOT / lock).read_text("utf-8")
    found = {(pin["name"], pin["marker"].strip()): (pin["version"], pin["hashes"]) for pin in PIN.finditer(text)}
    assert len(found) == len(re.findall("==", re.sub("#.*|;.*", "", text))), f"{lock} has pins without hashes"
    return found


def test_importing_any_part_of_bot_runs_nothing_else() -> None:
    (only,) = modules("bot")["bot/__init__.py"].body
    assert isinstance(only, ast.Expr)
    assert isinstance(only.value, ast.Constant)


def test_the_core_neither_waits_nor_asks_the_clock_nor_touches_files() -> None:
    offenders = []
    for path, tree in modules("bot/core").items():
        for node in ast.walk(tree):
            match node:
                case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
                    offenders.append(f"{path}:{node.lineno} waits")
                case ast.Call(func=ast.Name(id="open" | "print" | "input" as name)):
                    offenders.append(f"{path}:{node.lineno} {name}")
                case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr="now" | "utcnow" | "today" as name):
                    offenders.append(f"{path}:{node.lineno} {name}")
                case ast.Attribute(attr="read_text" | "read_bytes" | "write_text" | "write_bytes" as name):
                    offenders.append(f"{path}:{node.lineno} {name}")
                case _:
                    pass
    assert offenders == []


def test_the_program_imports_nothing_but_what_it_declares(pyproject: Pyproject) -> None:
    imported: set[str] = set()
    for tree in modules(*PACKAGES).values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    providers = packages_distributions()
    declared = {canonicalize_name(Requirement(text).name) for text in pyproject.project.everything}
    undeclared = {
        name
        for name in imported - set(PACKAGES) - sys.stdlib_module_names
        if declared.isdisjoint(canonicalize_name(provider) for provider in providers.get(name, [name]))
    }
    assert undeclared == set()


def test_sql_is_written_in_storage_only() -> None:
    def statements(*folders: str) -> list[str]:
        return [
            f"{path}:{node.lineno}"
            for path, tree in modules(*folders).items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
        ]

    assert statements("bot", "cogs") == []
    assert statements("storage"), "the pattern for SQL recognizes none"


def test_names_say_what_a_thing_is() -> None:
    offenders = []
    for path, tree in modules(*PACKAGES).items():
        names = [
            path,
            *(n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)),
        ]
        words = {name: {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)} for name in names}
        offenders += [f"{path}: {name}" for name, its in words.items() if its & FORBIDDEN_WORDS]
    assert offenders == []


def test_a_public_class_has_a_name_of_its_own() -> None:
    """Whoever searches for a class finds one; only a protocol may be called like what it describes."""
    found: dict[str, list[str]] = {}
    for path, tree in modules(*PACKAGES).items():
        for node in ast.walk(tree):
            match node:
                case ast.ClassDef(bases=[ast.Name(id="Protocol")]):
                    pass
                case ast.ClassDef(name=name) if not name.startswith("_"):
                    found.setdefault(name, []).append(path)
                case _:
                    pass
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def test_every_exception_from_a_check_has_a_code_and_a_reason() -> None:
    reasoned = re.compile(
        r"#\s*((?:ruff: )?noqa: [A-Z]+\d+(, ?[A-Z]+\d+)* [-–—] .+"
        r"|type: ignore\[[a-z, -]+\]\s+#.+"
        r"|pragma: no (cover|branch) [-–—] .+)"
    )
    exception = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:|mypy:|ruff:|pyright:)")
    offenders = [
        f"{path}:{token.start[0]} {token.string}"
        for path, text in written()
        if path.endswith(".py") and exception.search(text)  # looking for comments takes long
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT and exception.match(token.string) and not reasoned.match(token.string)
    ]
    assert offenders == []


def test_every_rule_that_is_switched_off_has_a_reason() -> None:
    switched_off = re.findall(r'^ +"([A-Z]+\d*)",(.*)$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert switched_off
    assert [code for code, comment in switched_off if code != "ALL" and "#" not in comment] == []


def test_what_is_left_to_do_is_in_the_tracker() -> None:
    marker = re.compile(r"\b[T]ODO|\b[F]IXME|\b[X]XX\b")
    assert [path for path, text in written() if marker.search(text)] == []


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-build.txt", "requirements-dev.txt"])
def test_a_lock_names_versions_and_hashes_but_no_place(lock: str) -> None:
    assert pins(lock)
    assert re.findall(r"^-.*|\S*(?:://|file:)\S*|@ .*", (ROOT / lock).read_text("utf-8"), re.MULTILINE) == []


def test_the_lock_of_the_browser_tests_names_hashes_but_no_place() -> None:
    lock = json.loads((ROOT / "tests" / "browser" / "package-lock.json").read_text("utf-8"))
    packages = [each for path, each in lock["packages"].items() if path]
    assert packages
    assert all("integrity" in each and "resolved" not in each for each in packages)


def test_the_locks_agree() -> None:
    development = pins("requirements-dev.txt")
    for lock in ("requirements.txt", "requirements-build.txt"):
        assert pins(lock).items() <= development.items(), f"{lock} and requirements-dev.txt differ: make lock"


def test_the_locks_satisfy_what_the_project_asks_for(pyproject: Pyproject) -> None:
    wanted = {
        "requirements.txt": pyproject.project.everything,
        "requirements-build.txt": pyproject.build_system.requires,
        "requirements-dev.txt": [item for item in pyproject.dependency_groups["dev"] if isinstance(item, str)],
    }
    for lock, requirements in wanted.items():
        locked = pins(lock)
        for requirement in map(Requirement, requirements):
            versions = [
                version for (name, _), (version, _) in locked.items() if name == canonicalize_name(requirement.name)
            ]
            assert versions, f"{lock} lacks {requirement}: make lock"
            assert all(requirement.specifier.contains(version) for version in versions), (
                f"{lock}, {requirement}: make lock"
            )


def test_the_build_group_is_what_the_build_needs(pyproject: Pyproject) -> None:
    assert pyproject.dependency_groups["build"] == pyproject.build_system.requires


def test_requests_name_the_version_that_sends_them(pyproject: Pyproject) -> None:
    assert f"ftbot/{pyproject.project.version} " in Settings().user_agent


def test_every_setting_is_explained() -> None:
    assert {f"FTBOT_{name.upper()}" for name in Settings.model_fields} - set(
        re.findall(r"FTBOT_[A-Z_]+", pages())
    ) == set()


def test_every_setting_that_a_file_names_exists() -> None:
    named = {
        (path, name)
        for path, text in written()
        if path.endswith((".md", ".yaml", ".yml")) or path in {"Dockerfile", "Makefile"}
        for name in re.findall(r"FTBOT_[A-Z_]*[A-Z]", text)
        if not name.startswith("FTBOT_TEST_")
    }
    assert named
    assert {
        (path, name) for path, name in named if name.removeprefix("FTBOT_").lower() not in Settings.model_fields
    } == set()


def image_variables() -> dict[str, str]:
    """Return the program's settings that the image sets."""
    return dict(re.findall(r"\b(FTBOT_[A-Z_]+)=(\S+)", (ROOT / "Dockerfile").read_text("utf-8")))


def test_the_image_serves_health_and_metrics_where_nobody_publishes_them() -> None:
    variables = image_variables()
    exposed = re.findall(r"^EXPOSE (.+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert exposed == [str(Settings().http_port)]
    assert variables["FTBOT_METRICS_PORT"] not in exposed
    published = re.findall(r"^ +- \"(.*:.*)\"$", (ROOT / "compose.yaml").read_text("utf-8"), re.MULTILINE)
    port = "${FTBOT_HTTP_PORT:-8080}"
    assert published == [f"127.0.0.1:{port}:{port}"]
    assert f"FTBOT_HTTP_PORT: {port}\n" in (ROOT / "compose.yaml").read_text("utf-8")


class Service(msgspec.Struct):
    """A service of a compose file, as far as it is looked at."""

    environment: dict[str, str]
    networks: list[str]
    ports: list[str] = []


class Fleet(msgspec.Struct):
    """``compose.fleet.yaml``."""

    services: dict[str, Service]
    networks: dict[str, dict[str, object]]


def test_the_fleet_publishes_its_proxy_alone_which_leads_to_what_the_world_may_see() -> None:
    fleet = msgspec.convert(yaml.safe_load((ROOT / "compose.fleet.yaml").read_text("utf-8")), Fleet)
    bots = {name: service for name, service in fleet.services.items() if name.startswith("ftbot-")}
    assert len(bots) == 3
    assert len({str(service.environment) for service in bots.values()}) == 1
    (settings, *_) = (service.environment for service in bots.values())
    assert {name for name, service in fleet.services.items() if service.ports} == {"proxy"}
    assert fleet.networks["inside"]["internal"] is True
    assert (fleet.services["postgres"].networks, fleet.services["proxy"].networks) == (["inside"], ["outside"])
    proxied = (ROOT / "docs" / "fleet" / "Caddyfile").read_text("utf-8")
    served = f"reverse_proxy {' '.join(f'{name}:' + settings['FTBOT_HTTP_PORT'] for name in sorted(bots))} {{"
    assert served in proxied
    assert f"health_port {settings['FTBOT_METRICS_PORT']}\n" in proxied
    assert str(fleet.networks["outside"]).count(settings["FTBOT_TRUSTED_PROXIES"]) == 1


@pytest.mark.parametrize(
    "variables",
    [
        {"FTBOT_METRICS_PORT": "{there}", "FTBOT_METRICS_HOST": "{everywhere}", "FTBOT_HTTP_PORT": "9"},
        {"FTBOT_METRICS_PORT": "{there}", "FTBOT_METRICS_HOST": "", "FTBOT_HTTP_HOST": "192.0.2.1"},
        {"FTBOT_METRICS_PORT": "{there}", "FTBOT_METRICS_HOST": "127.0.0.1"},
        {"FTBOT_METRICS_PORT": "", "FTBOT_HTTP_PORT": "{there}", "FTBOT_HTTP_HOST": "{everywhere}"},
        {"FTBOT_METRICS_PORT": "", "FTBOT_HTTP_PORT": "{there}"},
    ],
)
@pytest.mark.parametrize("path", ["/healthz", "/nothing"])
async def test_the_health_check_of_the_image_asks_where_health_is_served(variables: dict[str, str], path: str) -> None:
    command = re.search(r"^ +CMD (\[.*\])$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert command is not None
    _, *arguments = msgspec.json.decode(command[1].replace("/healthz", path), type=list[str])

    async def readiness() -> dict[str, bool]:
        return {}

    site = Site(Monitoring(CollectorRegistry(), readiness))
    async with serve(site, Address("127.0.0.1", 0)) as port:
        environment = {
            name: value.format(there=port, everywhere=image_variables()["FTBOT_METRICS_HOST"])
            for name, value in variables.items()
        }
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment)
        assert await asyncio.wait_for(process.wait(), at_most(60)) == (path != "/healthz")


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^[ $]*|`)(?:[A-Z]+=\S+ )*make ([a-z-]+)", pages(), re.MULTILINE))
    assert named
    assert named <= targets


def test_every_python_that_the_project_promises_is_checked(pyproject: Pyproject) -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    prefix = "Programming Language :: Python :: "
    promised = {
        text.removeprefix(prefix) for text in pyproject.project.classifiers if re.match(prefix + r"3\.\d", text)
    }
    assert promised | {"3.14t"} == set(re.findall(r'"(3\.\d+t?)"', workflow))


def test_workflows_pin_their_actions_and_say_to_which_release() -> None:
    used = re.findall(r"uses: *(.+)", (ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    assert used
    assert [
        action for action in used if not re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    ] == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="CI runs on systems with bash")
def test_ci_runs_the_gate_without_what_the_machine_sets_for_python(tmp_path: Path) -> None:
    make = tmp_path / "make"
    make.write_text('#!/bin/sh\necho "$@"\nenv\n', "utf-8")
    make.chmod(0o700)
    of_the_machine = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": "/elsewhere", "PYTHON_GIL": "1", "PYTHON": "python2"}
    done = subprocess.run(
        ["bash", ROOT / ".ci" / "run"],
        env=os.environ | of_the_machine | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    first, *variables = done.stdout.splitlines()
    assert first == "check"
    assert [line for line in variables if line.startswith("PYTHON")] == []


def test_what_tests_start_runs_without_what_the_machine_sets_for_python() -> None:
    program = "import os; print([name for name in os.environ if name.startswith('PYTHON')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
