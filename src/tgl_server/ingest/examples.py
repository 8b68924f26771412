"""Examples of pushing for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import timedelta

from msgspec import Struct
from msgspec.structs import asdict

from tgl_protocol import clients, commits, stream
from tgl_protocol.refs import refs_digest
from tgl_server.commits.examples import COMMIT
from tgl_server.http.example_values import AT, MISSING_SHA, PARENT, REPO_ID, RUN_ID, SHA

_DIGEST = refs_digest({"refs/heads/main": SHA})
_STATUS = commits.RepoStatus(
    repo_id=REPO_ID,
    status=commits.SyncStatus.HEALTHY,
    last_sync_at=AT,
    last_ingested_sha=SHA,
    total_commits=2,
    error_message=None,
    refs={"refs/heads/main": SHA},
    last_attempt_at=AT,
    last_success_at=AT,
    stale=False,
    last_error_at=AT - timedelta(days=3),
    last_error="The last push was interrupted; the next one continues where it stopped.",
    expected_cadence_seconds=86_400,
    learned_cadence_seconds=259_200,
    roots=[PARENT],
    refs_total=1,
    refs_digest=_DIGEST,
    last_removal=0,
    behind_since=AT + timedelta(hours=2),
)
_RUN = commits.Run(
    id=RUN_ID,
    state=commits.RunState.DONE,
    started_at=AT,
    last_batch_at=AT,
    finished_at=AT + timedelta(seconds=1),
    batches=1,
    total=2,
    inserted=1,
    skipped=1,
    errors=0,
    client_version="0.1.0",
    key_prefix="tgl_k3J9x2Qa",
    error_message=None,
)
_CLIENT = clients.PushingClient(
    key_prefix="tgl_k3J9x2Qa",
    key_name="build server",
    user_name="Ada Lovelace",
    client_version="0.1.0",
    runs=12,
    inserted=345,
    last_seen_at=AT,
    clock_skew_seconds=1,
)

EXAMPLES: list[Struct] = [
    commits.PushBatch([COMMIT], "0.1.0"),
    commits.PushResult(2, 1, 1, 0, SHA, [commits.CommitResult(PARENT, False), commits.CommitResult(SHA, True)]),
    stream.StreamResult(
        total=2,
        inserted=1,
        skipped=0,
        errors=1,
        chunks=1,
        last_ingested_sha=SHA,
        refused=[stream.RefusedLine(2, MISSING_SHA, "Expected a whole number of at least 0", "additions")],
    ),
    commits.MissingRequest([SHA, MISSING_SHA]),
    commits.MissingResult([MISSING_SHA]),
    commits.RefsUpdate({"refs/heads/main": SHA, "refs/heads/merged": None}, 0),
    commits.RefsResult({"refs/heads/main": SHA}, 1, _DIGEST),
    commits.RefsPage({"refs/heads/main": SHA}, 1, _DIGEST, None),
    _STATUS,
    commits.RunPage([_RUN], None),
    commits.RunDetails(
        **{**asdict(_RUN), "inserted": 0, "errors": 1},
        refused=[commits.RefusedCommit(MISSING_SHA, "additions", "Expected `int` >= 0")],
    ),
    _CLIENT,
    clients.PushingClients([_CLIENT]),
]
