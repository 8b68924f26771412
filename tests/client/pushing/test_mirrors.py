"""`git_url` in repos.yaml: a remote is pushed through its mirror."""

from pathlib import Path

from tests.support.command import tgl
from tests.support.histories import add_commits, git, make_repository
from tests.support.servers import RunningServer
from tests.support.world import World


def test_a_remote_is_pushed_through_its_mirror(server: RunningServer, world: World, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source", 3)
    (tmp_path / "repos.yaml").write_text(
        f"projects:\n  - project_id: {world.project}\n    repos:\n"
        f"      - git_url: file://{source}\n        repo_id: {world.repo}\n"
    )
    environment = {"TGL_URL": server.url, "TGL_API_KEY": world.key}
    first = tgl("push", "--json", cwd=tmp_path, **environment)
    assert first.json["repositories"][0]["sent"] == 3, first.err
    add_commits(source, 2)
    git(source, "branch", "topic", "main~1")
    second = tgl("push", "--json", cwd=tmp_path, **environment)
    assert (second.json["repositories"][0]["sent"], second.json["repositories"][0]["refs_recorded"]) == (2, 2)


def test_a_remote_without_its_password_names_the_variable(server: RunningServer, world: World, tmp_path: Path) -> None:
    (tmp_path / "repos.yaml").write_text(
        f"projects:\n  - project_id: {world.project}\n    repos:\n"
        "      - git_url: https://127.0.0.1:9/app.git\n        password_env: APP_TOKEN\n"
    )
    done = tgl("push", cwd=tmp_path, TGL_URL=server.url, TGL_API_KEY=world.key)
    assert (done.code, "APP_TOKEN is not set" in done.err) == (2, True)
