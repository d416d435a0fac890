# ruff: noqa: E501 - the cards are written here as people get them
"""``/ftdeps`` as people in Discord see it: files and names, pages, the table, and every way it can go wrong."""

from __future__ import annotations

import asyncio
import csv
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.core.errors import UnresolvableError, UpstreamError
from cogs.deps import LARGEST_ATTACHMENT, MOST_CHECKS, MOST_ENTRIES
from tests.cogs.conftest import Bot, Clock, Log, World
from tests.fakes.discord_interactions import Answer, CallbackType
from tests.fakes.discord_world import Attachment, Guild, Message
from tests.fakes.fake_discord import FakeDiscord
from tests.fakes.fake_index import FakeIndex, refusal
from tests.fakes.index_pages import wheels

GIL, FREE = "cp314-cp314-manylinux_2_28_x86_64", "cp314-cp314t-manylinux_2_28_x86_64"
HOSTILE = "@everyone <@123456789012345678> [free](https://evil.example) **b** ||s|| `c` <t:0:R> # h"

LOCK = """\
version = 1
revision = 3
requires-python = ">=3.12"

[[package]]
name = "shop"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "six" }, { name = "tornado" }, { name = "acme-internal" }]

[[package]]
name = "six"
version = "1.17.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "tornado"
version = "6.5.4"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "acme-internal"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
"""


@pytest.fixture(autouse=True)
def published(index: FakeIndex) -> None:
    index.publish("tornado", [*wheels("tornado", "6.5.4", GIL), *wheels("tornado", "6.6", GIL, FREE)])


def lock(index: FakeIndex) -> Attachment:
    return Attachment("uv.lock", LOCK.replace("https://pypi.org/simple", index.index_url).encode())


def requirements(text: str | bytes, name: str = "requirements.txt") -> Attachment:
    return Attachment(name, text if isinstance(text, bytes) else text.encode())


def button(message: Message, label: str) -> str:
    return next(each.custom_id for each in message.buttons() if each.label == label)


def selects(message: Message) -> list[str]:
    return re.findall(r"'custom_id': '(ft1:dk:[^']+)'", str(message.components))


def stored(database: Path) -> bytes:
    """Return all that a database keeps in its files."""
    return b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))


async def refused(answer: Answer) -> str:
    """Return what only who asked is told, in place of a card."""
    message = await answer.shown()
    assert (message.ephemeral, message.uses_components_v2, message.pings) == (True, False, ())
    return message.text()


# Answers


@pytest.mark.usefixtures("bot")
async def test_a_lock_is_answered_only_to_who_asked(fake: FakeDiscord, index: FakeIndex) -> None:
    answer = fake.slash("ftdeps", file=lock(index))
    message = await answer.shown()
    assert (message.ephemeral, message.pings, message.uses_components_v2) == (True, (), True)
    assert fake.messages(fake.guild.channel("general")) == []
    assert message.text() == snapshot("""\
### ⛔ shop on 3.14t, Linux x86-64: 1 of 3 stops you; it works in a newer version; 1 could not be told.
**⛔ Stops you (1)**
- **tornado 6.5.4** — blocked · works from 6.6 · via shop
**✅ Ready (1)**
- **six 1.17.0** — pure Python · via shop
**❔ Could not be told (1)**
- **acme-internal 1.0** — The index has no such project; it may be a private one. · via shop
[Show only…: Everything (3) | ⛔ Stops you (1) | ✅ Ready (1) | ❔ Could not be told (1)]
[CSV with everything] [Watch the blockers]
-# Read from uv.lock · versions as they are pinned · kept in memory for an hour. A wheel shows that a build exists, not that it is thread-safe.\
""")


@pytest.mark.usefixtures("bot")
async def test_names_are_asked_about_as_on_the_command_line(world: World, fake: FakeDiscord) -> None:
    message = await fake.slash("ftdeps", packages="six, Demo>=1,<3 'six[x]>1; python_version > \"3\"'").shown()
    assert message.text() == snapshot("""\
### 🟡 six and 2 more on 3.14t, Linux x86-64: nothing stops you (2 packages); 1 could not be told.
**🟡 Works, but not on every platform (1)**
- **demo 1.0** — partly
**❔ Could not be told (1)**
- **six 1.0** — The index has no release 1.0 of it; it may have been deleted.
[Show only…: Everything (2) | 🟡 Works, but not on every platform (1) | ❔ Could not be told (1)]
[CSV with everything]
-# Versions as an installer would choose them now · kept in memory for an hour. A wheel shows that a build exists, not that it is thread-safe.\
""")
    assert [name for name, _, _ in world.chooser.asked] == ["six", "demo", "six"]


