"""The guide's inventory: fetched from its own site alone, and never more of it than is read."""

from __future__ import annotations

import pytest

from bot.clients.guide import InventorySource
from bot.clients.web import Http, Patience
from bot.core.errors import UpstreamError
from bot.core.guide.inventory import LONGEST_INVENTORY
from tests.fakes.fake_index import Endless, FakeIndex, Fault, redirect, refusal
from tests.patience import at_most

HURRIED = Patience(attempts=1, deadline=at_most(60))


async def test_it_is_downloaded(http: Http) -> None:
    async with FakeIndex() as server:
        server.serve_raw("/en/objects.inv", body=b"# Sphinx", content_type="application/octet-stream")
        assert await InventorySource(http, f"{server.url}/en/objects.inv", HURRIED).fetch() == b"# Sphinx"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (refusal(404), r"The guide has no inventory \(404\)\."),
        (refusal(503), "503"),
        (redirect("http://192.0.2.1/objects.inv"), "redirect"),
        (Endless(LONGEST_INVENTORY + 1), "more than"),
        (Endless(LONGEST_INVENTORY + 1, compressed=True), "more than"),
    ],
)
async def test_what_cannot_be_had_is_told_in_a_sentence(http: Http, fault: Fault, says: str) -> None:
    async with FakeIndex() as server:
        server.serve_raw("/objects.inv", body=b"# Sphinx")
        server.script(fault, path="/objects.inv", times=None)
        with pytest.raises(UpstreamError, match=says):
            await InventorySource(http, f"{server.url}/objects.inv", HURRIED).fetch()
