"""The command line: what can be asked, and how every command ends. What a command needs is imported when it runs.

Annotations are evaluated here and not kept as text: typer wants those of every command, and would compile it each time.
"""

import os
import sys
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, NoReturn

import typer

from bot.cli.extras import missing_extra
from bot.core.errors import StorageError, UpstreamError, UserError
from bot.core.text.sentences import printable
from bot.streams import output_failure, standard_streams


class RuleChoice(StrEnum):
    """The rules of ``ftbot history``, known here by name so that ``--help`` is quick."""

    TRUSTED = "trusted"
    WHEEL_NAMES = "wheel-names"


class ThreadsPart(StrEnum):
    """Which labelled threads are measured: all, those that rules may be changed for, or those that are kept from it."""

    ALL = "all"
    REST = "rest"
    HELD_OUT = "held-out"


class DigestFormat(StrEnum):
    """How a digest may be written."""

    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"


class TableFormat(StrEnum):
    """How dependencies may be written for elsewhere."""

    MARKDOWN = "markdown"
    CSV = "csv"


class TrackingFormat(StrEnum):
    """How a comparison of the tracking table may be written."""

    PATCH = "patch"
    MARKDOWN = "markdown"


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    ANSWERED = 0
    BUG = 1
    USAGE = 2
    NOT_FOUND = 3
    UPSTREAM = 4
    NO = 5
    INTERRUPTED = 130


app = typer.Typer(
    name="ftbot",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

triage = typer.Typer(name="triage", no_args_is_help=True, help="Sort issues and pull requests about free-threading.")
app.add_typer(triage)
upstream = typer.Typer(no_args_is_help=True, help="Read issues and pull requests upstream again and again.")
app.add_typer(upstream, name="upstream")
app.add_typer(upstream, name="watch", hidden=True)  # its name until "watch" came to mean people's watches

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, and nothing else there.")]


def main() -> NoReturn:
    """Run the command line and leave with the contract's exit codes: never a traceback, errors on stderr."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # it would look for some in all that is installed
    with standard_streams():
        code = _written(_run())
    sys.exit(code)


def _run() -> int:
    try:
        app(prog_name="ftbot")
    except SystemExit as end:  # typer's way to end, wrong usage included
        return end.code if isinstance(end.code, int) else Exit.ANSWERED
    except (UserError, StorageError) as error:
        return _complain(str(error), Exit.USAGE)
    except UpstreamError as error:
        return _upstream(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except ModuleNotFoundError as error:
        what = missing_extra(error)
        return _broken(error) if what is None else _complain(what, Exit.USAGE)
    except Exception as error:  # noqa: BLE001 — whatever it is, it ends in a sentence
        return _broken(error)
    return Exit.ANSWERED


def _upstream(error: UpstreamError) -> int:
    from bot.core.github.threads import ForbiddenError

    if isinstance(error, ForbiddenError):  # a token or key that does not do is a setting that does not work
        return _complain(str(error), Exit.USAGE)
    return _complain(f"{error} Try again later.", Exit.UPSTREAM)


def _broken(error: Exception) -> int:
    if os.environ.get("FTBOT_LOG_LEVEL", "").lower() == "debug":
        raise error
    what = f"Something broke inside ftbot ({type(error).__name__}: {error})."
    return _complain(f"{what} Set FTBOT_LOG_LEVEL=debug to see where, and please report it.", Exit.BUG)


def _written(code: int) -> int:
    """Return the exit code as it is after all was written: that of an earlier error stays.

    Whoever read the answer through a pipe and left had enough, which is no error.
    """
    try:
        failure = output_failure()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    if failure is None or isinstance(failure, BrokenPipeError) or code == Exit.INTERRUPTED:
        return code
    what = f"The answer cannot be written: {failure.strerror or failure}."
    return _complain(f"{what} Make room, or write it elsewhere.", code or Exit.USAGE)


def _complain(text: str, code: int) -> int:
    sys.stderr.write(f"ftbot: {printable(text)}\n")
    return code


def _leave(outcome: Enum) -> NoReturn:
    """Leave with the exit code for how a command ended, by name; settings and input that do not work are usage."""
    raise typer.Exit(Exit[outcome.name] if outcome.name in Exit.__members__ else Exit.USAGE)


def _print_version(value: bool) -> None:
    if value:
        from bot.build import python_build, version

        sys.stdout.write(f"ftbot {version()} ({python_build()})\n")
        raise typer.Exit


def _targets(typed: str) -> list[str]:
    """Complete a free-threaded Python."""
    from bot.core.wheels.targets import Target

    return [name for name in map(str, (Target(14), Target(15))) if name.startswith(typed)]


@app.callback(
    epilog="Exit codes: 0 answered, 1 a bug, 2 wrong usage, 3 no such package or thread, 4 upstream failed,"
    " 5 the answer is no."
)
def ftbot(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Does it work on free-threaded Python?

    Answers from PyPI's wheel data, per Python and platform, in a terminal or as a Discord bot.
    """


@app.command()
def status(
    packages: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PACKAGE]...", help="Names as on PyPI, in any spelling; numpy==2.4 for a release."),
    ] = None,
    requirement: Annotated[
        list[str] | None,
        typer.Option(
            "--requirement",
            "-r",
            metavar="FILE",
            help="What a lock or requirements.txt names, without what that requires (see ftbot deps). Repeatable.",
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PYTHON",
            help="A free-threaded Python, such as 3.14t. Repeatable; the first is the headline.",
            autocompletion=_targets,
        ),
    ] = None,
    as_json: AsJson = False,
    offline: Annotated[bool, typer.Option("--offline", help="Answer from what is stored; ask nobody.")] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask the index even if the stored answer is fresh.")
    ] = False,
) -> None:
    """Show whether packages install on free-threaded Python, and where wheels are missing.

    Of more than ten packages each has a line, about this machine's platform.

    Examples: ftbot status numpy; ftbot status lxml==6.0 --target 3.15t; ftbot status -r requirements.txt --json
    """
    from bot.cli.status import StatusAsked, answer_status

    asked = StatusAsked(packages or (), requirement or (), target or ())
    _leave(answer_status(asked, as_json=as_json, offline=offline, refresh=refresh))


