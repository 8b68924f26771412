"""The server's endpoints as calls: what is sent where, and the typed result. `connection` carries the requests."""

import contextlib
import copy
from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import quote
from uuid import UUID

import msgspec

from tgl_client import errors
from tgl_client.http.address import ServerUrl, Target
from tgl_client.http.batch import Payload, pack
from tgl_client.http.connection import Connection, OnWait
from tgl_client.http.key_advice import advice
from tgl_client.http.responses import Answer, read_answer
from tgl_client.http.retry import RetryPolicy
from tgl_client.http.stream_body import StreamBody
from tgl_protocol import http
from tgl_protocol.commits import (
    Capabilities,
    MissingRequest,
    MissingResult,
    PushResult,
    RefsPage,
    RefsResult,
    RefsUpdate,
    RepoStatus,
)
from tgl_protocol.explain import Explanation
from tgl_protocol.keys import ApiKey
from tgl_protocol.leagues import (
    LeagueDay,
    LeagueDays,
    LeagueExplanation,
    LeagueInfo,
    LeagueList,
    OwnStanding,
    SeasonInfo,
    SeasonList,
    SeasonTable,
)
from tgl_protocol.projects import ProjectInfo, ProjectPage, RepoInfo, RepoPage
from tgl_protocol.stream import StreamResult

T = TypeVar("T")
P = TypeVar("P", ProjectPage, RepoPage, SeasonTable)

#: No byte for so long means a hanging server; a full batch is stored in well under a second.
READ_TIMEOUT: Final = 60.0

# Items of a list in one answer, which is what the server gives at the most.
_PAGE = 200


