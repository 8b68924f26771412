"""An example of each body and answer, as the Struct that it is: a type checker sees when one is outdated."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct, json
from msgspec.structs import asdict

from tgl_protocol import accounts, api_keys, audit, commits, http, projects, stored_commits

_AT = datetime(2026, 1, 2, 11, 0, tzinfo=UTC)
_USER_ID = UUID("019c2f6e-7b1a-7c3d-9e4f-0a1b2c3d4e5f")
_OTHER_USER_ID = UUID("019c2f6e-7b1a-7c3d-9e4f-0a1b2c3d4e60")
_KEY_ID = UUID("019c2f6e-8c2b-7d4e-8f50-1b2c3d4e5f60")
_PROJECT_ID = UUID("019c2f6e-8d3c-7e5f-9061-2c3d4e5f6071")
_REPO_ID = UUID("019c2f6e-8e4d-7f60-a172-3d4e5f607182")
_RUN_ID = UUID("019c2f6e-8f5e-7071-b283-4e5f60718293")
_PARENT, _SHA = "83baae61804e65cc73a7201a7252750c76066a30", "9fceb02d0ae598e95dc970b74767f19372d61af8"
_LACKED = "d670460b4b4aece5915caf5c68d12f560a9fe3e4"

_COMMIT = commits.Commit(
    sha=_SHA,
    author_name="Ada Lovelace",
    author_email="ada@example.com",
    committer_name="Ada Lovelace",
    committer_email="ada@example.com",
    commit_date=_AT,
    message_title="engine: Carry the one.",
    additions=42,
    deletions=15,
    files_changed=3,
    is_merge=False,
    parent_count=1,
    message_body=None,
    author_date=_AT,
    parents=[_PARENT],
)
_STORED = stored_commits.StoredCommit(
    **{**asdict(_COMMIT), "author_date": _AT, "parents": [_PARENT]}, ingested_at=_AT + timedelta(minutes=1)
)
_USER = accounts.UserInfo(
    id=_USER_ID,
    email="ada@example.com",
    display_name="Ada Lovelace",
    role=accounts.Role.PLAYER,
    state=accounts.UserState.ACTIVE,
    created_at=_AT,
)
_KEY = api_keys.KeyInfo(
    id=_KEY_ID,
    name="build server",
    prefix="tgl_k3J9x2Qa",
    scopes="sync:commits,read:repos",
    state=api_keys.KeyState.ACTIVE,
    is_active=True,
    created_at=_AT,
    expires_at=_AT + timedelta(days=90),
    revoked_at=None,
    rotated_to=None,
    repo_ids=None,
    networks=["203.0.113.0/24"],
    last_used_at=_AT + timedelta(hours=1),
    last_used_ip="203.0.113.7",
    last_user_agent="tgl/0.1.0",
    usage_count=17,
)
_PROJECT = projects.ProjectInfo(
    id=_PROJECT_ID,
    slug="platform-team",
    name="Platform team",
    description="What everybody builds on",
    owner_id=_USER_ID,
    owner_name="Ada Lovelace",
    role=projects.ProjectRole.OWNER,
    repo_count=1,
    total_commits=2,
    created_at=_AT,
)
_MEMBER = projects.MemberInfo(
    user_id=_OTHER_USER_ID,
    display_name="Grace Hopper",
    email="grace@example.com",
    role=projects.MemberRole.MAINTAINER,
    is_active=True,
    created_at=_AT,
)
_STATUS = commits.RepoStatus(
    repo_id=_REPO_ID,
    status=commits.SyncStatus.HEALTHY,
    last_sync_at=_AT,
    last_ingested_sha=_SHA,
    total_commits=2,
    error_message=None,
    refs={"refs/heads/main": _SHA},
    last_attempt_at=_AT,
    last_success_at=_AT,
    stale=False,
    last_error_at=_AT - timedelta(days=3),
    last_error="The last push was interrupted; the next one continues where it stopped.",
    expected_cadence_seconds=86_400,
    learned_cadence_seconds=259_200,
)
_REPO = projects.RepoInfo(
    id=_REPO_ID,
    project_id=_PROJECT_ID,
    name="linux",
    git_url="https://git.example.com/team/linux.git",
    sync_method=projects.SyncMethod.PUSH_CLIENT,
    expected_cadence_seconds=86_400,
    created_at=_AT,
    **{
        name: value
        for name, value in asdict(_STATUS).items()
        if name not in ("repo_id", "refs", "expected_cadence_seconds")
    },
)
_RUN = commits.Run(
    id=_RUN_ID,
    state=commits.RunState.DONE,
    started_at=_AT,
    last_batch_at=_AT,
    finished_at=_AT + timedelta(seconds=1),
    batches=1,
    total=2,
    inserted=1,
    skipped=1,
    errors=0,
    client_version="0.1.0",
    key_prefix="tgl_k3J9x2Qa",
    error_message=None,
)
_CLIENT = commits.PushingClient(
    key_prefix="tgl_k3J9x2Qa",
    key_name="build server",
    user_name="Ada Lovelace",
    client_version="0.1.0",
    runs=12,
    inserted=345,
    last_seen_at=_AT,
    clock_skew_seconds=1,
)
_AUDIT = audit.AuditRecord(
    id=UUID("019c2f6e-9060-7182-8394-5f6071829304"),
    at=_AT,
    action="api_key:created",
    outcome="success",
    actor_user_id=_USER_ID,
    actor_key_id=None,
    resource_type="api_key",
    resource_id=str(_KEY_ID),
    ip="203.0.113.7",
    user_agent="Mozilla/5.0",
    request_id="019c2f6e9d3c7e5f8a0b1c2d3e4f5061",
    details={"name": "build server"},
)

EXAMPLES: list[Struct] = [
    _COMMIT,
    accounts.Registration(email="ada@example.com", password="correct horse battery", display_name="Ada Lovelace"),  # noqa: S106 -- nobody's
    accounts.Credentials(email="ada@example.com", password="correct horse battery"),  # noqa: S106 -- nobody's
    accounts.RefreshRequest("tglr_bY2fH7Qm0kX9vR4sW1nJ6pL3"),
    accounts.TokenPair(
        access_token="eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl",  # noqa: S106 -- nobody's
        refresh_token="tglr_c8Zt5Gn1mY0wS6uX2oK7qM4d",  # noqa: S106 -- nobody's
        expires_in=1800,
        refresh_expires_at=_AT + timedelta(days=30),
    ),
    accounts.PasswordChange("correct horse battery", "staples in a quiet lake"),
    _USER,
    accounts.Me(
        **asdict(_USER),
        signed_in_with="api_key",
        scopes="sync:commits,read:repos",
        key_id=_KEY_ID,
        key_prefix="tgl_k3J9x2Qa",
        key_repo_ids=None,
    ),
    accounts.UserChange(state="active"),
    accounts.UserPage([_USER], None),
    api_keys.NewKey(name="build server", scopes="sync:commits", expires_in_days=90, networks=["203.0.113.0/24"]),
    api_keys.KeyChange(is_active=False),
    api_keys.KeyRotation(overlap_minutes=60),
    _KEY,
    api_keys.CreatedKey(**asdict(_KEY), full_key="tgl_k3J9x2Qa_shownOnceAndNeverAgain0123456789ABCDEFx1Y2z3"),
    api_keys.KeyPage([_KEY], None),
    audit.AuditPage([_AUDIT], None),
    commits.PushBatch([_COMMIT], "0.1.0"),
    commits.PushResult(2, 1, 1, 0, _SHA, [commits.CommitResult(_PARENT, False), commits.CommitResult(_SHA, True)]),
    commits.StreamResult(
        total=2,
        inserted=1,
        skipped=0,
        errors=1,
        chunks=1,
        last_ingested_sha=_SHA,
        refused=[commits.RefusedLine(2, _LACKED, "Expected `int` >= 0 - at `$.additions`")],
    ),
    commits.MissingRequest([_SHA, _LACKED]),
    commits.MissingResult([_LACKED]),
    commits.RefsUpdate({"refs/heads/main": _SHA, "refs/heads/merged": None}),
    commits.RefsResult({"refs/heads/main": _SHA}),
    _STATUS,
    commits.RunPage([_RUN], None),
    _CLIENT,
    commits.PushingClients([_CLIENT]),
    commits.Capabilities(
        server_version="0.1.0",
        protocol_version=http.PROTOCOL_VERSION,
        oldest_client="0.1.0",
        server_time=_AT,
        limits=commits.Limits(http.MAX_COMMITS_PER_BATCH, 32 * 1024 * 1024, http.MAX_MISSING_SHAS, http.MAX_REFS, 100),
        content_encodings=["gzip", "zstd"],
        media_types=[http.JSON_MEDIA_TYPE, http.MSGPACK_MEDIA_TYPE, http.NDJSON_MEDIA_TYPE],
        features=[http.COMMIT_STREAM],
    ),
    stored_commits.CommitPage([_STORED], None),
    projects.NewProject(slug="platform-team", name="Platform team", description="What everybody builds on"),
    projects.ProjectChange(name="Platform and tools"),
    _PROJECT,
    projects.ProjectPage([_PROJECT], None),
    projects.ProjectDeleted(_PROJECT_ID, repos=1, commits=2),
    projects.NewMember(email="grace@example.com", role=projects.MemberRole.MAINTAINER),
    projects.MemberChange(projects.MemberRole.MEMBER),
    _MEMBER,
    projects.MemberPage([_MEMBER], None),
    projects.NewRepo(name="linux", git_url="https://git.example.com/team/linux.git", expected_cadence_seconds=86_400),
    projects.RepoChange(name="linux-stable", git_url=None),
    _REPO,
    projects.RepoPage([_REPO], None),
    projects.RepoDeleted(_REPO_ID, commits=2),
]


def stream_example(type_: type[Struct]) -> str:
    """One line of a stream."""
    return "\n".join(json.encode(example).decode() for example in EXAMPLES if type(example) is type_) + "\n"