@pytest.mark.usefixtures("bot")
async def test_a_file_and_names_are_one_application(fake: FakeDiscord, index: FakeIndex) -> None:
    message = await fake.slash("ftdeps", file=lock(index), packages="demo").shown()
    assert "demo 1.0" in message.text()
    assert "tornado 6.5.4" in message.text()


@pytest.mark.usefixtures("bot")
async def test_python_and_platform_can_be_chosen(world: World, fake: FakeDiscord) -> None:
    message = await fake.slash("ftdeps", packages="demo", python="3.15t", platform="win_arm64").shown()
    assert "demo on 3.15t, Windows arm64" in message.text().splitlines()[0]
    everywhere = await fake.slash("ftdeps", packages="demo", platform="all").shown()
    assert "demo on 3.14t, every platform" in everywhere.text()
    assert len({platform for _, target, platform in world.chooser.asked if target.minor == 14}) == 9


@pytest.mark.usefixtures("bot")
async def test_an_answer_may_be_for_everybody(fake: FakeDiscord) -> None:
    message = await fake.slash("ftdeps", packages="demo", private=False).shown()
    assert not message.ephemeral
    assert fake.messages(fake.guild.channel("general")) == [message]


@pytest.mark.usefixtures("bot")
async def test_where_only_the_user_installed_the_bot_it_is_private_all_the_same(fake: FakeDiscord) -> None:
    elsewhere = await fake.slash("ftdeps", packages="demo", private=False, guild=Guild("Elsewhere")).shown()
    assert elsewhere.ephemeral
    assert (await fake.slash("ftdeps", packages="demo", dm=True).shown()).text()


