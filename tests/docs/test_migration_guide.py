"""The guide to moving repositories is run as it stands: on the server's machine, and on a laptop."""

import asyncio
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.fernet import Fernet

from tests.support.database import count, rows, scalar
from tests.support.databases import opened, own_database
from tests.support.forge import Forge, running_forge
from tests.support.histories import add_commits, git, make_repository
from tests.support.older_system import add, encrypted, make_tables
from tests.support.pulls import pull
from tests.support.servers import RunningServer
from tgl_server.access.ids import RepoId
from tgl_server.cli import commands
from tgl_server.db.embedded import EmbeddedPostgres
from tgl_server.db.engine import Database
from tgl_server.sealing.sealer import new_key
from tgl_server.settings import Settings

GUIDE = (Path(__file__).parents[2] / "docs" / "howto" / "migrate-from-pull.md").read_text()
OLDER, URL, KEY = r"postgresql://reader@old\.example\.com/gitleague", r"https://league\.example\.com", r"tgl_\.\.\."
ADA, TEAM, APP, TOOLS = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(1, 5))
TOKEN = "glpat-of-the-guide"


def blocks(heading: str, kind: str = "sh") -> list[str]:
    """The commands below a heading, those of the server's machine or of the laptop."""
    section = re.split(r"^## ", GUIDE.partition(f"## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    found = re.findall(rf"^( *)```{kind}\n(.*?)^ *```", section, re.MULTILINE | re.DOTALL)
    return ["\n".join(line.removeprefix(indent) for line in text.splitlines()) for indent, text in found]


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    with running_forge(tmp_path / "forge") as forge:
        forge.token = TOKEN
        yield forge


@pytest.fixture
def laptop(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "laptop", 5)


@pytest.fixture
def settings(database_url: str, forge: Forge, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url,
        mirror_dir=str(tmp_path / "mirrors"),
        pull_allowed_networks=("127.0.0.1/32",),
        pull_allowed_ports=(forge.port,),
        pull_ca_file=str(forge.ca_file),
        secrets_keys=(new_key(),),
    )


@pytest.fixture
async def older(postgres: EmbeddedPostgres, forge: Forge, laptop: Path, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of the older system's database, with two repositories of the forge; its key is in `fernet.key`."""
    key = Fernet.generate_key()
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "fernet.key").write_bytes(key)
    plain = {"project_id": TEAM, "branch": "main", "status": "HEALTHY", "remote_type": "HTTPS"}
    async with own_database(postgres) as url, opened(url) as database:
        async with database.engine.begin() as tx:
            await make_tables(tx)
            await add(tx, "users", id=ADA, email="ada@example.com", role="COMMISSIONER", status="APPROVED")
            await add(tx, "projects", id=TEAM, name="Team", slug="team", created_by=ADA)
            for id_, name in ((APP, "app"), (TOOLS, "tools")):
                secret = encrypted(Fernet(key), token=TOKEN)
                address = {
                    "remote_url": forge.add(laptop, name).replace("://", "://reader@"),
                    "sync_frequency": "0 3 * * *",
                }
                await add(tx, "repos", id=id_, name=name, credentials_encrypted=secret, **address, **plain)
        yield url


class Machine:
    """A machine to run commands on."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TGL_", "XDG_"))}
        path = f"{Path(sys.executable).parent}:{kept['PATH']}"
        self.folder, self._environment = folder, {**kept, "HOME": str(folder.parent), "PATH": path, **environment}

    def run(self, script: str, *replaced: tuple[str, str]) -> str:
        """All that a script printed; it must end well."""
        for pattern, text in replaced:
            script = re.sub(pattern, text, script)
        done = subprocess.run(
            ["sh", "-ec", script],
            env=self._environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr


class Server(Machine):
    """The server's machine. Its own commands run in this process, as each would take a second to start."""

    def __init__(
        self, folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        environment = {
            "DATABASE_URL": settings.database_url,
            "MIRROR_DIR": settings.mirror_dir,
            "SECRETS_KEYS": ",".join(settings.secrets_keys),
            "PULL_ALLOWED_NETWORKS": ",".join(settings.pull_allowed_networks),
            "PULL_ALLOWED_PORTS": ",".join(map(str, settings.pull_allowed_ports)),
            "ARGON2_MEMORY_KIB": "1024",
        }
        super().__init__(folder, environment)
        self._monkeypatch, self._capsys = monkeypatch, capsys
        monkeypatch.chdir(folder)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    async def do(self, script: str, *replaced: tuple[str, str]) -> str:
        """All that the lines of a script printed; each must end well."""
        for pattern, text in replaced:
            script = re.sub(pattern, text, script)
        said = ""
        for line in script.splitlines():
            words = shlex.split(line)
            said += await asyncio.to_thread(self._command, words) if words[0] == "tgl-server" else self.run(line)
        return said

    def _command(self, words: list[str]) -> str:
        self._capsys.readouterr()
        self._monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            commands.run()
        printed = self._capsys.readouterr()
        assert ended.value.code == 0, (words, ended.value.code, printed)
        return printed.out + printed.err


async def test_the_guide_leads_there_and_back(
    server: RunningServer,
    database: Database,
    settings: Settings,
    older: str,
    forge: Forge,
    laptop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here = Server(tmp_path / "server", settings, monkeypatch, capsys)
    there = Machine(laptop, {"TGL_HOME": str(tmp_path / "home")})
    dry, real, differs = blocks("Take over from the older system")
    assert "repositories: 2 would be imported" in await here.do(dry, (OLDER, older))
    assert await count(database, "repos") == 0
    assert "credentials: 2 imported" in await here.do(real, (OLDER, older))
    for repo in (APP, TOOLS):
        assert (await pull(database, settings, RepoId(UUID(repo))))["state"] == "done"
    assert "team/app: 5 commits here, 0 there, 0 differ" in await here.do(differs, (OLDER, older))
    (look,) = blocks("See where you are")
    assert "pull_celery 2" in await here.do(look)
    stale, ended = blocks("See where you are", "sql")
    assert await rows(database, stale) == []
    assert [(row.source, row.state, row.count, row.commits) for row in await rows(database, ended)] == [
        ("pull", "done", 2, 10)
    ]

    compare, clone, switch, key = blocks("One repository first")
    bundle, push = blocks("One repository first", "sh laptop")
    assert (await here.do(compare)).startswith("team/app: equal, 5 commits, fingerprint ")
    there.run(bundle)
    shutil.move(laptop / "app.bundle", here.folder / "app.bundle")
    assert "team/app: equal, 5 commits, fingerprint " in await here.do(clone)
    assert "1 moved" in await here.do(switch)
    secret = re.findall(r"^tgl_\w+$", await here.do(key), re.MULTILINE)[0]
    add_commits(laptop, 2)
    assert "2 sent" in there.run(push, (URL, server.url), (KEY, secret))

    assert "1 moved, 1 have the method already" in await here.do(blocks("Project by project")[0])
    assert await count(database, "repo_credentials") == 0
    assert "2 have the method already" in await here.do(blocks("All at once")[0])
    said = await here.do(blocks("Back")[0])
    assert "warning: team/app: no credentials are stored" in said
    assert await scalar(database, "SELECT count(*) FROM repos WHERE sync_method = 'pull_celery'") == 2
    assert await scalar(database, "SELECT total_commits FROM repo_states WHERE repo_id = :id", id=UUID(APP)) == 7
    assert int(git(laptop, "rev-list", "--count", "main")) == 7
