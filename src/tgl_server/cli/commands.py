"""The commands, assembled; and how an error ends the process."""

import sys

import typer
from alembic.util import CommandError

import tgl_protocol
from tgl_protocol.visible import visible
from tgl_server.cli import (
    backup,
    beat,
    demo,
    doctor,
    keys,
    league,
    legacy,
    listing,
    man,
    members,
    migrate,
    players,
    projects,
    pulls,
    repos,
    sealing_keys,
    seasons,
    serve,
    users,
    verify,
    worker,
)
from tgl_server.errors import Invalid, ServerError

app = typer.Typer(
    name="tgl-server",
    help="TheGitLeague's server: receives commit metadata over HTTP and keeps it in PostgreSQL.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("beat")(beat.beat)
app.command("migrate", context_settings=migrate.CONTEXT)(migrate.migrate)
app.command("demo")(demo.demo)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("doctor")(doctor.doctor)
app.command("verify")(verify.verify)
app.add_typer(users.app, name="users")
app.add_typer(projects.app, name="projects")
projects.app.command("list")(listing.list_projects)
app.add_typer(members.app, name="members")
app.add_typer(repos.app, name="repos")
repos.app.command("list")(listing.list_repos)
app.add_typer(pulls.app, name="pulls")
app.add_typer(players.app, name="players")
app.add_typer(keys.app, name="keys")
app.add_typer(league.app, name="league")
app.add_typer(seasons.app, name="seasons")
app.add_typer(sealing_keys.app, name="secrets")
app.command("import-legacy")(legacy.import_from)
app.command("man")(man.man)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tgl-server {tgl_protocol.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", help="Print the version.", callback=_print_version, is_eager=True),
) -> None:
    """TheGitLeague's server: receives commit metadata over HTTP and keeps it in PostgreSQL."""


def run() -> None:
    """Run the command. A known error ends it with one sentence; any other is a bug and keeps its traceback."""
    try:
        app()
    except ServerError as error:
        sys.exit(visible(f"error: {_sentence(error)}", keep="\n"))
    except CommandError as error:
        sys.exit(f"error: {error}; `tgl-server migrate history` shows the versions that there are")


def _sentence(error: ServerError) -> str:
    """The error in one sentence: the reason for each bad field, as an HTTP answer lists them, or its message."""
    reasons = [f"{reason.field}: {reason.message}" for reason in error.errors] if isinstance(error, Invalid) else []
    return "; ".join(reasons) or str(error)