@pytest.mark.usefixtures("bot")
async def test_what_takes_long_is_promised_and_then_given(
    world: World, fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.deps.DIRECTLY", 0.001)
    world.chooser.proceed.clear()
    answer = fake.slash("ftdeps", packages="demo")
    assert (await answer.callback).type is CallbackType.DEFERRED_MESSAGE
    world.chooser.proceed.set()
    message = await answer.shown()
    assert (message.ephemeral, "demo 1.0" in message.text()) == (True, True)


@pytest.mark.usefixtures("bot")
async def test_it_may_take_longer_than_other_answers(
    world: World, fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.conversations.LONGEST", 0.0)
    world.chooser.proceed.clear()
    answer = fake.slash("ftdeps", packages="demo")
    assert "took too long" in (await fake.slash("fthelp").shown()).text()
    world.chooser.proceed.set()
    assert "demo 1.0" in (await answer.shown()).text()


@pytest.mark.usefixtures("bot")
async def test_the_button_of_a_status_card_answers_about_its_package(world: World, fake: FakeDiscord) -> None:
    card = await fake.slash("ftstatus", package="demo", python="3.15t").shown()
    answer = fake.click(card, button(card, "Dependencies"), user="grace")
    message = await answer.shown()
    assert (message.ephemeral, message.reader) == (True, fake.guild.member("grace").user)
    assert "demo on 3.15t, Linux x86-64" in message.text()
    assert [(name, target.minor) for name, target, _ in world.chooser.asked] == [("demo", 15)]
    assert not card.ephemeral


@pytest.mark.usefixtures("bot")
async def test_a_package_without_a_release_has_no_such_button(fake: FakeDiscord, index: FakeIndex) -> None:
    index.publish("empty", [])
    card = await fake.slash("ftstatus", package="empty").shown()
    assert "Dependencies" not in card.text()


# Looking through an answer


@pytest.fixture
def many(index: FakeIndex) -> Attachment:
    """Publish 25 packages, of which three stop a move, and give a file that demands them."""
    names = [f"part{number:02}" for number in range(25)]
    for number, name in enumerate(names):
        index.publish(name, wheels(name, "1.0", GIL) if number < 3 else wheels(name, "1.0", GIL, FREE))
    return requirements("".join(f"{name}==1.0\n" for name in [*names, "-e ."]))


@pytest.mark.usefixtures("bot")
async def test_pages_lead_through_everything(fake: FakeDiscord, many: Attachment) -> None:
    message = await fake.slash("ftdeps", file=many).shown()
    seen = []
    for _ in range(3):
        seen += re.findall(r"^- \*\*(part\d\d) 1\.0\*\*", message.text(), re.MULTILINE)
        more = next(each for each in message.buttons() if each.label == "More ▶")
        if more.disabled:
            break
        click = fake.click(message, more.custom_id)
        assert (await click.callback).type is CallbackType.UPDATE_MESSAGE
    assert sorted(seen) == [f"part{number:02}" for number in range(25)]
    assert "Page 3 of 3" in message.text()
    await fake.click(message, button(message, "◀ Back")).callback
    assert "Page 2 of 3" in message.text()


@pytest.mark.usefixtures("bot")
async def test_one_kind_can_be_looked_at_alone(fake: FakeDiscord, many: Attachment) -> None:
    message = await fake.slash("ftdeps", file=many).shown()
    await fake.select(message, *selects(message), "blocks").callback
    assert re.findall(r"^- \*\*(part\d\d)", message.text(), re.MULTILINE) == ["part00", "part01", "part02"]
    await fake.select(message, *selects(message), "not_read").callback
    assert message.text() == snapshot("""\
### ⛔ requirements.txt on 3.14t, Linux x86-64: 3 of 25 stop you.
**Not read (1)**
- requirements.txt\\:26: -e .==1.0: an editable project: only packages of an index are read
[Show only…: Everything (26) | ⛔ Stops you (3) | ✅ Ready (22) | Not read (1)]
[CSV with everything] [Watch the blockers]
-# Read from requirements.txt · versions as they are pinned · kept in memory for an hour. A wheel shows that a build exists, not that it is thread-safe.\
""")


@pytest.mark.usefixtures("bot")
async def test_the_table_has_everything_and_is_for_who_clicked(fake: FakeDiscord, many: Attachment) -> None:
    message = await fake.slash("ftdeps", file=many, private=False).shown()
    sent = await fake.click(message, button(message, "CSV with everything"), user="grace").shown()
    assert (sent.ephemeral, sent.reader) == (True, fake.guild.member("grace").user)
    (file,) = sent.attachments
    rows = list(csv.DictReader(StringIO(file.data.decode())))
    assert (file.filename, len(rows), file.description) == ("dependencies.csv", 25, "A line for each of 25 packages")
    assert [row["package"] for row in rows if row["blocks"] == "yes"] == ["part00", "part01", "part02"]


@pytest.mark.usefixtures("bot")
async def test_a_table_that_is_larger_than_discord_takes_is_refused(
    fake: FakeDiscord, many: Attachment, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await fake.slash("ftdeps", file=many).shown()
    monkeypatch.setattr("cogs.deps.dependencies_csv", lambda _: "x" * (11 << 20))
    answer = fake.click(message, button(message, "CSV with everything"))
    (told,) = await answer.wait_for_followups(1)
    assert told.ephemeral
    assert told.text().startswith("The table has 11 MiB, more than Discord takes.")


@pytest.mark.usefixtures("bot")
async def test_others_look_through_a_public_answer_without_turning_its_pages(
    fake: FakeDiscord, many: Attachment
) -> None:
    message = await fake.slash("ftdeps", file=many, private=False, user="ada").shown()
    before = message.text()
    theirs = await fake.click(message, button(message, "More ▶"), user="grace").shown()
    assert (theirs.ephemeral, "Page 2 of 3" in theirs.text(), message.text()) == (True, True, before)
    await fake.click(theirs, button(theirs, "More ▶"), user="grace").callback
    assert "Page 3 of 3" in theirs.text()


@pytest.mark.usefixtures("bot")
async def test_a_private_answer_is_for_nobody_else_whatever_they_send(fake: FakeDiscord, many: Attachment) -> None:
    message = await fake.slash("ftdeps", file=many, user="ada").shown()
    other = await fake.slash("ftdeps", packages="six", user="grace").shown()
    for identifier in (button(message, "More ▶"), button(message, "CSV with everything")):
        assert "This answer is gone" in await refused(fake.click_stale(other, identifier, user="grace"))


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("identifier", ["ft1:d", "ft1:d:nothing", "ft1:dk:nothing", "ft1:dt", "ft1:d:x:all:1"])
async def test_a_button_whose_answer_is_not_there_says_so(fake: FakeDiscord, identifier: str) -> None:
    message = await fake.slash("ftdeps", packages="six").shown()
    assert await refused(fake.click_stale(message, identifier)) == snapshot(
        "This answer is gone: I keep what I am given in memory alone, for an hour at most. Run `/ftdeps` again."
    )


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("more", ["", ":all", ":nothing:9", ":all:-1", ":all:9999999999", ":ready:x"])
async def test_a_page_that_is_not_there_is_the_nearest(fake: FakeDiscord, many: Attachment, more: str) -> None:
    message = await fake.slash("ftdeps", file=many).shown()
    key = button(message, "CSV with everything").removeprefix("ft1:dt:")
    await fake.click_stale(message, f"ft1:d:{key}{more}").callback
    assert "Page " in message.text()


@pytest.mark.usefixtures("bot")
async def test_after_a_restart_and_after_an_hour_the_answer_is_gone(
    world: World, fake: FakeDiscord, bot: Bot, clock: Clock, many: Attachment
) -> None:
    message = await fake.slash("ftdeps", file=many).shown()
    clock.advance(minutes=61)
    assert "This answer is gone" in await refused(fake.click(message, button(message, "More ▶")))
    again = await fake.slash("ftdeps", file=many).shown()
    bot.connected.cancel()
    await fake.until(lambda: not fake.gateway.connected)
    async with world.running():
        assert "This answer is gone" in await refused(fake.click(again, button(again, "More ▶")))


# What is given


@pytest.mark.usefixtures("bot")
async def test_the_file_that_a_file_includes_was_not_given(fake: FakeDiscord) -> None:
    message = await fake.slash("ftdeps", file=requirements("six==1.17.0\n-r other.txt\n-r /etc/passwd\n")).shown()
    assert message.text() == snapshot("""\
### ✅ requirements.txt on 3.14t, Linux x86-64: nothing stops you (1 package).
⚠️ The requirement is pinned, so it was taken as it is; what it requires besides was not looked for.
**✅ Ready (1)**
- **six 1.17.0** — pure Python
**Not read (2)**
- requirements.txt\\:2: -r other.txt: no such file among those given
- requirements.txt\\:3: -r /etc/passwd: an absolute path: only files in the same folder are included
[Show only…: Everything (3) | ✅ Ready (1) | Not read (2)]
[CSV with everything]
-# Read from requirements.txt · versions as they are pinned · kept in memory for an hour. A wheel shows that a build exists, not that it is thread-safe.\
""")


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    "file",
    [
        Attachment("uv.lock", b"six==1.0\n", said_size=LARGEST_ATTACHMENT + 1),
        Attachment("requirements.txt", b"six\n" * (1 << 20)),
        Attachment("requirements.txt", b"six\n" * (1 << 20), said_size=10),
    ],
    ids=["said", "really", "lying"],
)
async def test_a_file_that_is_too_large_is_refused(fake: FakeDiscord, file: Attachment) -> None:
    told = await refused(fake.slash("ftdeps", file=file))
    assert told == f"{file.filename} has more than 2 MiB. Give a smaller file, such as uv.lock."


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        (
            "requirements.txt",
            b"\xff\xfe\x00",
            snapshot("requirements.txt is no UTF-8 text. Give a file of text, such as requirements.txt."),
        ),
        (
            "requirements.txt",
            b"\x89PNG\r\n\x1a\n\x00\x00",
            snapshot("requirements.txt is no UTF-8 text. Give a file of text, such as requirements.txt."),
        ),
        (
            "photo.png",
            b"six\x00\x00",
            snapshot(
                "photo.png is none of the files that are read. Give one of requirements.txt, pyproject.toml, uv.lock, pylock.toml, poetry.lock, Pipfile.lock, pdm.lock, environment.yml, conda-lock.yml, pixi.lock and scripts with a \\`\\# /// script\\` block."
            ),
        ),
        (
            "uv.lock",
            b"version = 1\n[[package]]\nname = ",
            snapshot(
                "uv.lock, line 3: it is not valid TOML. Look for a missing quote, bracket or \\`=\\`, or a key given twice."
            ),
        ),
        (
            "poetry.lock",
            b"",
            snapshot(
                "poetry.lock: this is no poetry.lock known here (1.0 to 2.1), and has no packages. Run \\`poetry lock\\`."
            ),
        ),
        (
            f"{HOSTILE}.lock",
            b"hello",
            snapshot(
                "evil.example) \\*\\*b\\*\\* \\|\\|s\\|\\| \\`c\\` \\<t\\:0\\:R\\> \\# h.lock is none of the files that are read. Give one of requirements.txt, pyproject.toml, uv.lock, pylock.toml, poetry.lock, Pipfile.lock, pdm.lock, environment.yml, conda-lock.yml, pixi.lock and scripts with a \\`\\# /// script\\` block."
            ),
        ),
        (
            "../../etc/passwd.md",
            b"hello",
            snapshot(
                "passwd.md is none of the files that are read. Give one of requirements.txt, pyproject.toml, uv.lock, pylock.toml, poetry.lock, Pipfile.lock, pdm.lock, environment.yml, conda-lock.yml, pixi.lock and scripts with a \\`\\# /// script\\` block."
            ),
        ),
    ],
    ids=["not-text", "picture", "nul", "broken", "empty", "hostile-name", "path"],
)
async def test_what_is_no_dependency_file_is_told_with_its_name(
    fake: FakeDiscord, name: str, body: bytes, told: str
) -> None:
    assert await refused(fake.slash("ftdeps", file=requirements(body, name))) == told