@app.command()
def inspect(
    what: Annotated[
        list[str],
        typer.Argument(metavar="PACKAGE|WHEEL...", help="Names as on PyPI; or .whl files, or folders like dist/."),
    ],
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="PYTHON", help="A free-threaded Python, such as 3.14t. Repeatable."),
    ] = None,
    version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="A release of the package; by default the newest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show whether importing a package turns the GIL back on, by what the extension modules in its wheels declare.

    Nothing is installed, imported or run. Of a wheel on the index, little more than its extension modules is fetched.
    Exit code 5 says that the GIL would come back, for a check before publishing.

    Examples: ftbot inspect lxml; ftbot inspect numpy --target 3.15t; ftbot inspect dist/
    """
    from bot.cli.inspect import inspect_wheels

    _leave(inspect_wheels(what, target or (), version, as_json=as_json))


@app.command()
def deps(
    packages: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PACKAGE]...", help="Names as on PyPI, or requirements such as 'pandas[excel]>=2'."),
    ] = None,
    requirement: Annotated[
        list[str] | None,
        typer.Option(
            "--requirement",
            "-r",
            metavar="FILE",
            help="A lock (uv.lock, pylock.toml, poetry.lock, Pipfile.lock, pdm.lock, conda-lock.yml, pixi.lock), or"
            " requirements.txt, pyproject.toml, environment.yml, a script (PEP 723). Repeatable.",
        ),
    ] = None,
    environment: Annotated[
        str | None, typer.Option(metavar="PATH", help="What is installed in an environment, such as .venv.")
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PYTHON", help="A free-threaded Python, such as 3.14t. Repeatable.", autocompletion=_targets
        ),
    ] = None,
    platform: Annotated[
        str, typer.Option(metavar="PLATFORM", help="current, all, or one, such as manylinux_x86_64 or win_amd64.")
    ] = "current",
    extra: Annotated[list[str] | None, typer.Option(metavar="NAME", help="With this extra. Repeatable.")] = None,
    group: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="With this dependency group. Repeatable.")
    ] = None,
    tree: Annotated[bool, typer.Option("--tree", help="Show who requires whom.")] = False,
    as_json: AsJson = False,
    form: Annotated[TableFormat | None, typer.Option("--format", help="How it is written.")] = None,
) -> None:
    """Show which dependencies stop a move to a free-threaded Python, and from which version on they would not.

    Locks are taken as they are: the verdict is of the pinned version. What is not locked is resolved by uv, from wheels
    alone; nothing of any package is built or run. Exit code 5 says that something stops you.

    Examples: ftbot deps pandas; ftbot deps -r uv.lock --target 3.14t; ftbot deps --environment .venv --tree
    """
    from bot.cli.deps import DependenciesAsked, show_dependencies

    asked = DependenciesAsked(
        packages=packages or (),
        files=requirement or (),
        environment=environment,
        targets=target or (),
        platform=platform,
        extras=extra or (),
        groups=group or (),
    )
    if as_json and form is not None:
        raise UserError("--json and --format exclude each other. Give only one of them.")
    _leave(show_dependencies(asked, form="json" if as_json else "text" if form is None else form.value, tree=tree))


@app.command("deps-action", hidden=True)
def deps_action() -> None:
    """Answer about a checkout in GitHub Actions: what action.yml runs, which has the inputs in the environment."""
    from bot.cli.deps_action import run_action

    _leave(run_action())


@app.command("deps-hook", hidden=True)
def deps_hook(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Locks and requirements, each by itself.")],
    target: Annotated[
        list[str] | None, typer.Option(metavar="PYTHON", help="A free-threaded Python, such as 3.14t. Repeatable.")
    ] = None,
    platform: Annotated[str, typer.Option(metavar="PLATFORM", help="current, all, or one.")] = "manylinux_x86_64",
    extra: Annotated[list[str] | None, typer.Option(metavar="NAME", help="With this extra. Repeatable.")] = None,
    group: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="With this dependency group. Repeatable.")
    ] = None,
) -> None:
    """Check files that are about to be committed: what .pre-commit-hooks.yaml runs."""
    from bot.cli.deps import DependenciesAsked
    from bot.cli.deps_hook import check_files

    asked = DependenciesAsked(targets=target or ("3.14t",), platform=platform, extras=extra or (), groups=group or ())
    _leave(check_files(files, asked))


@app.command()
def scan(
    top: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many packages with native code; by default FTBOT_TRACK.")
    ] = None,
    inspect: Annotated[
        bool, typer.Option("--inspect", help="Read inside their wheels, too: does importing them turn the GIL back on?")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read the most downloaded packages with native code, and record where they stand.

    Reads only what may have changed; one that was interrupted goes on where it was. With --inspect it reads what was
    not read yet of the extension modules in their wheels: some hundred MB the first time.
    """
    from bot.cli.scan import scan_packages

    _leave(scan_packages(top=top, as_json=as_json, inspect=inspect))


