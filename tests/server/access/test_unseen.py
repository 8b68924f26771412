"""What a caller is told whose address names nothing that they see: which part of it is wrong, and what they do see."""

from uuid import UUID

import pytest

from tests.support.api import Answer
from tests.support.commits import batch, commit
from tests.support.people import People, Person, make_project, make_repo
from tgl_server.access.unseen import listed
from tgl_server.accounts.models import Role
from tgl_server.auth.principal import Scope


@pytest.fixture
async def ada(people: People) -> Person:
    """The owner of the projects `team`, with the repositories `git` and `linux`, and `other`."""
    ada = await people.make("ada")
    path = await make_project(ada)
    for name in ("linux", "git"):
        await make_repo(ada, path, name)
    await make_project(ada, "other")
    return ada


async def push(person: Person, project: str = "team", repo: str = "linux") -> Answer:
    return await person.post(f"/sync/projects/{project}/repos/{repo}/commits", batch(commit()))


def code_and_detail(answer: Answer) -> tuple[str, str]:
    return answer.json["code"], answer.json["detail"]


async def join(owner: Person, person: Person, role: str = "member") -> None:
    answer = await owner.post("/projects/team/members", {"user_id": str(person.id), "role": role})
    assert answer.status == 201, answer.body


async def test_a_wrong_project_is_told_from_a_wrong_repository_with_what_there_is(people: People, ada: Person) -> None:
    key = await people.with_key(ada)
    assert code_and_detail(await push(key, project="taem")) == (
        "project_not_found",
        "There is no project of this name that this API key may see. There are: other, team.",
    )
    assert code_and_detail(await push(key, repo="liunx")) == (
        "repo_not_found",
        "The project team has no repository of this name that this API key may see. It has: git, linux.",
    )
    assert code_and_detail(await push(ada, "other")) == (
        "repo_not_found",
        "The project other has no repository of this name that you may see. It has none yet.",
    )


async def test_a_member_is_told_that_the_right_to_push_is_missing(people: People, ada: Person) -> None:
    mia, chef = await people.make("mia"), await people.make("chef", Role.COMMISSIONER)
    await join(ada, mia)
    assert code_and_detail(await push(await people.with_key(mia))) == (
        "forbidden",
        "Your account is a member of the project team. Only its owner and its maintainers push to its repositories.",
    )
    told = code_and_detail(await push(await people.with_key(chef)))[1]
    assert told.startswith("Your account sees the project team as a commissioner. Only its owner and its maintainers")


async def test_a_stranger_is_told_the_same_of_all_that_is_there_and_is_not(people: People, ada: Person) -> None:
    del ada
    stranger = await people.make("stranger")
    for caller in (stranger, await people.with_key(stranger)):
        answers = [await push(caller, project, repo) for project in ("team", "none") for repo in ("linux", "none")]
        answers += [
            await caller.get(f"/projects/{project}{tail}") for project in ("team", "none") for tail in ("", "/repos")
        ]
        told = {(answer.status, *code_and_detail(answer)) for answer in answers}
        assert len(told) == 1
        ((status, code, detail),) = told
        assert (status, code) == (404, "project_not_found")
        assert "the owner of one can add it" in detail


async def test_a_restricted_key_is_told_of_its_own_repositories_alone(people: People, ada: Person) -> None:
    (linux,) = [repo for repo in (await ada.get("/projects/team/repos")).json["items"] if repo["name"] == "linux"]
    key = await people.with_key(ada, repo_ids=[UUID(linux["id"])])
    hidden, missing = await push(key, repo="git"), await push(key, repo="none")
    assert code_and_detail(hidden) == code_and_detail(missing)
    assert code_and_detail(hidden) == (
        "repo_not_found",
        "The project team has no repository of this name that this API key may see. It has: linux.",
    )
    beyond = await push(key, "other", "none")
    assert code_and_detail(beyond) == code_and_detail(await push(key, "nowhere", "none"))
    assert code_and_detail(beyond)[1].endswith("There are: team.")
    await ada.delete("/projects/team/repos/linux")
    assert "are gone" in code_and_detail(await push(key))[1]


async def test_a_key_that_only_pushes_is_told_of_what_it_may_push_to(people: People, ada: Person) -> None:
    mia = await people.make("mia")
    await join(ada, mia)
    key = await people.with_key(mia, [Scope.SYNC_COMMITS])
    assert "may push to no project yet" in code_and_detail(await push(key, "nowhere"))[1]
    assert code_and_detail(await push(key, repo="none"))[1].endswith("that this API key may see.")
    await ada.patch(f"/projects/team/members/{mia.id}", {"role": "maintainer"})
    assert code_and_detail(await push(key, "nowhere"))[1].endswith("There are: team.")
    assert code_and_detail(await push(key, repo="none"))[1].endswith("It has: git, linux.")


def test_names_are_listed_as_far_as_a_client_shows_them() -> None:
    assert listed(["a", "b"]) == "a, b"
    many = listed([f"repository-{number:03}" for number in range(200)])
    assert many.startswith("repository-000, repository-001, ")
    assert many.endswith(" and others")
    assert len(many) < 320
    assert listed(["x" * 400]) == "x" * 400
