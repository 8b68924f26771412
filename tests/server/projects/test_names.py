"""Names of repositories and addresses of their remotes: what is taken, what is refused, and names made from folders."""

from urllib.parse import quote
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.database import scalar
from tests.support.people import People, make_project, make_repo
from tgl_server.db.engine import Database
from tgl_server.projects.names import as_repo_name, repo_name_fault


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("linux-3fa1c2", "linux-3fa1c2"),
        ("My Räpo-3fa1c2", "My Räpo-3fa1c2"),
        ("a\nb\udcff/c-3fa1c2", "a-b--c-3fa1c2"),
        ("x" * 200 + "-3fa1c2", "x" * 93 + "-3fa1c2"),
        ("0123456789abcdef0123456789-3fa1c2", "repo0123456789abcdef0123456789-3fa1c2"),
        ("", "repo"),
        ("..", "repo.."),
    ],
)
def test_a_folder_s_name_becomes_the_nearest_repository_name(folder: str, name: str) -> None:
    assert as_repo_name(folder) == name


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_a_name_that_is_accepted(text: str) -> None:
    name = as_repo_name(text)
    assert 1 <= len(name) <= 100
    assert repo_name_fault(name) is None
    assert name.encode()


NAMES = [
    "linux",
    "my.repo",
    "a_b-c",
    "folder-3fa1c2",
    "a b",
    "Ünïcödé",
    "项目",
    "x" * 100,
    "a%2Fb",
    "a?b#c",
    "...",
    "@",
]


async def test_a_repository_is_found_by_its_name(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    for name in NAMES:
        repo = await make_repo(ada, path, name)
        assert (await ada.get(f"{path}/repos/{quote(name, safe='')}")).json == repo


BAD_NAMES = [
    "", " ", "a ", " a", "a/b", "a\\b", ".", "..", "a\nb", "a\0b", "a\tb", "a\x7fb", "a\u200bb", "a\u202eb", "a\u00a0b",
    "x" * 101, str(uuid4()), uuid4().hex, f"{{{uuid4()}}}", "\ud800", "a\udfffb", None, 5, ["a"],
]  # fmt: skip


async def test_a_name_that_would_confuse_is_refused(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    await make_repo(ada, path)
    for name in BAD_NAMES:
        new = await ada.post(f"{path}/repos", {"name": name})
        changed = await ada.patch(f"{path}/repos/linux", {"name": name})
        assert (new.status, new.json["code"], changed.status) == (422, "invalid_body", 422), repr(name)
    assert [repo["name"] for repo in (await ada.get(f"{path}/repos")).json["items"]] == ["linux"]


GOOD_URLS = [
    "https://git.example.com/a.git", "HTTP://h:8080/a", "ssh://git@h:22/a", "git@example.com:a/b.git", "git://h/a",
    "/srv/git/a.git",
]  # fmt: skip


async def test_a_git_url_without_credentials_is_kept(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    await make_repo(ada, path)
    for url in GOOD_URLS:
        assert (await ada.patch(f"{path}/repos/linux", {"git_url": url})).json["git_url"] == url


async def test_a_git_url_that_no_pull_fetches_is_refused_where_the_server_pulls(people: People) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    linux, git = f"{path}/repos/linux", {"git_url": "git://h/a"}
    pulled = {"sync_method": "pull_celery"}
    await make_repo(ada, path, **git)
    for answer in (
        await ada.post(f"{path}/repos", {"name": "other"} | git | pulled),
        await ada.patch(linux, git | pulled),
        await ada.patch(f"{path}/repos/{(await make_repo(ada, path, 'pulled', **pulled))['id']}", git),
    ):
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "git_url")
        assert "use https:// or ssh://" in answer.json["errors"][0]["message"]
    plan = await ada.post(f"{linux}/rollback-to-pull", {"dry_run": True})
    assert any("its git_url is one that no pull fetches" in words for words in plan.json["warnings"])


BAD_URLS = [
    "https://ada:hunter2@h/a", "https://hunter2@h/a", "ssh://git:hunter2@h/a", "https://h/a?token=hunter2",
    "https://h/a#hunter2", "hunter2:hunter2@h:a", "https://ada:hunt/er2@h/a", "https://ada%3Ahunter2@h/a",
    "ext::sh -c hunter2", "ext::hunter2", "file:///hunter2", "//hunter2", "hunter2", "javascript:hunter2",
    "-oProxyCommand=hunter2:a", "ssh://-oProxyCommand=hunter2/a", "ssh://-hunter2@h/a", "https://h/hunter2\n",
    "https://h/\0hunter2", "https:// h/hunter2", "https://[hunter2", "C:\\hunter2", "", "x" * 2049,
]  # fmt: skip


async def test_a_git_url_that_could_hold_a_secret_or_run_a_program_is_refused_and_stored_nowhere(
    people: People, database: Database
) -> None:
    ada = await people.make("ada")
    path = await make_project(ada)
    await make_repo(ada, path)
    for url in BAD_URLS:
        new = await ada.post(f"{path}/repos", {"name": "other", "git_url": url})
        changed = await ada.patch(f"{path}/repos/linux", {"git_url": url})
        assert (new.status, changed.status) == (422, 422), url
        assert b"hunter2" not in new.body + changed.body
    assert await scalar(database, "SELECT count(git_url) FROM repos") == 0
    assert "hunter2" not in await scalar(database, "SELECT string_agg(CAST(a AS text), '') FROM audit_logs a")
