"""Why a commit is not here: each answer, and what it may not give away."""

from typing import Any

import pytest

from tests.support.commits import batch, commit, sha_of
from tests.support.database import execute
from tests.support.people import People, Person, make_project, make_repo
from tgl_server.auth.principal import Scope
from tgl_server.db.engine import Database


async def push(person: Person, *commits: dict[str, Any], to: str = "team/repos/linux") -> None:
    answer = await person.post(f"/sync/projects/{to}/commits", batch(*commits))
    assert answer.status == 201, answer.body


async def explained(person: Person, sha: str, repo: str = "team/repos/linux") -> Any:
    answer = await person.get(f"/projects/{repo}/explain/{sha}")
    assert answer.status == 200, answer.body
    return answer.json


@pytest.fixture
async def linux(ada: Person) -> str:
    """A project of Ada's with one repository."""
    project = await make_project(ada)
    await make_repo(ada, project)
    return project


async def test_a_commit_that_is_here_says_when_it_arrived_and_with_whose_push(ada: Person, linux: str) -> None:
    await push(ada, commit("one"))
    found = await explained(ada, sha_of("one").upper())
    assert (found["verdict"], found["sha"], found["found"][0]["pushed_by"]) == ("here", sha_of("one"), "Ada")
    assert found["sentence"].startswith("It is here: it arrived on ")
    assert found["sentence"].endswith(" with a push by Ada.")
    assert (found["evidence"], found["commands"]) == (None, [])


async def test_of_two_pushes_at_once_neither_is_named(ada: Person, linux: str, database: Database) -> None:
    await push(ada, commit("one"))
    await push(ada, commit("two"))
    await execute(
        database,
        "UPDATE sync_runs SET started_at = started_at - interval '1 h', last_batch_at = now() + interval '1 h'",
    )
    assert (await explained(ada, sha_of("one")))["found"][0]["pushed_by"] is None


async def test_several_commits_that_begin_alike_are_listed(ada: Person, linux: str) -> None:
    await push(ada, commit(sha="abcd" + "1" * 36), commit(sha="abcd" + "2" * 36))
    found = await explained(ada, "abcd")
    assert (found["verdict"], len(found["found"])) == ("ambiguous", 2)
    assert (await explained(ada, "abcd1"))["verdict"] == "here"


async def test_a_commit_in_another_repository_is_found_there(ada: Person, linux: str) -> None:
    await make_repo(ada, linux, "fork")
    await push(ada, commit("one"), to="team/repos/fork")
    found = await explained(ada, sha_of("one")[:7])
    assert (found["verdict"], found["found"][0]["repo"]) == ("elsewhere", "fork")
    assert "team/fork" in found["sentence"]
    assert found["evidence"]["branches"] == 0


async def test_a_repository_that_one_may_not_see_is_never_named(ada: Person, linux: str, people: People) -> None:
    grace = await people.make("grace")
    await make_repo(grace, await make_project(grace, "secret"), "hidden")
    await push(grace, commit("one"), to="secret/repos/hidden")
    found = await explained(ada, sha_of("one"))
    assert found["verdict"] == "unknown"
    assert "hidden" not in str(found)
    assert (await ada.get(f"/projects/secret/repos/hidden/explain/{sha_of('one')}")).status == 404


async def test_a_key_that_is_restricted_looks_into_its_own_repositories_alone(
    ada: Person, linux: str, people: People
) -> None:
    fork = await make_repo(ada, linux, "fork")
    await push(ada, commit("one"))
    key = await people.with_key(ada, [Scope.READ_REPOS], repo_ids=[fork["id"]])
    assert (await explained(key, sha_of("one"), "team/repos/fork"))["verdict"] == "unknown"


async def test_an_unknown_commit_gets_evidence_and_what_to_run(ada: Person, linux: str) -> None:
    await push(ada, commit("one"))
    refs = {"refs": {"refs/heads/main": sha_of("one")}}
    assert (await ada.api.put("/api/v1/sync/projects/team/repos/linux/refs", refs)).status == 200
    found = await explained(ada, "deadbeef")
    assert found["verdict"] == "unknown"
    assert found["evidence"]["tips"][0]["name"] == "refs/heads/main"
    assert found["commands"] == ["git branch -a --contains deadbeef", "tgl push --dry-run"]
    assert "The last push here was on" in found["sentence"]
    assert found["causes"]


async def test_an_unknown_commit_after_a_failed_push_says_that_it_failed(ada: Person, linux: str) -> None:
    assert "Nothing was pushed" in (await explained(ada, "deadbeef"))["sentence"]
    await push(ada, commit("one"))
    refs = {"refs": {"refs/heads/main": sha_of("one")}}
    assert (await ada.api.put("/api/v1/sync/projects/team/repos/linux/refs", refs)).status == 200
    bad = batch(commit("two", additions=-1))
    assert (await ada.post("/sync/projects/team/repos/linux/commits", bad)).status == 422
    found = await explained(ada, "deadbeef")
    assert "The last push failed" in found["sentence"]
    assert "refused" in found["evidence"]["last_error"]


async def test_a_commit_that_was_refused_says_why(ada: Person, linux: str) -> None:
    bad = batch(commit("one"), commit("two", additions=-1))
    assert (await ada.post("/sync/projects/team/repos/linux/commits", bad)).status == 422
    found = await explained(ada, sha_of("two")[:8])
    assert (found["verdict"], found["refused"][0]["sha"]) == ("refused", sha_of("two"))
    assert found["refused"][0]["message"] in found["sentence"]
    assert (await explained(ada, sha_of("one")))["verdict"] == "unknown"


@pytest.mark.parametrize("sha", ["abc", "xyzw", "g" * 40, "a" * 41, "%00abcd", "abcd%20ef", "٣٣٣٣"])
async def test_what_is_no_sha_is_refused(ada: Person, linux: str, sha: str) -> None:
    assert (await ada.get(f"/projects/team/repos/linux/explain/{sha}")).status in (422, 400)
