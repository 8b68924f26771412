"""`tgl-server demo`."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from tgl_server import demo as scene
from tgl_server import serving
from tgl_server.cli.context import data_dir, process_settings, run_with_database, with_database
from tgl_server.db import migrate
from tgl_server.settings import Settings


def demo(
    path: Annotated[Path, typer.Argument(help="The Git repository to push.")] = Path(),
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 0,
    leave: Annotated[bool, typer.Option("--exit", help="Stop after the push.")] = False,
) -> None:
    """Try everything: database, server, project and key are made, and the repository at PATH is pushed.

    With --exit the status is 0 only if the server holds exactly the commits that the branches reach.
    """
    path = path.resolve()
    settings = process_settings()
    with with_database(settings) as ready:
        migrate.upgrade(ready.database_url)
        stage = run_with_database(lambda database, argon2: scene.set_stage(database, argon2, path), ready)
        port = port or serving.free_port("127.0.0.1")
        url = f"http://127.0.0.1:{port}"
        _say(f"database  {'your DATABASE_URL' if settings.database_url else data_dir(settings)}")
        _say(f"server    {url}")
        _say(f"pushing   {path} to project {scene.PROJECT}, repository {stage.repo}")
        with scene.server_process(ready.database_url, port) as server:
            agrees = _push(ready, path, url, stage)
            if not leave:
                _print_next_steps(url, stage)
                _serve_until_interrupted(server)
    if leave and not agrees:
        raise typer.Exit(1)


def _push(settings: Settings, path: Path, url: str, stage: scene.Stage) -> bool:
    """Run the client, print what came of it, and compare the server's count with git's."""
    started = time.monotonic()
    report = scene.run_client(path, url, stage)["repositories"][0]
    seconds = time.monotonic() - started
    summary = run_with_database(lambda database, _: scene.summarize(database, stage.repo_id), settings)
    _print_summary(summary, report, seconds)
    return _agrees(path, summary, report)


def _print_summary(summary: scene.Summary, report: dict[str, Any], seconds: float) -> None:
    sent = report["sent"]
    rate = f", {sent / seconds:,.0f} commits/s" if sent else ""
    _say(f"sent      {sent:,} commits in {seconds:.1f} s{rate}" if sent else "sent      nothing new")
    _say(f"stored    {summary.commits:,} commits by {summary.authors:,} authors")
    _say(f"lines     +{summary.additions:,} -{summary.deletions:,}")


def _agrees(path: Path, summary: scene.Summary, report: dict[str, Any]) -> bool:
    reachable = scene.reachable_commits(path)
    if reachable is None:
        _say("checked   not against git, which is not installed")
        return bool(summary.commits >= report["walked"] - report["held_back"])
    expected = reachable - report["held_back"]
    if summary.commits == expected:
        _say(f"checked   the local branches reach {expected:,} commits, the server has as many")
        return True
    _say(f"checked   the local branches reach {expected:,} commits, the server has {summary.commits:,}")
    if summary.commits > expected:
        _say("          (history was rewritten since an earlier demo: the server forgets nothing that was pushed)")
    return False


def _print_next_steps(url: str, stage: scene.Stage) -> None:
    status = f"{url}/api/v1/sync/projects/{scene.PROJECT}/repos/{stage.repo}/status"
    _say("")
    _say("Try next, in another terminal:")
    _say(f"  export TGL_URL={url} TGL_PROJECT={scene.PROJECT} TGL_REPO={stage.repo}")
    _say(f"  export TGL_API_KEY={stage.key}")
    _say(f"  {Path(sys.executable).parent / 'tgl'} push        # after your next commit")
    _say(f'  curl -H "Authorization: Bearer $TGL_API_KEY" {status}')
    _say(f"  {url}/schema  in a browser shows the whole API")
    _say("")
    _say("Serving until Ctrl-C. The key works for one day.")


def _serve_until_interrupted(server: subprocess.Popen[bytes]) -> None:
    try:
        code = server.wait()
    except KeyboardInterrupt:
        _say("Stopping.")
        return
    raise scene.DemoFailed(f"the server ended by itself with status {code}")


def _say(line: str) -> None:
    typer.echo(line)
    sys.stdout.flush()
