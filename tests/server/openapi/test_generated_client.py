"""A client that a public generator makes from the document, used against a real server."""

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import pytest

from tests.support.commits import commit, sha_of
from tests.support.documented import DOCUMENT
from tests.support.people import Person
from tests.support.servers import RunningServer

PACKAGE = "generated_client"
REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "openapi.json"
#: Beside JSON, pushes take MessagePack and lines of JSON, for which the generator has no words.
UNSUPPORTED = {"application/msgpack", "application/x-ndjson"}
#: Operations whose answer is a picture or a feed, which the generator leaves out.
PICTURES = {
    "show_badge": "image/svg+xml",
    "show_table_picture": "image/svg+xml",
    "show_feed": "application/atom+xml",
}
STREAM = "stream_commits"

OPERATIONS = {
    operation["operationId"]: operation for methods in DOCUMENT["paths"].values() for operation in methods.values()
}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The package, which can be imported, and what the generator said."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "config.yml").write_text("post_hooks: []\n")
    program = Path(sys.executable).with_name("openapi-python-client")
    places = {"--path": REFERENCE, "--output-path": folder / PACKAGE, "--config": folder / "config.yml"}
    named = [str(part) for option in places.items() for part in option]
    done = subprocess.run(
        [program, "generate", "--meta", "none", *named], capture_output=True, text=True, check=True, timeout=120
    )
    sys.path.insert(0, str(folder))
    yield folder / PACKAGE, done.stdout + done.stderr
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


class Client:
    """The generated package, with a token for a server."""

    def __init__(self, url: str, token: str | None) -> None:
        client = import_module(f"{PACKAGE}.client")
        self.models = import_module(f"{PACKAGE}.models")
        self._client = client.AuthenticatedClient(base_url=url, token=token)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.__aexit__()

    async def call(self, operation: str, *path: object, **arguments: Any) -> Any:
        """The operation's parsed answer."""
        tag = OPERATIONS[operation]["tags"][0].replace("-", "_")
        module = import_module(f"{PACKAGE}.api.{tag}.{operation}")
        return await module.asyncio(*path, client=self._client, **arguments)


@pytest.fixture
async def client(generated: tuple[Path, str], server: RunningServer, ada: Person) -> AsyncIterator[Client]:
    async with Client(server.url, ada.api.token) as client:
        yield client


def test_nothing_is_left_out_but_what_it_has_no_words_for(generated: tuple[Path, str]) -> None:
    folder, said = generated
    assert set(re.findall(r"Unsupported content type (\S+)", said)) == UNSUPPORTED
    assert sorted(re.findall(r"Unsupported content_type ([^)\s]+)", said)) == sorted(PICTURES.values())
    assert len(re.findall(r"WARNING", said)) == len(re.findall(r"Unsupported content.type", said))
    assert {path.stem for path in folder.glob("api/*/*.py")} - {"__init__"} == OPERATIONS.keys() - {STREAM}


@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - {STREAM}))
def test_every_answer_is_parsed_and_every_refusal_is_a_problem(generated: tuple[Path, str], operation: str) -> None:
    folder, _ = generated
    (module,) = folder.glob(f"api/*/{operation}.py")
    code = module.read_text()
    promised = OPERATIONS[operation]["responses"]
    left_out = {"200"} if operation in PICTURES else set()
    assert set(re.findall(r"status_code == (\d+)", code)) == promised.keys() - left_out
    refused = re.findall(r"response_(\d+) = Problem\.from_dict", code)
    assert set(refused) == {status for status in promised if status >= "400"}


async def test_what_it_sends_is_done_and_what_it_gets_is_typed(client: Client) -> None:
    models = client.models
    project = await client.call("create_project", body=models.NewProject(slug="team", name="Team"))
    repo = await client.call("register_repo", "team", body=models.NewRepo(name="linux"))
    assert (repo.project_id, repo.status, repo.last_sync_at) == (project.id, models.SyncStatus.PENDING, None)
    sent = [models.Commit.from_dict(commit(name, parents=[], parent_count=..., is_merge=...)) for name in "ab"]
    pushed = await client.call("push_commits", "team", "linux", body=models.PushBatch(commits=sent))
    assert (pushed.inserted, [each.sha for each in pushed.details]) == (2, [sha_of("a"), sha_of("b")])
    page = await client.call("list_commits", "team", "linux", limit=1, order=models.SortOrder.ASC)
    rest = await client.call(
        "list_commits", "team", "linux", limit=1, order=models.SortOrder.ASC, cursor=page.next_cursor
    )
    assert (page.total, rest.next_cursor) == (2, None)
    assert {page.items[0].sha, rest.items[0].sha} == {sha_of("a"), sha_of("b")}
    one = await client.call("get_commit", "team", "linux", sha_of("a"))
    assert (one.commit_date, one.is_merge) == (datetime(2026, 1, 2, 11, tzinfo=UTC), False)


async def test_a_key_that_it_makes_can_be_used(client: Client, server: RunningServer) -> None:
    key = await client.call("create_key", body=client.models.NewKey(name="ci"), idempotency_key="once")
    async with Client(server.url, key.full_key) as by_key:
        me = await by_key.call("me")
    assert (me.key_id, me.scopes) == (key.id, "sync:commits,read:repos")
    again = await client.call("create_key", body=client.models.NewKey(name="ci"), idempotency_key="once")
    assert again.code == "key_made_already"


async def test_refusals_are_problems(client: Client, server: RunningServer) -> None:
    models = client.models
    await client.call("create_project", body=models.NewProject(slug="team", name="Team"))
    taken = await client.call("create_project", body=models.NewProject(slug="team", name="Team"))
    invalid = await client.call("create_project", body=models.NewProject(slug="Web Shop", name="Team"))
    unknown = await client.call("get_project", "nowhere")
    async with Client(server.url, "tgl_nonsense") as unknown_caller:
        stranger = await unknown_caller.call("me")
    problems = [taken, invalid, unknown, stranger]
    assert {type(each).__name__ for each in problems} == {"Problem"}
    assert [each.status for each in problems] == [409, 422, 404, 401]
    assert [each.code for each in problems] == ["conflict", "invalid_body", "project_not_found", "malformed_api_key"]
    assert (invalid.errors[0].field, taken.errors) == ("slug", import_module(f"{PACKAGE}.types").UNSET)
