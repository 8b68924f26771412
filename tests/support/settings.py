"""Settings of the client as a test states them: flags, a repos.yaml, a login, the environment."""

from pathlib import Path

from tgl_client.settings.flags import Flags
from tgl_client.settings.load import resolve
from tgl_client.settings.login_file import Login
from tgl_client.settings.project_file import ProjectFile
from tgl_client.settings.repos_yaml import read_project_file
from tgl_client.settings.settings import Settings


def written(tmp_path: Path, text: str, *, mode: int = 0o600, found: bool = False, **environ: str) -> ProjectFile:
    """The settings of a repos.yaml with this text."""
    file = tmp_path / "repos.yaml"
    file.write_text(text)
    file.chmod(mode)
    return read_project_file(file, environ, found=found)


def resolved(
    flags: Flags | None = None, file: ProjectFile | None = None, login: Login | None = None, **environ: str
) -> Settings:
    """The settings that follow from these sources."""
    return resolve(flags or Flags(), environ, file, login or Login())