class Api:
    """The endpoints of one server for one key; use it as an asynchronous context manager."""

    def __init__(
        self,
        url: ServerUrl,
        key: ApiKey,
        *,
        key_origin: str | None = None,
        retries: RetryPolicy | None = None,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        self.url = url
        self._key_origin = key_origin
        self._key_shown = f"{key.prefix}..." + (f" ({key_origin})" if key_origin else "")
        #: Set by whoever read the server's capabilities.
        self.compress = False
        self._connection = Connection(url, key, retries=retries or RetryPolicy(), read_timeout=read_timeout)

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._connection.__aexit__(kind, error, traceback)

    def heard_by(self, on_wait: OnWait) -> "Api":
        """These endpoints over the shared connection, with another listener for its waits."""
        api = copy.copy(self)
        api._connection = self._connection.heard_by(on_wait)
        return api

    @property
    def trouble(self) -> errors.AnswerError | None:
        """Why there is no answer at the moment; None while the server answers."""
        return self._connection.trouble

    async def capabilities(self) -> Capabilities:
        """What the server offers; needs no right."""
        return await self._call("GET", "/capabilities", Capabilities)

    async def status(self, target: Target, max_refs: int | None = None) -> RepoStatus:
        """The repository's sync state and its first recorded branch tips, at most `max_refs`."""
        bound = "" if max_refs is None else f"?max_refs={max_refs}"
        return await self._call("GET", f"{target.sync_path}/status{bound}", RepoStatus)

    async def refs(self, target: Target) -> AsyncGenerator[RefsPage, None]:
        """All recorded branch tips, page by page; use it in `contextlib.aclosing`."""
        cursor: str | None = ""
        while cursor is not None:
            more = f"&cursor={quote(cursor, safe='')}" if cursor else ""
            page = await self._call("GET", f"{target.sync_path}/refs?limit={http.MAX_REFS}{more}", RefsPage)
            yield page
            cursor = page.next_cursor

    async def check_key(self) -> None:
        """Return when the server accepts the key, asked without knowing any repository of its owner's.

        No project can be called `-`, so an accepted key gets "not found", and a refused one an error of its own.
        """
        with contextlib.suppress(errors.UnknownTargetError):
            await self.status(Target("-", "-"))

    async def create_repository(self, target: Target) -> None:
        """Register a repository that will be pushed to; the key's owner must maintain the project."""
        body = msgspec.json.encode({"name": target.repo, "sync_method": "push_client"})
        await self._call("POST", target.project_path + "/repos", msgspec.Raw, self.pack(body))

    async def projects(self) -> list[ProjectInfo]:
        """The projects that the key sees, by slug."""
        return [each for page in await self._pages("/projects", ProjectPage) for each in page.items]

    async def repos(self, project: str) -> list[RepoInfo]:
        """The repositories of a project that the key sees, by name."""
        path = f"{Target(project, '').project_path}/repos"
        return [each for page in await self._pages(path, RepoPage) for each in page.items]

    async def explain(self, target: Target, sha: str) -> Explanation:
        """Where a commit is, or why it may not be in the repository, by its sha or the beginning of it."""
        return await self._call("GET", f"{target.path}/explain/{sha}", Explanation)

    async def leagues(self) -> list[LeagueInfo]:
        """The leagues that the key sees, by slug."""
        return (await self._call("GET", "/leagues", LeagueList)).items

    async def seasons(self, league: str) -> list[SeasonInfo]:
        """The seasons of a league, the newest first."""
        return (await self._call("GET", f"{_path_of(league)}/seasons", SeasonList)).items

    async def season_table(self, league: str, number: int) -> SeasonTable:
        """The whole table of a season."""
        path = f"{_path_of(league)}/seasons/{number}/table"
        pages = await self._pages(path, SeasonTable)
        return SeasonTable(pages[-1].season, [place for page in pages for place in page.items], None)

    async def own_standing(self, league: str) -> OwnStanding:
        """The key's owner in a league."""
        return await self._call("GET", f"{_path_of(league)}/me", OwnStanding)

    async def own_days(self, target: Target) -> list[LeagueDay]:
        """The points of today of the key's owner, in the leagues with a repository."""
        return (await self._call("GET", f"{target.path}/leagues/me", LeagueDays)).items

    async def explain_in_league(self, league: str, sha: str) -> LeagueExplanation:
        """What the seasons of a league say of a commit, by seven or more digits of its sha."""
        return await self._call("GET", f"{_path_of(league)}/explain/{sha}", LeagueExplanation)

    async def missing(self, target: Target, shas: Sequence[str]) -> list[str]:
        """Those of the commits that are missing on the server, in the order asked."""
        payload = self.pack(msgspec.json.encode(MissingRequest(list(shas))))
        return (await self._call("POST", f"{target.sync_path}/missing", MissingResult, payload)).missing

    async def push(self, target: Target, payload: Payload, run_id: UUID) -> PushResult:
        """Store one packed `PushBatch`; a bad commit is reported, and the rest is stored."""
        return await self._call("POST", f"{target.sync_path}/commits?on_error=skip", PushResult, payload, run_id)

    async def push_stream(self, target: Target, body: StreamBody, run_id: UUID) -> StreamResult:
        """Store commits of any number in one request; a bad one is reported, and the rest is stored."""
        headers = {"Content-Type": http.NDJSON_MEDIA_TYPE, http.RUN_ID_HEADER: str(run_id)}
        if self.compress:
            headers["Content-Encoding"] = "gzip"
        url = self.url.api(f"{target.sync_path}/commits/stream")
        return self._read(await self._connection.send("POST", url, headers, body), StreamResult)

    async def put_refs(
        self,
        target: Target,
        refs: dict[str, str | None],
        run_id: UUID | None,
        last_removal: int | None,
        head: str | None = None,
    ) -> RefsResult:
        """Record branch tips, and delete those that are None; with a run id this also closes the run.

        `head` is the full name of the default branch, which older servers do not read.
        """
        payload = self.pack(msgspec.json.encode(RefsUpdate(refs, last_removal, head)))
        return await self._call("PUT", f"{target.sync_path}/refs?max_refs=0", RefsResult, payload, run_id)

    def pack(self, body: bytes) -> Payload:
        """A body as it travels: compressed where the server takes it and the link is worth it."""
        return pack(body, compress=self.compress)

    async def _pages(self, path: str, type_: type[P]) -> list[P]:
        """Every page of a list."""
        pages = [await self._call("GET", f"{path}?limit={_PAGE}", type_)]
        while cursor := pages[-1].next_cursor:
            pages.append(await self._call("GET", f"{path}?limit={_PAGE}&cursor={quote(cursor)}", type_))
        return pages

    async def _call(
        self, method: str, path: str, type_: type[T], payload: Payload | None = None, run_id: UUID | None = None
    ) -> T:
        headers = {}
        if payload is not None:
            headers["Content-Type"] = http.JSON_MEDIA_TYPE
        if payload is not None and payload.encoding:
            headers["Content-Encoding"] = payload.encoding
        if run_id is not None:
            headers[http.RUN_ID_HEADER] = str(run_id)
        body = payload.body if payload else None
        return self._read(await self._connection.send(method, self.url.api(path), headers, body), type_)

    def _read(self, answer: Answer, type_: type[T]) -> T:
        """The answer's value; a refused key is named by its prefix and where it is from: many have several."""
        try:
            return read_answer(answer, type_)
        except errors.AuthenticationError as refused:
            refused.args = (f"{refused}, with the key {self._key_shown}",)
            refused.hint = advice(self.url, refused, self._key_origin) or refused.hint
            raise


def _path_of(league: str) -> str:
    return f"/leagues/{quote(league, safe='')}"
