"""Runs `tgl` as a process of its own, as a shell or cron would."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TGL = (sys.executable, "-m", "tgl_client")


@dataclass(frozen=True)
class Done:
    """How the command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def tgl(*args: object, cwd: Path | None = None, stdin: str = "", **environment: str) -> Done:
    """Run a command to its end; variables are given by name, such as `TGL_URL=...`."""
    done = subprocess.run(
        [*TGL, *map(str, args)],
        cwd=cwd,
        env={**os.environ, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)