@pytest.mark.usefixtures("bot")
async def test_text_from_files_is_no_markup_and_mentions_nobody(fake: FakeDiscord) -> None:
    file = requirements(f"six\n{HOSTILE}\n-e {HOSTILE}\n", f"{HOSTILE} requirements.txt")
    message = await fake.slash("ftdeps", file=file, private=False).shown()
    assert message.pings == ()
    shown = re.sub(r"\\[\\*_~`|>#\[\]<:]", "", message.text())
    assert "@everyone" not in shown
    assert "](https://evil" not in shown
    assert "<@" not in shown


@pytest.mark.usefixtures("bot")
async def test_a_file_that_discord_does_not_give_is_asked_for_again_later(fake: FakeDiscord) -> None:
    file = requirements("six")
    answer = fake.slash("ftdeps", file=file)
    fake.rest.files.clear()
    assert await refused(answer) == "Discord did not give me your file. Try again in a minute."


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    ("packages", "told"),
    [
        (" , ", snapshot("Nothing was asked about. Attach a file such as uv.lock, or name packages.")),
        ("'numpy", snapshot("A quotation mark is left open. Name packages like this: numpy pandas\\>=2.")),
        (
            "git+https://user:secret@evil.example/x",
            snapshot(
                "\\`git+https\\://…@\u200bevil.example/x\\` cannot be looked at: version control: only packages of an index are read. Give names such as \\`numpy\\` or \\`numpy==2.4\\`."
            ),
        ),
        (
            "@everyone",
            snapshot(
                "\\`@\u200beveryone\\` cannot be looked at: no requirement such as \\`name\\[extra\\]\\>=1; marker\\`. Give names such as \\`numpy\\` or \\`numpy==2.4\\`."
            ),
        ),
    ],
)
async def test_names_that_are_none_are_refused(fake: FakeDiscord, packages: str, told: str) -> None:
    assert await refused(fake.slash("ftdeps", packages=packages)) == told


