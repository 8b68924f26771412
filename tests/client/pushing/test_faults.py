"""What the client does when server, proxy or network fail. The table is in `docs/howto/when-a-push-fails.md`."""

import contextlib
from pathlib import Path

import pytest

from tests.support import faulty as faults
from tests.support.faulty import KEY, FaultyServer
from tests.support.histories import git
from tgl_client import errors
from tgl_client.client import Client
from tgl_client.exit_codes import ExitCode
from tgl_client.http.retry import RetryPolicy
from tgl_client.pushing.options import PushOptions
from tgl_client.report import PushReport, PushState
from tgl_client.terminal.progress import Progress

QUICK = RetryPolicy(max_retries=3, max_waiting=2.0, scale=0.001)


class Heard(Progress):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.waits: list[tuple[float, str]] = []

    def waiting(self, seconds: float, reason: str) -> None:
        self.waits.append((seconds, reason))


async def push(
    server: FaultyServer, path: Path, *, progress: Progress | None = None, options: PushOptions | None = None
) -> PushReport:
    async with Client(server.url, KEY, retries=QUICK, read_timeout=0.3) as client:
        return await client.push(path, project="team", repo="app", options=options, progress=progress)


async def test_a_push_sends_parents_first_and_records_the_tip(faulty: FaultyServer, repository: Path) -> None:
    report = await push(faulty, repository)
    assert (report.state, report.walked, report.sent) == (PushState.PUSHED, 3, 3)
    assert faulty.stored == git(repository, "rev-list", "--reverse", "main").split()
    assert faulty.refs == {"refs/heads/main": git(repository, "rev-parse", "main")}


async def test_a_second_push_only_asks_for_the_status(faulty: FaultyServer, repository: Path) -> None:
    await push(faulty, repository)
    faulty.requests.clear()
    report = await push(faulty, repository)
    assert report.state is PushState.NOTHING_NEW
    assert faulty.requests == ["GET status"]


PASSING = {
    "rate limit": faults.problem(429, "rate_limited", "Too many requests.", {"Retry-After": "0"}),
    "server error": faults.problem(500, "internal_error", "Something broke."),
    "proxy error in HTML": faults.html(502),
    "database away": faults.problem(503, "unavailable", "The database is away.", {"Retry-After": "0"}),
    "closed in mid-response": faults.hang_up,
    "hanging": faults.hang,
}


@pytest.mark.parametrize("endpoint", ["status", "capabilities", "commits", "refs"])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_a_passing_fault_is_waited_out(
    faulty: FaultyServer, repository: Path, endpoint: str, fault: faults.Fault
) -> None:
    faulty.faults[endpoint] = [fault]
    report = await push(faulty, repository)
    assert (report.state, report.sent, len(faulty.stored)) == (PushState.PUSHED, 3, 3)


LASTING = {
    "server error": (PASSING["server error"], errors.ServerFaultError, "HTTP 500, request req-1"),
    "proxy error in HTML": (PASSING["proxy error in HTML"], errors.ServerFaultError, "HTTP 502"),
    "database away": (PASSING["database away"], errors.ServerFaultError, "The database is away"),
    "closed in mid-response": (PASSING["closed in mid-response"], errors.UnreachableError, "broke off"),
    "hanging": (PASSING["hanging"], errors.UnreachableError, "did not answer in time"),
}


@pytest.mark.parametrize(("fault", "kind", "words"), LASTING.values(), ids=LASTING)
async def test_a_lasting_fault_ends_the_push_after_the_retries(
    faulty: FaultyServer, repository: Path, fault: faults.Fault, kind: type[errors.TglError], words: str
) -> None:
    faulty.always["commits"] = fault
    with pytest.raises(kind, match=words) as caught:
        await push(faulty, repository)
    assert caught.value.exit_code == ExitCode.NETWORK
    assert faulty.requests.count("POST commits") == QUICK.max_retries + 1
    assert caught.value.report is not None
    assert (caught.value.report.state, caught.value.report.not_sent) == (PushState.FAILED, 3)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"total": 3', b"<html>", b"\xff\xfe", b'{"total": "many"}'])
async def test_garbage_is_not_asked_for_again(faulty: FaultyServer, repository: Path, body: bytes) -> None:
    faulty.always["commits"] = faults.garbage(body)
    with pytest.raises(errors.UnexpectedAnswerError):
        await push(faulty, repository)
    assert faulty.requests.count("POST commits") == 1


async def test_a_sign_in_page_is_not_taken_for_the_server(faulty: FaultyServer, repository: Path) -> None:
    faulty.always["status"] = faults.html(200)
    with pytest.raises(errors.UnexpectedAnswerError, match="text/html"):
        await push(faulty, repository)


async def test_a_redirect_is_named_and_not_followed(faulty: FaultyServer, repository: Path) -> None:
    faulty.always["status"] = faults.html(301, {"Location": "https://new.example.com/api?token=1"})
    with pytest.raises(errors.UnexpectedAnswerError) as caught:
        await push(faulty, repository)
    assert caught.value.hint == "the server moved to https://new.example.com/api; use that address"


async def test_a_rate_limit_that_does_not_end_is_left_after_the_longest_wait(
    faulty: FaultyServer, repository: Path
) -> None:
    faulty.always["commits"] = faults.problem(429, "rate_limited", "Slow down.", {"Retry-After": "3600"})
    with pytest.raises(errors.RateLimitedError, match="Slow down"):
        async with Client(faulty.url, KEY, retries=RetryPolicy(max_waiting=60)) as client:
            await client.push(repository, project="team", repo="app")
    assert faulty.requests.count("POST commits") == 1


