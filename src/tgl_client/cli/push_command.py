"""What `tgl push` does once its arguments are known."""

import os
from pathlib import Path

from tgl_client import errors
from tgl_client.address import Target
from tgl_client.cli.running import run_command
from tgl_client.client import Client
from tgl_client.output import LineProgress, print_push_reports
from tgl_client.progress import Progress
from tgl_client.report import PushReport


def push_one(
    path: Path, *, url: str | None, project: str | None, repo: str | None, quiet: bool, as_json: bool
) -> errors.ExitCode:
    """Push one repository, print what happened, and answer the exit code."""
    address = _required("--url", url, "TGL_URL")
    key = _required("an API key", None, "TGL_API_KEY")
    target = Target(_required("--project", project, "TGL_PROJECT"), _required("--repo", repo, "TGL_REPO"))
    progress = Progress() if quiet or as_json else LineProgress()
    report = run_command(_push(path, address, key, target, progress))
    print_push_reports([report], quiet=quiet, as_json=as_json)
    return report.exit_code


async def _push(path: Path, url: str, key: str, target: Target, progress: Progress) -> PushReport:
    async with Client(url, key) as client:
        try:
            return await client.push(path, project=target.project, repo=target.repo, progress=progress)
        except errors.TglError as error:
            if error.report is None:
                raise
            return error.report


def _required(name: str, value: str | None, variable: str) -> str:
    value = value or os.environ.get(variable)
    if not value:
        raise errors.ConfigError(f"{name} is missing", hint=f"give it, or set {variable}")
    return value
