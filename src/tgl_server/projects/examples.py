"""Examples of projects, members and repositories for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import timedelta

from msgspec import Struct

from tgl_protocol import commits, projects
from tgl_server.http.example_values import AT, OTHER_USER_ID, PROJECT_ID, REPO_ID, SHA, USER_ID

_PROJECT = projects.ProjectInfo(
    id=PROJECT_ID,
    slug="platform-team",
    name="Platform team",
    description="What everybody builds on",
    owner_id=USER_ID,
    owner_name="Ada Lovelace",
    role=projects.ProjectRole.OWNER,
    repo_count=1,
    total_commits=2,
    created_at=AT,
)
_MEMBER = projects.MemberInfo(
    user_id=OTHER_USER_ID,
    display_name="Grace Hopper",
    email="grace@example.com",
    role=projects.MemberRole.MAINTAINER,
    is_active=True,
    created_at=AT,
)
_REPO = projects.RepoInfo(
    id=REPO_ID,
    project_id=PROJECT_ID,
    name="linux",
    git_url="https://git.example.com/team/linux.git",
    sync_method=projects.SyncMethod.PUSH_CLIENT,
    expected_cadence_seconds=86_400,
    created_at=AT,
    status=commits.SyncStatus.HEALTHY,
    last_sync_at=AT,
    last_ingested_sha=SHA,
    total_commits=2,
    error_message=None,
    last_attempt_at=AT,
    last_success_at=AT,
    stale=False,
    last_error_at=AT - timedelta(days=3),
    last_error="The last push was interrupted; the next one continues where it stopped.",
    learned_cadence_seconds=259_200,
)

EXAMPLES: list[Struct] = [
    projects.NewProject(slug="platform-team", name="Platform team", description="What everybody builds on"),
    projects.ProjectChange(name="Platform and tools"),
    _PROJECT,
    projects.ProjectPage([_PROJECT], None),
    projects.ProjectDeleted(PROJECT_ID, repos=1, commits=2),
    projects.NewMember(email="grace@example.com", role=projects.MemberRole.MAINTAINER),
    projects.MemberChange(projects.MemberRole.MEMBER),
    _MEMBER,
    projects.MemberPage([_MEMBER], None),
    projects.NewRepo(name="linux", git_url="https://git.example.com/team/linux.git", expected_cadence_seconds=86_400),
    projects.RepoChange(name="linux-stable", git_url=None),
    _REPO,
    projects.RepoPage([_REPO], None),
    projects.RepoDeleted(REPO_ID, commits=2),
]