@pytest.mark.usefixtures("bot")
async def test_nothing_was_asked(fake: FakeDiscord) -> None:
    told = await refused(fake.slash("ftdeps"))
    assert told == "Nothing was asked about. Attach a file such as uv.lock, or name packages."


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("line", ["part{}\n", "-e part{}\n"], ids=["packages", "not-read"])
async def test_more_than_is_looked_at_here_is_refused_before_the_index_is_asked(
    fake: FakeDiscord, index: FakeIndex, line: str
) -> None:
    text = "".join(line.format(number) for number in range(MOST_ENTRIES + 1))
    told = await refused(fake.slash("ftdeps", file=requirements(text)))
    assert told.startswith("These are 2,001 entries. Here at most 2,000 are looked at;")
    assert index.count() == 0


# What goes wrong


@pytest.mark.usefixtures("bot")
async def test_what_contradicts_itself_and_an_index_that_is_down_are_told(world: World, fake: FakeDiscord) -> None:
    world.chooser.failure = UnresolvableError("six 1 and six 2 exclude each other. Change one of the requirements.")
    assert "six 1 and six 2 exclude" in await refused(fake.slash("ftdeps", packages="six"))
    world.chooser.failure = UpstreamError("The index is down.")
    assert await refused(fake.slash("ftdeps", packages="six")) == "The index is down. Try again in a minute."