async def test_a_wait_that_the_server_asks_for_is_shown(faulty: FaultyServer, repository: Path) -> None:
    faulty.faults["commits"] = [faults.problem(503, "unavailable", "The database is away.", {"Retry-After": "1"})]
    heard = Heard()
    await push(faulty, repository, progress=heard)
    [(seconds, reason)] = heard.waits
    assert seconds < 1
    assert "The database is away" in reason


@pytest.mark.parametrize(
    ("status", "code", "kind", "exit_code"),
    [
        (401, "revoked_api_key", errors.AuthenticationError, 3),
        (403, "insufficient_scope", errors.NotAllowedError, 3),
        (404, "not_found", errors.UnknownTargetError, 2),
        (400, "not_a_push_repository", errors.WrongSyncMethodError, 2),
        (409, "conflict", errors.RefusedError, 1),
    ],
)
async def test_a_refusal_is_final(
    faulty: FaultyServer, repository: Path, status: int, code: str, kind: type[errors.TglError], exit_code: int
) -> None:
    faulty.always["commits"] = faults.problem(status, code, "No.")
    with pytest.raises(kind) as caught:
        await push(faulty, repository)
    assert type(caught.value) is kind
    assert caught.value.exit_code == exit_code
    assert faulty.requests.count("POST commits") == 1


async def test_a_batch_that_is_too_large_is_sent_in_halves(faulty: FaultyServer, repository: Path) -> None:
    faulty.faults["commits"] = [faults.html(413)]
    report = await push(faulty, repository)
    assert report.sent == 3
    assert faulty.stored == git(repository, "rev-list", "--reverse", "main").split()


async def test_a_commit_that_is_too_large_by_itself_does_not_stop_the_rest(
    faulty: FaultyServer, repository: Path
) -> None:
    faulty.faults["commits"] = [faults.html(413), faults.html(413)]
    report = await push(faulty, repository)
    assert (report.state, report.sent, report.refused) == (PushState.INCOMPLETE, 2, 1)
    assert "413" in report.refused_commits[0].reason


async def test_a_refused_commit_is_reported_and_its_tip_not_recorded(faulty: FaultyServer, repository: Path) -> None:
    second = git(repository, "rev-parse", "main~1")
    faulty.refuse[second] = "the date is not one"
    report = await push(faulty, repository)
    assert (report.exit_code, report.sent, report.refused) == (1, 2, 1)
    (refused,) = report.refused_commits
    assert (refused.sha, refused.reason) == (second, "commit_date: the date is not one")
    assert faulty.refs == {}
    assert faulty.requests[-1] == "PUT refs"


async def test_a_server_that_wants_a_newer_client_is_not_pushed_to(faulty: FaultyServer, repository: Path) -> None:
    faulty.oldest_client = "99.0.0"
    with pytest.raises(errors.UsageError, match=r"99\.0\.0"):
        await push(faulty, repository)
    assert faulty.stored == []


async def test_the_time_limit_ends_a_push_at_a_hanging_server(faulty: FaultyServer, repository: Path) -> None:
    faulty.always["commits"] = faults.hang
    async with Client(faulty.url, KEY) as client:
        with pytest.raises(errors.TimeLimitError) as caught:
            await client.push(repository, project="team", repo="app", timeout=0.3)
    assert caught.value.report is not None
    assert caught.value.report.not_sent == 3


async def test_no_server_at_all_is_a_network_error(repository: Path) -> None:
    async with faults.faulty_server() as gone:
        url = gone.url
    with pytest.raises(errors.UnreachableError, match="no connection to 127"):
        async with Client(url, KEY, retries=QUICK) as client:
            await client.push(repository, project="team", repo="app")


async def test_a_push_goes_on_after_it_was_cut_off(faulty: FaultyServer, repository: Path) -> None:
    faulty.faults["commits"] = [faults.problem(401, "revoked_api_key", "Revoked.")]
    options = PushOptions(batch_size=1)
    with contextlib.suppress(errors.AuthenticationError):
        await push(faulty, repository, options=options)
    report = await push(faulty, repository, options=options)
    assert report.already_there + report.sent == 3
    assert sorted(faulty.stored) == sorted(git(repository, "rev-list", "main").split())


@pytest.mark.parametrize(("endpoint", "code"), [("status", ExitCode.NETWORK), ("commits", ExitCode.NOT_PUSHED)])
async def test_a_time_limit_is_blamed_on_a_server_that_has_not_answered_and_on_no_other(
    faulty: FaultyServer, repository: Path, endpoint: str, code: ExitCode
) -> None:
    faulty.always[endpoint] = faults.hang
    async with Client(faulty.url, KEY) as client:
        with pytest.raises(errors.TimeLimitError) as caught:
            await client.push(repository, project="team", repo="app", timeout=3)
    assert (caught.value.exit_code, "has not answered" in str(caught.value)) == (code, code is ExitCode.NETWORK)


async def test_a_request_is_not_tried_again_beyond_the_patience(faulty: FaultyServer) -> None:
    faulty.always["capabilities"] = faults.html(503)
    impatient = RetryPolicy(max_retries=5, patience=0.0)
    async with Client(faulty.url, KEY, retries=impatient) as client:
        with pytest.raises(errors.ServerFaultError):
            await client.capabilities()
    assert faulty.requests == ["GET capabilities"]
