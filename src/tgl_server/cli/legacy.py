"""`tgl-server import-legacy`: accounts, projects and repositories from the older system's database."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from tgl_server.accounts.links import make_link
from tgl_server.accounts.models import LinkKind
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.context import process_settings, run_with_database, with_database
from tgl_server.cli.output import say
from tgl_server.cli.pages import AsJson, say_json
from tgl_server.cli.users import find_account
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.features import FOLLOWERS
from tgl_server.legacy.importing import import_legacy
from tgl_server.legacy.report import Problem, Report
from tgl_server.legacy.repos import Keys, read_key
from tgl_server.remotes import policy_of
from tgl_server.sealing.sealer import Sealer
from tgl_server.settings import Settings


def import_from(
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="URL",
            help="The older system's PostgreSQL. Its password is best in PGPASSWORD: processes can be listed.",
        ),
    ],
    fernet_key_file: Annotated[
        Path | None, typer.Option(help="A file with its FERNET_KEY, which opens stored credentials.")
    ] = None,
    keys_csv: Annotated[
        Path | None, typer.Option(help="Write the API keys to issue again into this file, which must not be there yet.")
    ] = None,
    links_csv: Annotated[
        Path | None,
        typer.Option(help="Write a link for each new active account into this file: its person chooses a password."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; show what would be imported.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import accounts, projects, repositories, schedules and credentials from the older system; not its commits.

    Reads there and changes nothing. Ids stay, so that a second import adds only what is new since.
    """
    theirs = None if fernet_key_file is None else read_key(fernet_key_file)
    with with_database(process_settings()) as settings:

        async def act(database: Database, _: Argon2) -> tuple[Report, list[tuple[str, str]]]:
            keys = Keys(theirs, Sealer(settings.secrets_keys), policy_of(settings))
            found = await import_legacy(database, source, keys, FOLLOWERS, dry_run=dry_run)
            invited = found.to_invite if links_csv is not None and not dry_run else []
            return found, await _make_links(database, settings, invited)

        report, links = run_with_database(act, settings)
    if keys_csv is not None:
        rows = ((key.owner, key.name, key.scopes, key.expires_at) for key in report.keys_to_reissue)
        _write_csv(keys_csv, ("owner", "name", "scopes", "expires_at"), rows)
    if links_csv is not None and not dry_run:
        _write_csv(links_csv, ("email", "link"), links)
    if as_json:
        say_json(report=report)
    else:
        _say(report)


async def _make_links(database: Database, settings: Settings, emails: list[str]) -> list[tuple[str, str]]:
    """An address for each of these accounts under which a password is chosen, once, within a day."""
    origin = settings.public_origin or "http://127.0.0.1:8000"
    made = []
    async with database.transaction() as tx:
        for email in emails:
            link = await make_link(tx, await find_account(tx, email), LinkKind.INVITATION)
            made.append((email, origin + link.path))
    return made


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A new file for its owner alone: people's addresses are in it, and links that let in."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(columns)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(lines.getvalue(), encoding="utf-8", newline="")
    except OSError as error:
        raise ServerError(f"{path} cannot be written: {error.strerror}") from None


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _say(report: Report) -> None:
    would = "would be imported" if report.dry_run else "imported"
    for kind in {**report.imported, **report.there_already}:
        say(f"{kind}: {report.imported.get(kind, 0):,} {would}, {report.there_already.get(kind, 0):,} there already")
    for table, number in report.left.items():
        say(f"{table}: {number:,} rows left where they are")
    _say_problems("not taken over as it was", report.problems)
    _say_problems("credentials to be entered again", report.credentials_to_enter)
    if report.keys_to_reissue:
        say(f"{len(report.keys_to_reissue)} API keys to issue again; --keys-csv FILE lists them")
    if report.to_invite:
        say(f"{len(report.to_invite)} new accounts have no password: --links-csv FILE writes a link for each, and")
        say("`tgl-server users reset-link EMAIL` makes one later")


def _say_problems(title: str, problems: list[Problem]) -> None:
    for each in problems:
        say(f"{title}: {each.what}: {each.reason}")
