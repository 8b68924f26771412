"""The commands, assembled; and how an error ends the process."""

import sys

import typer
from alembic.util import CommandError

import tgl_protocol
from tgl_server.cli import demo, keys, migrate, projects, repos, serve, users, verify
from tgl_server.errors import Invalid, ServerError

app = typer.Typer(
    name="tgl-server",
    help="TheGitLeague's server: receives commit metadata over HTTP and keeps it in PostgreSQL.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("serve")(serve.serve)
app.command("migrate")(migrate.migrate)
app.command("demo")(demo.demo)
app.command("verify")(verify.verify)
app.add_typer(users.app, name="users")
app.add_typer(projects.app, name="projects")
app.add_typer(repos.app, name="repos")
app.add_typer(keys.app, name="keys")


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
    """Errors that we know end with one sentence; any other is a bug and keeps its traceback."""
    try:
        app()
    except ServerError as error:
        sys.exit(f"error: {_sentence(error)}")
    except CommandError as error:
        sys.exit(f"error: {error}; `tgl-server migrate history` shows the versions that there are")


def _sentence(error: ServerError) -> str:
    """With the reasons for each field, which an HTTP answer lists beside it."""
    reasons = [f"{reason.field}: {reason.message}" for reason in error.errors] if isinstance(error, Invalid) else []
    return "; ".join(reasons) or str(error)
