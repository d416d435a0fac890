"""Settings come from the environment and ``.env``, are checked when they are read, and never show a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from bot.config import (
    LogFormat,
    LogLevel,
    Settings,
    describe,
    read_settings,
    settings_of,
    unused_settings,
    variables_of_a_scan,
)
from bot.core.errors import UserError
from bot.core.wheels.targets import Target

SECRETS: Final = (
    "FTBOT_DISCORD_TOKEN",
    "FTBOT_GITHUB_TOKEN",
    "FTBOT_GITHUB_PRIVATE_KEY",
    "FTBOT_GITHUB_WEBHOOK_SECRET",
)
DEFAULTS: Final = {
    "FTBOT_INDEX_URL": "https://pypi.org/simple/",
    "FTBOT_INDEX_HOSTS": "files.pythonhosted.org",
    "FTBOT_JSON_API_URL": "https://pypi.org/pypi/",
    "FTBOT_TOP_PACKAGES_URL": "https://hugovk.dev/top-pypi-packages/top-pypi-packages.min.json",
    "FTBOT_GUIDE_URL": "https://py-free-threading.github.io/",
    "FTBOT_TRACK": "360",
    "FTBOT_INSPECT": "200",
    "FTBOT_TARGETS": "3.14t,3.15t",
    "FTBOT_DISCORD_API_URL": "https://discord.com/api/v10",
    "FTBOT_DISCORD_GATEWAY_URL": "wss://gateway.discord.gg/",
    "FTBOT_GITHUB_API_URL": "https://api.github.com",
    "FTBOT_GITHUB_APP_ID": "",
    "FTBOT_WATCH_REPOSITORIES": "",
    "FTBOT_WATCH_SEARCHES": '"free-threaded" in:title is:issue; "free-threading" in:title is:issue',
    "FTBOT_OWNER_CHANNEL": "",
    "FTBOT_TRIAGE": "on",
    "FTBOT_HTTP_HOST": "127.0.0.1",
    "FTBOT_HTTP_PORT": "8080",
    "FTBOT_WEB": "off",
    "FTBOT_PUBLIC_URL": "",
    "FTBOT_TRUSTED_PROXIES": "",
    "FTBOT_METRICS_HOST": "127.0.0.1",
    "FTBOT_KEEP_DAYS": "400",
    "FTBOT_SHARDS": "auto",
    "FTBOT_METRICS_PORT": "",
    "FTBOT_CONTACT": "https://github.com/ftbot-dev/ftbot",
    "FTBOT_LOG_FORMAT": "console",
    "FTBOT_LOG_LEVEL": "info",
} | dict.fromkeys(SECRETS, "")


def test_every_setting_of_the_contract_has_its_default() -> None:
    listed = {setting.variable: setting.value for setting in describe(read_settings())}
    assert Path(listed.pop("FTBOT_DATABASE")).name == "ftbot.db"
    assert listed == DEFAULTS


def test_every_setting_says_what_it_is() -> None:
    assert [setting.variable for setting in describe(read_settings()) if not setting.what] == []


@pytest.mark.parametrize(
    ("variable", "value", "what"),
    [
        ("FTBOT_TARGETS", "3.14", "3.14t"),
        ("FTBOT_TARGETS", "3.14t,4.0t", "4.0t"),
        ("FTBOT_TARGETS", " , ", "at least one"),
        ("FTBOT_TRACK", "-1", "greater than or equal to 0"),
        ("FTBOT_TRACK", "many", "integer"),
        ("FTBOT_SHARDS", "0-3", "FIRST-LAST/COUNT, such as `0-3/16`"),
        ("FTBOT_SHARDS", "-1-3/16", "FIRST-LAST/COUNT"),
        ("FTBOT_SHARDS", "3-0/16", "Write `0-3/16`"),
        ("FTBOT_SHARDS", "0-16/16", "the first is 0 and the last 15"),
        ("FTBOT_SHARDS", "0-0/0", "1 to 10000 shards"),
        ("FTBOT_HTTP_PORT", "65536", "less than or equal to 65535"),
        ("FTBOT_METRICS_PORT", "65536", "less than or equal to 65535"),
        ("FTBOT_METRICS_PORT", "off", "integer"),
        ("FTBOT_KEEP_DAYS", "29", "greater than or equal to 30"),
        ("FTBOT_KEEP_DAYS", "36501", "less than or equal to 36500"),
        ("FTBOT_LOG_FORMAT", "xml", "'console' or 'json'"),
        ("FTBOT_OWNER_CHANNEL", "#general", "integer"),
        ("FTBOT_TRIAGE", "maybe", "'on' or 'off'"),
        ("FTBOT_WATCH_REPOSITORIES", "numpy/numpy,scipy", "`scipy` is no repository"),
        ("FTBOT_WATCH_REPOSITORIES", "numpy/numpy:", "`numpy/numpy:` is no repository"),
        ("FTBOT_LOG_LEVEL", "loud", "'info'"),
        ("FTBOT_CONTACT", "a\nb", "ASCII"),
        ("FTBOT_INDEX_URL", "pypi.example/simple", "http:// or https://"),
        ("FTBOT_JSON_API_URL", "ftp://pypi.example/", "http:// or https://"),
        ("FTBOT_INDEX_URL", "http://[bad", "Invalid IPv6 URL"),
        ("FTBOT_PUBLIC_URL", "http://a b/", "no address"),
        ("FTBOT_PUBLIC_URL", "https://ft.example/\r\nX: y", "no address"),
        ("FTBOT_PUBLIC_URL", "https://ft.example/\x01", "no address"),
        ("FTBOT_PUBLIC_URL", 'https://ft.example/"><script>', "no address"),
        ("FTBOT_DISCORD_GATEWAY_URL", "https://gateway.example/", "ws:// or wss://"),
        ("FTBOT_CONTACT", "mäil@example.org", "ASCII"),
    ],
)
def test_a_bad_setting_is_named_with_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, what: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UserError) as caught:
        read_settings()
    assert str(caught.value).startswith(f"{variable} cannot be used: ")
    assert what in str(caught.value)
    assert str(caught.value).endswith(". See docs/operations.md, Settings.")
    assert ".." not in str(caught.value)


def test_targets_keep_their_order_and_come_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_TARGETS", "3.15t, 3.14T,3.15t,")
    assert read_settings().targets == (Target(15), Target(14))


def test_what_is_watched_is_listed_once_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_WATCH_REPOSITORIES", "numpy/numpy:39 - free-threading, python/cpython,python/cpython,")
    monkeypatch.setenv("FTBOT_WATCH_SEARCHES", "cp314t, cp315t in:title ; nogil repo:a/b;")
    settings = read_settings()
    assert settings.watch_repositories == ("numpy/numpy:39 - free-threading", "python/cpython")
    assert settings.watch_searches == ("cp314t, cp315t in:title", "nogil repo:a/b")
    monkeypatch.setenv("FTBOT_WATCH_SEARCHES", ";")
    assert read_settings().watch_searches == ()


def test_a_private_key_may_be_written_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_GITHUB_PRIVATE_KEY", r"-----BEGIN KEY-----\nabc\n-----END KEY-----")
    key = read_settings().github_private_key
    assert key is not None
    assert key.get_secret_value() == "-----BEGIN KEY-----\nabc\n-----END KEY-----"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_TRACK", "")
    monkeypatch.setenv("FTBOT_DISCORD_TOKEN", "")
    assert (read_settings().track, read_settings().discord_token) == (360, None)


def test_a_dotenv_file_is_read_and_the_environment_outranks_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FTBOT_TRACK=7\nFTBOT_HTTP_PORT=7\nOTHER=1\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTBOT_HTTP_PORT", "8")
    assert (read_settings().track, read_settings().http_port) == (7, 8)


def test_a_dotenv_file_that_is_no_text_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"FTBOT_CONTACT=\xff\xfe\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"\.env"):
        read_settings()


def test_a_dotenv_file_that_hides_a_setting_is_a_sentence_and_no_warning_of_a_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text('FTBOT_TRACK=7\nFTBOT_DISCORD_TOKEN="s3cret\n', "utf-8")
    with pytest.raises(UserError, match=r"^Line 2 of \.env cannot be read: ") as refused:
        read_settings()
    assert "s3cret" not in str(refused.value)
    (tmp_path / ".env").write_text('OTHER="open\nFTBOT_TRACK=7\n', "utf-8")
    assert read_settings().track == 7
    assert caplog.records == []


def test_what_has_no_effect_is_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert unused_settings() == ()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTBOT_DATABSE", "s3cret")
    (tmp_path / ".env").write_text("FTBOT_DISCORD_TOKN=s3cret\n", "utf-8")
    assert unused_settings() == (
        "FTBOT_DISCORD_TOKN in line 1 of .env is not a setting. Did you mean FTBOT_DISCORD_TOKEN?",
        "FTBOT_DATABSE in the environment is not a setting. Did you mean FTBOT_DATABASE?",
    )


@pytest.mark.parametrize("variable", ["FTBOT_INDEX_URL", "FTBOT_JSON_API_URL"])
def test_index_addresses_end_with_one_slash(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "http://localhost/simple//")
    (value,) = [setting.value for setting in describe(read_settings()) if setting.variable == variable]
    assert value == "http://localhost/simple/"


def test_secrets_are_masked_wherever_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in SECRETS:
        monkeypatch.setenv(variable, f"hush-{variable}")
    settings = read_settings()
    assert set(settings.secrets()) == {f"hush-{variable}" for variable in SECRETS}
    assert "hush" not in repr(settings) + str(settings) + repr(list(describe(settings)))
    assert {setting.value for setting in describe(settings) if setting.variable in SECRETS} == {"********"}


def test_the_database_is_a_path_below_home_or_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("FTBOT_DATABASE", "~/ftbot.db")
    assert read_settings().database.path == Path("/home/ada/ftbot.db")
    monkeypatch.setenv("FTBOT_DATABASE", ":memory:")
    assert read_settings().database.is_in_memory
    assert read_settings().database.path is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql://ada:s3cret@db.example:5433/ftbot", "postgresql://ada:********@db.example:5433/ftbot"),
        (" postgres://ada:s3cret@db.example/ftbot?password=s3cret", "postgres://ada:********@db.example/ftbot"),
        ("postgresql://:s3cret@/ftbot?host=/run&sslpassword=s3cret", "postgresql://:********@/ftbot"),
        ("postgresql:///ftbot", "postgresql:///ftbot"),
        ("postgresql://ada:s3cret@[::1]:5433/ftbot", "postgresql://ada:********@[::1]:5433/ftbot"),
        ("postgresql://ada:s3cret@[fe80::1%25eth0]/ftbot", "postgresql://ada:********@[fe80::1%25eth0]/ftbot"),
        (
            "postgresql://ada:s3cret@one:5433,[::1],10.0.0.2/ftbot?target_session_attrs=primary",
            "postgresql://ada:********@one:5433,[::1],10.0.0.2/ftbot",
        ),
        ("postgresql://ada:s3cret@one,two:5433/ftbot", "postgresql://ada:********@one,two:5433/ftbot"),
        ("postgresql://ada:s3cret@%2Frun%2Fpostgresql/ftbot", "postgresql://ada:********@%2Frun%2Fpostgresql/ftbot"),
        ("postgresql://ada:s3cret@:5433/ftbot", "postgresql://ada:********@:5433/ftbot"),
    ],
)
def test_a_postgresql_database_is_shown_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch, value: str, shown: str
) -> None:
    monkeypatch.setenv("FTBOT_DATABASE", value)
    settings = read_settings()
    assert settings.database.url == value.strip()
    assert str(settings.database) == shown
    assert "s3cret" not in repr(settings) + str(settings) + repr(list(describe(settings)))
    assert settings.secrets() == (("s3cret",) if "s3cret" in value else ())
    assert variables_of_a_scan(settings)["FTBOT_DATABASE"] == value.strip(), "the process that scans needs all of it"


def test_a_password_is_hidden_as_it_is_written_and_as_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_DATABASE", "postgresql://ada:p%40ss@db.example/ftbot")
    assert read_settings().secrets() == ("p%40ss", "p@ss")
    monkeypatch.setenv("FTBOT_DATABASE", "postgresql://ada@db.example/ftbot?password=p%40ss+word&sslpassword=%25x")
    assert read_settings().secrets() == ("p%40ss+word", "p@ss word", "%25x", "%x")


def refusal_of_database(monkeypatch: pytest.MonkeyPatch, value: str) -> str:
    """Set an address that is no database, and return what is said of it."""
    monkeypatch.setenv("FTBOT_DATABASE", value)
    with pytest.raises(UserError) as refused:
        read_settings()
    return str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        "POSTGRESQL+asyncpg://ada:s3cret@db.example/ftbot",
        "mysql://ada:s3cret@db.example/ftbot",
        "x://ada:s3cret@db.example/ftbot",
        "sqlite:///s3cret.db",
        "sqlite:s3cret.db",
        "file:/tmp/s3cret.db?mode=rwc",
        "FILE:s3cret.db",
        "postgresql:s3cret",
        "postgresql://ada:s3cret@db.example",
        "postgresql://ada:s3cret@db.example:none/ftbot",
        "postgresql://ada:s3cret@db.example:0/ftbot",
        "postgresql://ada:s3cret@db.example:65536/ftbot",
        "postgresql://ada:s3cret@[db.example/ftbot",
        "postgresql://ada:s3cret@db..example/ftbot",
        f"postgresql://ada:s3cret@{64 * 'a'}/ftbot",
        "postgresql://ada:s3cret@,db.example/ftbot",
        "postgresql://ada:s3cret@db.example,/ftbot",
        "postgresql://ada:s3cret@one:5432,two:none/ftbot",
        "postgresql://ada:s3cret@db.example/ft%00bot",
        "postgresql://ada:s3cret%00@db.example/ftbot",
    ],
)
def test_a_database_that_no_engine_opens_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    assert refusal_of_database(monkeypatch, value) == (
        "FTBOT_DATABASE cannot be used: It is no address of PostgreSQL."
        " Give postgresql://USER:PASSWORD@HOST/DATABASE, or a path. See docs/operations.md, Settings."
    )


@pytest.mark.parametrize(
    "password", ["s3cret/x", "12/s3cret", "p@12/s3cret", "12/a?s3cret", "12/a#s3cret", "s3cret?x", "s3cret#", "s3@cret"]
)
def test_a_password_that_is_not_encoded_is_refused_without_showing_any_of_it(
    monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    assert refusal_of_database(monkeypatch, f"postgresql://ada:{password}@db.example/ftbot") == (
        "FTBOT_DATABASE cannot be used: It is no address of PostgreSQL."
        " In a user and a password, write %40 for @, %2F for /, %3F for ?, %23 for # and %25 for %."
        " See docs/operations.md, Settings."
    )


@pytest.mark.parametrize("rest", ["?sslmode", "?=require", "?sslmode=require&", "?&sslmode=require"])
def test_parameters_that_the_driver_does_not_read_are_refused(monkeypatch: pytest.MonkeyPatch, rest: str) -> None:
    assert refusal_of_database(monkeypatch, f"postgresql://ada:s3cret@db.example/ftbot{rest}") == (
        "FTBOT_DATABASE cannot be used: It is no address of PostgreSQL."
        " Write parameters as ?NAME=VALUE&NAME=VALUE behind it. See docs/operations.md, Settings."
    )


@pytest.mark.parametrize("rest", ["?user=ada@db", "?host=%2Frun&user=ada@db", "?sslmode=require", "?sslmode="])
def test_what_a_parameter_has_may_look_like_an_address(monkeypatch: pytest.MonkeyPatch, rest: str) -> None:
    monkeypatch.setenv("FTBOT_DATABASE", f"postgresql://db.example:5432/ftbot{rest}")
    assert str(read_settings().database) == "postgresql://db.example:5432/ftbot"


@pytest.mark.parametrize("value", ["ftbot.db", "./a:b.db", "/data/a:b.db", "C:/ftbot.db", r"c:\ftbot.db", "../x"])
def test_a_database_may_be_at_any_path(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FTBOT_DATABASE", value)
    assert read_settings().database.path == Path(value)


def test_a_database_below_the_home_of_nobody_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_DATABASE", "~there-is-no-such-user/ftbot.db")
    with pytest.raises(UserError, match="FTBOT_DATABASE"):
        read_settings()


def test_requests_say_who_sends_them_and_whom_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_CONTACT", "ada@example.org")
    assert read_settings().user_agent.startswith("ftbot/")
    assert read_settings().user_agent.endswith(" (+ada@example.org)")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().track = 1  # type: ignore[misc] # what must fail


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("FTBOT_INDEX_URL", "http://ada:s3cret@index.example/simple/", "a user name or a password"),
        ("FTBOT_JSON_API_URL", "https://index.example/pypi?x=1", "a query or a fragment"),
        ("FTBOT_GITHUB_API_URL", "https://api.example:99999", "no address"),
        ("FTBOT_DISCORD_TOKEN", "first\nsecond", "a line break"),
    ],
)
def test_what_cannot_work_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UserError, match=reason) as refused:
        read_settings()
    assert variable in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert "second" not in str(refused.value)


def test_levels_and_formats_may_be_written_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("FTBOT_LOG_FORMAT", "JSON")
    settings = read_settings()
    assert (settings.log_level, settings.log_format) == (LogLevel.DEBUG, LogFormat.JSON)


def shown(variable: str) -> str:
    """Return a setting's value as ``ftbot settings`` shows it."""
    (value,) = [setting.value for setting in describe(read_settings()) if setting.variable == variable]
    return value


