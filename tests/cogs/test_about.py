"""``/fthelp`` and ``/ftabout`` tell what the bot can do and what it is, only to who asked."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from tests.fakes.discord_json import text
from tests.fakes.discord_world import Guild
from tests.fakes.fake_discord import FakeDiscord


@pytest.mark.usefixtures("bot")
async def test_help_lists_every_command_with_its_options(fake: FakeDiscord) -> None:
    message = await fake.slash("fthelp").shown()
    assert message.ephemeral
    assert message.text() == snapshot("""\
### Which packages work on free-threaded Python?
`/ftstatus package [python] [private]` — Does a package install on free-threaded Python? Per Python and platform, from PyPI
`/ftdeps [file] [packages] [python] [platform] [private]` — Which dependencies stop your application from moving to free-threaded Python?
`/ftabout` — What this bot is, and where its answers come from
`/ftcompare first second [third] [fourth] [private]` — Packages side by side: wheels by Python and platform, the GIL, releases
`/ftguide topic [private]` — Where the free-threading guide tells how: pybind11, cibuildwheel, data races…
`/fthelp` — What this bot can do
`/ftlist [python] [verdict] [gil] [only] [order] [private]` — The tracked packages, by Python, verdict and GIL: who has wheels, who lags
`/ftprivacy delete` — Delete all that I have stored about you
`/ftprivacy show` — Show all that I have stored about you
`/ftwatch add packages [python] [event] [channel]` — Tell me when something changes for packages; up to 50, 100 for a channel
`/ftwatch list [channel]` — What is watched, and whether it can be told
`/ftwatch pause [days] [packages] [channel]` — Let watches rest; what happens meanwhile is not told later
`/ftwatch remove packages [channel]` — Stop watching packages
A wheel shows that a build exists, not that it is thread-safe.
`abi3` wheels do not work on free-threaded Python; `abi3t` ones do, from 3.15t on.
Pure Python packages need no wheel of their own.
[Free-threading guide](https://py-free-threading.github.io/) [Source and issues](https://example.org/ftbot)\
""")  # noqa: E501 - a line that people read
    assert all(f"`/{text(command, 'name')}" in message.text() for command in fake.commands)


@pytest.mark.usefixtures("bot")
async def test_about_says_what_it_is_and_what_it_stores(fake: FakeDiscord) -> None:
    fake.join(Guild("NumPy"))
    message = await fake.slash("ftabout", dm=True).shown()
    assert message.ephemeral
    assert message.text() == snapshot("""\
### ftbot 1.2.3
Answers from the file names, upload times and classifiers on PyPI; nothing is installed or run.
Started <t:1795424400:R> on Python 3.14.1, free-threaded.
In 2 servers.
It reads only its own messages, stores about people nothing but what they ask it to watch (`/ftprivacy`) and no file that it is given, and mentions only a role that admins chose.
[Free-threading guide](https://py-free-threading.github.io/) [Source and issues](https://example.org/ftbot)\
""")  # noqa: E501 - a line that people read


@pytest.mark.usefixtures("bot")
async def test_both_can_be_used_where_only_the_user_installed_the_bot(fake: FakeDiscord) -> None:
    for command in ("fthelp", "ftabout"):
        assert (await fake.slash(command, guild=Guild("Elsewhere")).shown()).ephemeral
