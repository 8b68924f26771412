"""What every page says besides its command: variables that no option names, files, exit statuses."""

from pathlib import Path
from typing import Final

from tgl_client.exit_codes import ExitCode
from tgl_client.settings.folders import cache_folder, state_folder
from tgl_client.settings.login_file import login_path
from tgl_client.settings.project_file import FILE_NAME
from tgl_protocol.manual import Entry, Section

_VARIABLES: Final = (
    Entry("TGL_API_KEY", "The API key; it wins over a login."),
    Entry("TGL_HOME", "A folder for all files of tgl, in place of the usual ones."),
    Entry("TGL_UPDATE_NOTICE", "off: no note about a newer version."),
    Entry("HTTPS_PROXY, ALL_PROXY, NO_PROXY", "The proxy on the way to the server, and hosts reached without it."),
    Entry("SSL_CERT_FILE", "Certificates of authorities to trust, such as a company's own."),
    Entry("NO_COLOR", "Set to anything: no colours."),
)


def common_sections() -> tuple[Section, ...]:
    """The further sections of each page; folders are those of whoever asks."""
    files = (
        Entry(FILE_NAME, "Which repositories go where: in the current folder or above it. `tgl init` writes one."),
        Entry(_shown(login_path()), "Server, keys and settings that `tgl login` and `tgl config set` keep."),
        Entry(_shown(state_folder() / "hook.log"), "What pushes out of Git hooks said."),
        Entry(_shown(state_folder()), "Locks, and what the last pushes left; may be deleted."),
        Entry(_shown(cache_folder()), "Mirrors of remotes that a repos.yaml names; may be deleted."),
    )
    statuses = tuple(Entry(str(int(code)), code.meaning) for code in ExitCode)
    return (Section("ENVIRONMENT", (), _VARIABLES), Section("FILES", (), files), Section("EXIT STATUS", (), statuses))


def _shown(path: Path) -> str:
    """The path as anybody may have it: below `~`."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