@pytest.mark.parametrize(
    ("index", "hosts"),
    [
        ("https://pypi.org/simple", "files.pythonhosted.org"),
        ("https://PyPI.org/simple/", "files.pythonhosted.org"),
        ("http://pypi.org/simple/", ""),
        ("https://test.pypi.org/simple/", ""),
        ("http://localhost:3141/root/pypi/+simple/", ""),
    ],
)
def test_files_are_fetched_from_elsewhere_only_where_the_index_is_pypi(
    monkeypatch: pytest.MonkeyPatch, index: str, hosts: str
) -> None:
    monkeypatch.setenv("FTBOT_INDEX_URL", index)
    assert shown("FTBOT_INDEX_HOSTS") == hosts


def test_hosts_of_the_index_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTBOT_INDEX_HOSTS", " files.example, Mirror.example:8080,,[::1]:80, files.example ")
    assert shown("FTBOT_INDEX_HOSTS") == "files.example,mirror.example:8080,[::1]:80"


@pytest.mark.parametrize("hosts", ["https://files.example", "files.example/simple", "a b", "files.example:99999", "*"])
def test_what_is_no_host_names_the_variable_and_says_how_to_write_it(
    monkeypatch: pytest.MonkeyPatch, hosts: str
) -> None:
    monkeypatch.setenv("FTBOT_INDEX_HOSTS", hosts)
    with pytest.raises(UserError, match=r"^FTBOT_INDEX_HOSTS cannot be used: .* is no host\. Write it like `files"):
        read_settings()


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"FTBOT_INDEX_URL": "https://index.example/simple", "FTBOT_TARGETS": "3.15t", "FTBOT_TRACK": "0"},
        {"FTBOT_INDEX_HOSTS": " , "},  # none, where the default would be PyPI's
        {"FTBOT_INDEX_HOSTS": "files.example, mirror.example:8080", "FTBOT_DATABASE": "~/a b/ftbot.db"},
        {"FTBOT_LOG_FORMAT": "JSON", "FTBOT_LOG_LEVEL": "debug", "FTBOT_CONTACT": "mailto:me@example.org"},
        dict.fromkeys(SECRETS, "secret"),
    ],
)
def test_a_process_that_scans_gets_the_settings_that_it_needs_and_no_secret(variables: dict[str, str]) -> None:
    settings = settings_of(variables)
    handed_on = variables_of_a_scan(settings)
    assert "secret" not in "".join(handed_on.values())
    again = settings_of(handed_on)
    assert variables_of_a_scan(again) == handed_on
    names = [name.removeprefix("FTBOT_").lower() for name in handed_on]
    assert len(names) == 10
    assert [getattr(again, name) for name in names] == [getattr(settings, name) for name in names]