@app.command("list")
def list_command(
    target: Annotated[
        str | None,
        typer.Option(
            metavar="PYTHON", help="A free-threaded Python, such as 3.14t; by default all.", autocompletion=_targets
        ),
    ] = None,
    verdict: Annotated[
        list[str] | None,
        typer.Option(metavar="VERDICT", help="With this verdict, such as supported or not-yet. Repeatable."),
    ] = None,
    gil: Annotated[
        str | None, typer.Option(metavar="GIL", help="What importing does to it: off, on, unknown, none or unread.")
    ] = None,
    lagging: Annotated[
        bool, typer.Option("--lagging", help="With wheels for an earlier Python, not yet for a later one.")
    ] = False,
    narrowed: Annotated[bool, typer.Option("--narrowed", help="That lost their wheels on some platforms.")] = False,
    covers: Annotated[
        str | None, typer.Option("--platform", metavar="PLATFORM", help="With a wheel there, such as win_arm64.")
    ] = None,
    lacks: Annotated[
        str | None, typer.Option("--missing", metavar="PLATFORM", help="Without a wheel there, as other Pythons have.")
    ] = None,
    rank: Annotated[
        str | None, typer.Option(metavar="A-B", help="By downloads: 1-100, or 100 for the first hundred.")
    ] = None,
    gained_since: Annotated[
        str | None, typer.Option(metavar="DAY", help="With wheels since this day or later, such as 2026-11-01.")
    ] = None,
    sort: Annotated[str, typer.Option(metavar="ORDER", help="rank, name or gained, the latest first.")] = "rank",
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many; by default all.")] = None,
    page: Annotated[int | None, typer.Option(min=1, metavar="N", help="The N-th page, of --limit or 50.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the tracked packages by the last scan, one a line.

    Filters are about the Python named, else about the first of FTBOT_TARGETS; --lagging and --narrowed then about any.

    Examples: ftbot list --verdict not-yet --rank 100; ftbot list --target 3.15t --lagging; ftbot list --sort gained
    """
    from bot.cli.list import ListAsked, list_packages

    asked = ListAsked(
        target=target,
        verdicts=verdict or (),
        gil=gil,
        lagging=lagging,
        narrowed=narrowed,
        covers=covers,
        lacks=lacks,
        ranks=rank,
        gained_since=gained_since,
        order=sort,
        limit=limit,
        page=page,
    )
    _leave(list_packages(asked, as_json=as_json))


@app.command()
def compare(
    packages: Annotated[list[str], typer.Argument(metavar="PACKAGE...", help="Two to ten names, as on PyPI.")],
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PYTHON", help="A free-threaded Python, such as 3.14t. Repeatable.", autocompletion=_targets
        ),
    ] = None,
    as_json: AsJson = False,
    offline: Annotated[bool, typer.Option("--offline", help="Answer from what is stored; ask nobody.")] = False,
) -> None:
    """Show packages side by side: wheels by Python and platform, the GIL, since when, how often they release.

    Examples: ftbot compare psycopg2-binary asyncpg; ftbot compare numpy scipy pandas --target 3.15t
    """
    from bot.cli.compare import compare_packages

    _leave(compare_packages(packages, target or (), as_json=as_json, offline=offline))


@app.command()
def digest(
    week: Annotated[
        str | None,
        typer.Option(metavar="WEEK", help="An ISO week, such as 2026-W47; by default the last one over."),
    ] = None,
    form: Annotated[DigestFormat, typer.Option("--format", help="How it is written.")] = DigestFormat.MARKDOWN,
    into: Annotated[
        str | None, typer.Option("--output", metavar="DIR", help="Write it there, with its chart, and not to stdout.")
    ] = None,
) -> None:
    """Show what moved in a week: who gained wheels, who lost them, who is still waited for.

    Needs a scan; what happened to issues upstream needs watching, too (ftbot upstream, ftbot run). The same week gives
    the same digest whenever it is asked for.
    """
    from bot.cli.digest import show_digest

    _leave(show_digest(week, form.value, into))


@app.command()
def history(
    packages: Annotated[
        str | None, typer.Option(metavar="A,B", help="Of these packages; by default of the tracked ones.")
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Of the N most downloaded tracked packages.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day, such as 2025-01-01.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day; by default today.")] = None,
    rule: Annotated[
        RuleChoice, typer.Option(help="What counts: trusted wheels, or any wheel named cp31Xt as other trackers count.")
    ] = RuleChoice.TRUSTED,
    as_json: AsJson = False,
) -> None:
    """Show the share of packages with free-threaded wheels over time, computed from upload times."""
    from bot.cli.history import ask_history, show_history

    _leave(show_history(ask_history(packages, top, first, last, rule.value), as_json=as_json))


@app.command()
def guide(
    topic: Annotated[
        list[str], typer.Argument(metavar="TOPIC...", help="Such as pybind11, cibuildwheel, or 'data races'.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show which sections of the py-free-threading guide are about a topic.

    Examples: ftbot guide pybind11; ftbot guide debug data races
    """
    from bot.cli.guide import show_guide

    _leave(show_guide(topic, as_json=as_json))


@app.command()
def tracking(
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="The page with the table; - is stdin. By default the published one."),
    ] = None,
    as_json: AsJson = False,
    form: Annotated[
        TrackingFormat | None, typer.Option("--format", help="A patch for git apply, or the text of a pull request.")
    ] = None,
) -> None:
    """Show where the py-free-threading tracking table disagrees with the index, row by row.

    A version that is named later than the first with wheels is a judgement, and stays. Nothing is sent anywhere.

    Examples: ftbot tracking docs/tracking.md; ftbot tracking docs/tracking.md --format patch | git apply
    """
    from bot.cli.tracking import compare_table

    if as_json and form is not None:
        raise UserError("--json and --format exclude each other. Give only one of them.")
    _leave(compare_table(file, "json" if as_json else "text" if form is None else form.value))


@app.command()
def site(
    into: Annotated[str, typer.Option("--output", metavar="DIR", help="An empty folder, or one it was written to.")],
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", metavar="URL", help="Where the world will see it; by default FTBOT_PUBLIC_URL."),
    ] = None,
) -> None:
    """Write the site as static files: pages of all tracked packages, lists, digests; only what changed is written.

    Needs a scan; asks nobody but the database. Any static host will do, in any folder of it: links are relative.

    Example: ftbot site --output public --base-url https://example.org/ft/
    """
    from bot.cli.site import write_site

    _leave(write_site(into, base_url))


