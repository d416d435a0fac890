"""The API does what its own description says, whatever is asked that it allows, and much that it forbids."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from queue import Queue

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from bot.core.schema.openapi import openapi
from bot.core.site.budget import SharedBudget, TokenBudget
from tests.core.pages import T314, T315
from tests.fakes.fake_index import FakeIndex
from tests.patience import at_most
from tests.web.sites import Rig, open_rig

_DESCRIBED = openapi((T314, T315), "1.0", None)
_SCHEMA = schemathesis.openapi.from_dict(_DESCRIBED)
_OPERATIONS = [
    ("/api/v1/packages/{name}", "GET"),
    ("/api/v1/packages", "GET"),
    ("/api/v1/history", "GET"),
    ("/api/v1/digests/{week}", "GET"),
    ("/api/v1/moves", "GET"),
    ("/api/v1/deps", "POST"),
]
_WITH_RULES = [each for each in _OPERATIONS if each[0] != "/api/v1/packages/{name}"]
"""Those of which something can be asked that the description forbids; a name is any text."""


def _unbounded() -> SharedBudget:
    return SharedBudget(TokenBudget(10**9, 1.0), TokenBudget(10**9, 1.0))


@pytest.fixture(scope="module")
def base_url(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the site from a thread of its own, as what asks it waits for each answer."""
    path = tmp_path_factory.mktemp("described") / "ftbot.db"
    path.write_bytes(migrated_database.read_bytes())
    served: Future[str] = Future()
    ended: Queue[None] = Queue()

    async def serve() -> None:
        async with FakeIndex() as index, open_rig(index, path) as rig:
            _lift_budgets(rig)
            served.set_result(f"http://127.0.0.1:{rig.port}")
            await asyncio.to_thread(ended.get)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    yield served.result(timeout=at_most(60))
    ended.put(None)
    thread.join()


def _lift_budgets(rig: Rig) -> None:
    rig.site.pages.serving.budget = _unbounded()
    for face in rig.site.pages.faces:
        dependencies = getattr(face, "dependencies", None)
        if dependencies is not None:
            dependencies.budget = _unbounded()


def test_every_address_of_the_api_is_described() -> None:
    paths = _DESCRIBED["paths"]
    assert isinstance(paths, dict)
    assert {(path, method.upper()) for path, methods in paths.items() for method in methods} == set(_OPERATIONS)


def test_the_description_is_openapi() -> None:
    assert sum(1 for _ in _SCHEMA.get_all_operations()) == len(_OPERATIONS)
    components = _DESCRIBED["components"]
    assert isinstance(components, dict)
    for schema in components["schemas"].values():
        jsonschema_rs.validator_for({**schema, "components": components})


@pytest.mark.parametrize(("path", "method"), _OPERATIONS)
@settings(suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_api_answers_as_it_is_described(base_url: str, path: str, method: str, data: st.DataObject) -> None:
    case = data.draw(_SCHEMA[path][method].as_strategy())
    # A cursor that nobody was given, and a file that cannot be read, look like any other text.
    case.call_and_validate(base_url=base_url, excluded_checks=[positive_data_acceptance])


@pytest.mark.parametrize(("path", "method"), _WITH_RULES)
@settings(suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_the_description_forbids_is_refused_and_breaks_nothing(
    base_url: str, path: str, method: str, data: st.DataObject
) -> None:
    operation = _SCHEMA[path][method]
    case = data.draw(operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
    answer = case.call(base_url=base_url)
    assert answer.status_code < 500
