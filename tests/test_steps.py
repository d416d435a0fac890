"""The guard on changes of state notices one that the page does not list."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.triage.changeset import Changeset
from storage.engine.sqlite import open_database
from storage.github.changesets import Changesets
from tests.steps import only_documented_steps
from tests.storage.made_threads import ADD, NOW


@pytest.mark.parametrize(("state", "fails"), [("sent", False), ("done", True)])
async def test_a_change_that_is_not_listed_fails(tmp_path: Path, state: str, fails: bool) -> None:
    async with open_database(tmp_path / "ftbot.db") as database:
        await Changesets(database).record(Changeset(actions=(ADD,)), NOW)
        guard = only_documented_steps(database, "outbox")
        await guard.__aenter__()
        async with database.transaction() as transaction:
            await transaction.run("UPDATE outbox SET state = ?", (state,))
        if fails:
            with pytest.raises(AssertionError, match="done"):
                await guard.__aexit__(None, None, None)
        else:
            await guard.__aexit__(None, None, None)
