"""`tgl-server demo`: a database, a server and a push to try, in one command."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from sqlalchemy.exc import DBAPIError

from tgl_server.cli.context import Port, data_dir, database_needed, process_settings, run_with_database, with_database
from tgl_server.cli.output import say
from tgl_server.db import migrate
from tgl_server.db.reachable import DatabaseLost
from tgl_server.demo import DemoFailed
from tgl_server.demo.exhibition import Exhibition, open_exhibition
from tgl_server.demo.processes import ended_like_ctrl_c, run_client, server_process
from tgl_server.demo.repository import NotCounted, check_repository, reachable_commits
from tgl_server.demo.stage import PROJECT, Stage, Summary, clear_stage, set_stage, summarize
from tgl_server.serving import addresses
from tgl_server.settings import Settings
from tgl_server.web.words import plain_day

_HOST = "127.0.0.1"


def demo(
    path: Annotated[Path, typer.Argument(help="The Git repository to push.")] = Path(),
    port: Port = 0,
    leave: Annotated[bool, typer.Option("--exit", help="Stop after the push.")] = False,
) -> None:
    """Try everything: database, server, project and key are made, and the repository at PATH is pushed.

    With --exit the status is 0 only if the server holds exactly the commits that the branches reach.
    """
    check_repository(path.absolute())
    path = path.resolve()
    settings = process_settings()
    port = port or addresses.free_port(_HOST)
    addresses.check_address(_HOST, port)
    with ended_like_ctrl_c(), with_database(settings) as ready:
        with database_needed(ready):
            migrate.upgrade(ready.database_url)
        agrees = _play(settings, ready, path, port, leave=leave)
    if leave and not agrees:
        raise typer.Exit(1)


def _play(settings: Settings, ready: Settings, path: Path, port: int, *, leave: bool) -> bool:
    """Set the stage, push, serve, and clear up; True if the server holds exactly what the branches reach."""
    url = f"http://{_HOST}:{port}"
    with _stage(ready, path) as stage:
        _say(f"database  {'your DATABASE_URL' if settings.database_url else data_dir(settings)}")
        _say(f"server    {url}")
        _say(f"pushing   {_shown(path)} to project {PROJECT}, repository {stage.repo}")
        with server_process(ready.database_url, port) as server:
            agrees = _push(ready, path, url, stage)
            exhibition = run_with_database(lambda database, _: open_exhibition(database, stage), ready)
            _print_exhibition(url, exhibition)
            if not leave:
                _print_next_steps(url, path, stage, exhibition)
                _serve_until_interrupted(server)
    return agrees


@contextmanager
def _stage(settings: Settings, path: Path) -> Iterator[Stage]:
    stage = run_with_database(lambda database, argon2: set_stage(database, argon2, path), settings)
    try:
        yield stage
    finally:
        # If the database is gone, the key opens nothing; and it expires by itself.
        with suppress(OSError, DBAPIError, DatabaseLost):
            run_with_database(lambda database, _: clear_stage(database, stage), settings)


def _push(settings: Settings, path: Path, url: str, stage: Stage) -> bool:
    """Run the client and print the result; True if the server's count is git's."""
    started = time.monotonic()
    report = run_client(path, url, stage)["repositories"][0]
    seconds = time.monotonic() - started
    summary = run_with_database(lambda database, _: summarize(database, stage.repo_id), settings)
    _print_summary(summary, report, seconds)
    return _agrees(path, summary, report)


def _print_summary(summary: Summary, report: dict[str, Any], seconds: float) -> None:
    sent = report["sent"]
    rate = f", {sent / seconds:,.0f} commits/s" if sent else ""
    _say(f"sent      {_counted(sent, 'commit')} in {seconds:.1f} s{rate}" if sent else "sent      nothing new")
    _say(f"stored    {_counted(summary.commits, 'commit')} by {_counted(summary.authors, 'author')}")
    _say(f"lines     +{summary.additions:,} -{summary.deletions:,}")


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else f'{one}s'}"


def _agrees(path: Path, summary: Summary, report: dict[str, Any]) -> bool:
    skipped = report["held_back"]
    try:
        reachable = reachable_commits(path)
    except NotCounted as error:
        _say(f"checked   not against git: {error}")
        return bool(summary.commits >= report["walked"] - skipped)
    expected = reachable - skipped
    aside = f", of them {skipped:,} skipped at the shallow boundary" if skipped else ""
    reached = f"checked   the local branches reach {_counted(reachable, 'commit')}{aside}"
    if summary.commits == expected:
        _say(f"{reached}; the server has {'the others' if skipped else 'as many'}")
        return True
    _say(f"{reached}; the server has {summary.commits:,}")
    if summary.commits > expected:
        _say("          (history was rewritten since an earlier demo: the server forgets nothing that was pushed)")
    return False


def _print_exhibition(url: str, exhibition: Exhibition | None) -> None:
    if exhibition is None:
        return
    days = f"{plain_day(exhibition.starts)} to {plain_day(exhibition.ends)}"
    _say(f"league    an exhibition season, {days}, with {_counted(exhibition.players, 'player')}")
    _say(f"          {url}{exhibition.path}")


def _print_next_steps(url: str, path: Path, stage: Stage, exhibition: Exhibition | None) -> None:
    status = f"{url}/api/v1/sync/projects/{PROJECT}/repos/{quote(stage.repo, safe='')}/status"
    tgl = shlex.quote(str(Path(sys.executable).parent / "tgl"))
    _say("")
    _say("Open the console, signed in once by this link:")
    _say(f"  {url}{stage.sign_in_path}")
    if exhibition is not None:
        _say("then League shows the table of the exhibition, and what each commit gave.")
    _say("")
    _say("Try next, in another terminal:")
    _say(f"  export TGL_URL={url} TGL_PROJECT={PROJECT} TGL_REPO={shlex.quote(stage.repo)}")
    _say(f"  export TGL_API_KEY={stage.key}")
    _say(f"  {tgl} push {shlex.quote(_shown(path))}        # after your next commit")
    _say(f'  curl -H "Authorization: Bearer $TGL_API_KEY" {status}')
    _say(f"  {url}/schema  in a browser shows the whole API")
    _say("")
    _say("Serving until Ctrl-C. The key works as long.")


def _serve_until_interrupted(server: subprocess.Popen[bytes]) -> None:
    try:
        code = server.wait()
    except KeyboardInterrupt:
        _say("Stopping.")
        return
    raise DemoFailed(f"the server ended by itself with status {code}")


def _shown(path: Path) -> str:
    """The path as text to print: its bytes need not be UTF-8."""
    return os.fsencode(path).decode(errors="replace")


def _say(line: str) -> None:
    say(line)
    sys.stdout.flush()