@triage.command()
def classify(
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Threads in, answers out, a JSON object a line.")] = False,
) -> None:
    """Tell which threads on stdin are about free-threaded Python, and of what kind; asks nobody.

    A line is {"repo", "number", "title", "body", "is_pr"}; the answer names the words that it goes by.
    """
    from bot.cli.classify import classify_threads

    _leave(classify_threads(jsonl=jsonl))


@triage.command()
def issue(
    thread: Annotated[str, typer.Argument(metavar="OWNER/REPO#N", help="An issue or pull request, or its address.")],
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it, under the repository's own settings; needs the GitHub App there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what triage would do with one thread and why, and what it has done.

    Nothing is written on GitHub without --apply. Where no GitHub App is set up, it shows what one would do.

    Examples: ftbot triage issue numpy/numpy#26157; ftbot triage issue https://github.com/numpy/numpy/issues/26157
    """
    from bot.cli.triage import triage_thread

    _leave(triage_thread(thread, apply=apply, as_json=as_json))


@triage.command()
def replay(as_json: AsJson = False) -> None:
    """Read all stored threads with the rules of this version, and show what they would change; asks nobody."""
    from bot.cli.triage import replay_rules

    _leave(replay_rules(as_json=as_json))


@triage.command()
def evaluate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Labelled threads, a JSON object a line.")],
    part: Annotated[
        ThreadsPart, typer.Option(help="All threads, or the third of the repositories that is held out, or the rest.")
    ] = ThreadsPart.ALL,
    phrases: Annotated[
        bool, typer.Option("--phrases", help="Only what each phrase that may open the gate is worth.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure the rules on labelled threads of your own: scores, every mistake and its words; asks nobody.

    A line is {"repo", "number", "title", "body", "is_pr", "labels": {"kind", "pythons", "platforms", "packages"}}.
    """
    from pathlib import Path

    from bot.cli.evaluate import evaluate_rules

    held_out = {ThreadsPart.ALL: None, ThreadsPart.REST: False, ThreadsPart.HELD_OUT: True}[part]
    _leave(evaluate_rules(Path(file), held_out=held_out, phrases=phrases, as_json=as_json))


@upstream.command()
def poll(as_json: AsJson = False) -> None:
    """Look once at all that is watched, store what is new, and show what happened.

    Needs FTBOT_GITHUB_TOKEN, a token that may read public repositories and nothing else.
    """
    from bot.cli.upstream import poll_threads

    _leave(poll_threads(as_json=as_json))


@upstream.command("list")
def list_watched(as_json: AsJson = False) -> None:
    """List what is watched: the tracking table, repositories and searches, with how much was found; asks nobody."""
    from bot.cli.upstream import list_sources

    _leave(list_sources(as_json=as_json))


@app.command("settings")
def show_settings(as_json: AsJson = False) -> None:
    """List every setting with its value and what it is; secrets are masked.

    Settings are environment variables with the prefix FTBOT_, or lines of a file .env in the working directory.
    """
    from bot.cli.settings import show_settings as show

    show(as_json=as_json)


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check that the index, the database and the tokens that are set work."""
    from bot.cli.check import check_everything

    _leave(check_everything(as_json=as_json))


@app.command()
def migrate(
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="URL", help="A path, or postgresql://...; by default FTBOT_DATABASE."),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--to", metavar="URL", help="The same, and new or empty; by default FTBOT_DATABASE.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be moved, and move nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Move everything from one database to another, such as from SQLite to PostgreSQL, and compare both.

    Stop the bot first. The source stays as it is. Interrupted, run the same again: it goes on where it was; until it
    is through, no other command opens the new database. Exit code 5 says that something is not the same in both.

    Others on this machine can read what is on a command line: give the address with the password as FTBOT_DATABASE, or
    without it, and the password in ~/.pgpass.

    Examples: ftbot migrate --from ftbot.db --to postgresql://ftbot@db.example/ftbot; ftbot migrate --to copy.db
    """
    from bot.cli.migrate import migrate_database

    _leave(migrate_database(source, target, only_look=dry_run, as_json=as_json))


@app.command("scan-for-bot", hidden=True)
def scan_for_bot(
    everything: Annotated[bool, typer.Option("--everything")] = False,
    epoch: Annotated[int | None, typer.Option("--epoch")] = None,
) -> None:
    """Scan for ftbot run, which starts this; ends when standard input does."""
    from bot.cli.scan_process import scan_for_the_bot

    scan_for_the_bot(everything=everything, epoch=epoch)


@app.command()
def run() -> None:
    """Run the bot until SIGINT or SIGTERM: Discord, and /healthz, /readyz and /metrics over HTTP.

    With FTBOT_WEB=on it serves the site, too.

    Needs FTBOT_DISCORD_TOKEN; docs/operations.md tells how to get one.
    """
    from bot.cli.unused import OF_THE_BOT, as_if_not_installed

    with as_if_not_installed(*OF_THE_BOT):
        from bot.cli.run import run_until_stopped

    run_until_stopped()
