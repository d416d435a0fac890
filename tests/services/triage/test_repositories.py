"""What is known of a repository is asked for rarely, and again where it matters."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.clients.github.reader import open_github_reader
from bot.core.triage.actions import Mode
from bot.services.triage.repositories import LABELS_ARE_BELIEVED, SETTINGS_ARE_BELIEVED, RepositoryFacts
from tests.fakes.fake_github import FakeGitHub
from tests.fakes.github_world import FakeRepository
from tests.services.lookups import QUICK, Clock
from tests.services.triages import install, settings


@pytest.fixture
async def github(clock: Clock) -> AsyncIterator[FakeGitHub]:
    async with FakeGitHub(now=clock) as running:
        yield running
    assert running.violations == []


@pytest.fixture
def repository(github: FakeGitHub) -> FakeRepository:
    return install(github)


@pytest.fixture
async def facts(github: FakeGitHub, clock: Clock) -> AsyncIterator[RepositoryFacts]:
    async with open_github_reader(
        github.url, github.token, user_agent="ftbot-tests", now=clock, patience=QUICK
    ) as reader:
        yield RepositoryFacts(reader, clock)


async def test_settings_are_read_again_after_two_minutes(
    facts: RepositoryFacts, github: FakeGitHub, repository: FakeRepository, clock: Clock
) -> None:
    assert (await facts.policy("demo/demo")).settings.mode is Mode.APPLY
    repository.files[".github/ftbot.toml"] = settings("off")
    clock.advance(seconds=SETTINGS_ARE_BELIEVED.total_seconds() - 1)
    assert (await facts.policy("Demo/Demo")).settings.mode is Mode.APPLY
    assert github.count("GET", "/contents/") == 1
    clock.advance(seconds=1)
    assert (await facts.policy("demo/demo")).settings.mode is Mode.OFF


async def test_a_clock_that_is_set_back_keeps_no_old_settings(
    facts: RepositoryFacts, repository: FakeRepository, clock: Clock
) -> None:
    await facts.policy("demo/demo")
    repository.files[".github/ftbot.toml"] = settings("off")
    clock.advance(days=-1)
    assert (await facts.policy("demo/demo")).settings.mode is Mode.OFF


@pytest.mark.parametrize("body", [b"version = 2\n", b"mode = apply", b"\xff", b"#" * 70_000, b"a" * 1_500_000])
async def test_settings_that_cannot_be_read_are_dry_run_and_their_problems_are_known(
    facts: RepositoryFacts, repository: FakeRepository, body: bytes
) -> None:
    repository.files[".github/ftbot.toml"] = body
    policy = await facts.policy("demo/demo")
    assert policy.settings.mode is Mode.DRY_RUN
    assert policy.problems
    assert policy.digest


async def test_without_settings_the_defaults_hold(facts: RepositoryFacts, repository: FakeRepository) -> None:
    del repository.files[".github/ftbot.toml"]
    policy = await facts.policy("demo/demo")
    assert (policy.settings.mode, policy.problems, policy.digest) == (Mode.DRY_RUN, (), "")


async def test_labels_are_read_again_where_one_is_missing_and_after_a_while(
    facts: RepositoryFacts, github: FakeGitHub, repository: FakeRepository, clock: Clock
) -> None:
    assert "type-crash" in await facts.labels("demo/demo", ["TYPE-CRASH"])
    clock.advance(minutes=1)
    assert "type-crash" in await facts.labels("demo/demo", ["type-crash"])
    assert github.count("GET", "/labels$") == 1
    repository.add_label("new")
    assert "new" in await facts.labels("demo/demo", ["new"])
    repository.delete_label("new")
    clock.advance(seconds=LABELS_ARE_BELIEVED.total_seconds())
    assert "new" not in await facts.labels("demo/demo", [])


async def test_a_label_that_nobody_made_is_not_looked_for_again_and_again(
    facts: RepositoryFacts, github: FakeGitHub, repository: FakeRepository
) -> None:
    assert repository.installed
    for _ in range(5):
        await facts.labels("demo/demo", ["never-made"])
    assert github.count("GET", "/labels$") == 1


async def test_who_cannot_write_has_no_name_and_is_installed_nowhere(
    facts: RepositoryFacts, repository: FakeRepository
) -> None:
    assert repository.installed
    assert await facts.login() == ""
    assert not await facts.installed("demo/demo")