@pytest.mark.usefixtures("bot")
async def test_an_index_that_fails_about_packages_is_no_no(fake: FakeDiscord, index: FakeIndex) -> None:
    index.script(refusal(503), times=None)
    message = await fake.slash("ftdeps", file=lock(index)).shown()
    assert message.text().splitlines()[0].endswith("none of 3 packages could be judged. That is not a “no”.")


@pytest.mark.usefixtures("bot")
async def test_one_person_has_one_check_at_a_time(world: World, fake: FakeDiscord) -> None:
    world.chooser.proceed.clear()
    first = fake.slash("ftdeps", packages="demo", user="ada")

    second = await refused(fake.slash("ftdeps", packages="six", user="ada"))
    assert second == "I am still working on what you asked before. Ask again when that is answered."
    world.chooser.proceed.set()
    assert "demo 1.0" in (await first.shown()).text()
    assert "six 1.0" in (await fake.slash("ftdeps", packages="six", user="ada").shown()).text()


@pytest.mark.usefixtures("bot")
async def test_so_many_checks_run_at_a_time_and_no_more(world: World, fake: FakeDiscord) -> None:
    world.chooser.proceed.clear()
    running = [fake.slash("ftdeps", packages="demo", user=f"user{number}") for number in range(MOST_CHECKS)]
    late = await refused(fake.slash("ftdeps", packages="demo", user="ada"))
    assert late == "I am working on 4 of these for others, which is the most. Ask in a minute."
    world.chooser.proceed.set()
    await asyncio.gather(*(each.shown() for each in running))
    assert "demo 1.0" in (await fake.slash("ftdeps", packages="demo", user="ada").shown()).text()


@pytest.mark.usefixtures("bot")
async def test_a_check_that_fails_gives_its_turn_back(world: World, fake: FakeDiscord) -> None:
    world.chooser.failure = RuntimeError("broken")
    assert "Something broke on my side" in await refused(fake.slash("ftdeps", packages="demo", user="ada"))
    world.chooser.failure = None
    assert "demo 1.0" in (await fake.slash("ftdeps", packages="demo", user="ada").shown()).text()


async def test_who_waits_when_the_bot_stops_is_told_so(world: World, fake: FakeDiscord, bot: Bot) -> None:
    world.chooser.proceed.clear()
    answer = fake.slash("ftdeps", packages="demo")
    await world.chooser.began.wait()
    await bot.conversations.drain(0.0)
    assert await refused(answer) == "I am restarting. Ask again in a minute."
    assert world.chooser.ended.is_set()


# Privacy


async def test_names_from_files_are_nowhere_afterwards(
    world: World, fake: FakeDiscord, index: FakeIndex, bot: Bot, log: Log
) -> None:
    message = await fake.slash("ftdeps", file=lock(index)).shown()
    assert "acme-internal 1.0" in message.text()
    assert await fake.autocomplete("ftstatus", focus="package", value="acme") == []
    assert await bot.outcomes("ftdeps") == {"answered": 1}
    await bot.answers.lookup.aclose()
    assert "acme" not in log.stream.getvalue()
    assert b"tornado" in stored(world.database)
    assert b"acme" not in stored(world.database)
    assert b"shop" not in stored(world.database)


@pytest.fixture(autouse=True)
def nobody_is_mentioned(fake: FakeDiscord) -> Iterator[None]:
    yield
    assert all(not answer.message.pings for answer in fake.answers if answer.message is not None)
