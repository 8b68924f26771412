"""A small league to look at in a browser: people with passwords, a project, and a repository with a history."""

from uuid import UUID

from sqlalchemy import text

from tests.support.commits import commit, numbered, sha_of
from tests.support.hashing import quick_argon2
from tests.support.people import PASSWORD
from tgl_protocol.projects import MemberRole, NewMember, NewRepo, SyncMethod
from tgl_server.access.ids import ProjectId, RepoId
from tgl_server.accounts.models import Role
from tgl_server.accounts.service import create_user
from tgl_server.activity.service import ACTIVITY
from tgl_server.audit.service import Actor
from tgl_server.auth.passwords import hash_password
from tgl_server.db.engine import Database
from tgl_server.features import FOLLOWERS
from tgl_server.projects.members import add_member
from tgl_server.projects.service import create_project, create_repo, register_repo

ADA, GRACE = "ada@example.com", "grace@example.com"
PROJECT, REPO, NEW_REPO, PULLED_REPO = "platform-team", "engine", "مستودع & <b>50%", "mirror"
#: Of the webhook of the pulled repository.
HOOK_ID = UUID("11111111-2222-4333-8444-555555555555")
#: Of the project.
ENDPOINT_ID = UUID("11111111-2222-4333-8444-666666666666")
_PULLED = SyncMethod.PULL_CELERY

_COMMITS = text("""
    INSERT INTO commits (repo_id, sha, author_date, commit_date, additions, deletions, files_changed, parent_count,
                         is_merge, author_name, author_email, committer_name, committer_email, message_title,
                         message_body, parents)
    VALUES (:repo_id, :sha, now(), now(), 42, 15, 3, 1, false, 'Ada', 'ada@example.com', 'Grace', 'grace@example.com',
            :title, 'Why it was done', ARRAY[CAST(:sha AS bytea)])
""")
_STATE = text("""
    UPDATE repo_states SET sync_status = 'healthy', total_commits = :count, last_success_at = now(),
                           last_attempt_at = now(), learned_cadence = interval '1 day'
    WHERE repo_id = :repo_id
""")
_REFS = text("INSERT INTO repo_refs (repo_id, name, sha) VALUES (:repo_id, 'refs/heads/main', :sha)")
_RUNS = text("""
    INSERT INTO sync_runs (repo_id, id, state, finished_at, batches, inserted, errors, client_version, user_id,
                           error_message)
    SELECT :repo_id, gen_random_uuid(), state, now(), 1, 3, errors, 'tgl 0.1.0', :user_id, message
    FROM (VALUES ('done', 0, NULL), ('failed', 3, 'A batch was refused: 3 of 3 commits are invalid.'))
        run (state, errors, message)
""")


async def add_league(database: Database) -> None:
    """Ada owns a project with two repositories, of which one was never pushed; Grace maintains it."""
    with quick_argon2() as argon2:
        hashed = await hash_password(argon2, PASSWORD)
    async with database.transaction() as tx:
        ada = await create_user(tx, ADA, role=Role.PLAYER, display_name="Ada", password_hash=hashed)
        await create_user(tx, GRACE, role=Role.PLAYER, display_name="Grace", password_hash=hashed)
        project = await create_project(tx, ada.id, PROJECT, "Platform team", "What everybody builds on")
        new = NewMember(email=GRACE, role=MemberRole.MAINTAINER)
        await add_member(tx, ProjectId(project.id), new, Actor(ada.id))
        await create_repo(tx, project, NEW_REPO, ada.id, FOLLOWERS)
        pulled = NewRepo(name=PULLED_REPO, git_url="git@git.example.com:team/mirror.git", sync_method=_PULLED)
        pulled_id = RepoId((await register_repo(tx, ProjectId(project.id), pulled, Actor(ada.id), FOLLOWERS)).id)
        await tx.execute(_PULLS, {"repo_id": pulled_id, "hook_id": HOOK_ID})
        await tx.execute(_TOLD, {"project_id": project.id, "endpoint_id": ENDPOINT_ID})
        repo_id = RepoId((await create_repo(tx, project, REPO, ada.id, FOLLOWERS)).id)
        for made in (*numbered(3), commit("one", message_title="Carry the one")):
            row = {"repo_id": repo_id, "sha": bytes.fromhex(made["sha"]), "title": made["message_title"]}
            await tx.execute(_COMMITS, row)
        await tx.execute(_STATE, {"repo_id": repo_id, "count": 4})
        await tx.execute(_REFS, {"repo_id": repo_id, "sha": bytes.fromhex(sha_of("one"))})
        await tx.execute(_RUNS, {"repo_id": repo_id, "user_id": ada.id})
        await ACTIVITY.rebuild(tx, repo_id)


# Paused after refusals, with a key whose host is not confirmed, a webhook with two deliveries, and a worker.
_PULLS = text("""
    WITH queue AS (
        INSERT INTO repo_pulls (repo_id, cron, failures, paused_at, paused_reason, paused_url)
        SELECT id, '30 2 * * 1-5', 5, now(), 'It refused the credentials; store a key that may read it.', git_url
        FROM repos WHERE id = CAST(:repo_id AS uuid)
    ), key AS (
        INSERT INTO repo_credentials (repo_id, kind, username, origin, address, sealed, public_key, set_at)
        VALUES (:repo_id, 'ssh_key', 'git', 'ssh://git.example.com:22', 'git@git.example.com:team/mirror.git', 'f1:x',
                'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
                now() - interval '1 day')
    ), hook AS (
        INSERT INTO webhooks (id, repo_id, kind, sealed) VALUES (CAST(:hook_id AS uuid), :repo_id, 'gitlab', 'f1:x')
        RETURNING id
    ), deliveries AS (
        INSERT INTO webhook_deliveries (id, hook_id, delivery_id, event, outcome, reason, status)
        SELECT gen_random_uuid(), id, 'a-delivery', event, outcome, reason, status
        FROM hook, (VALUES ('push', 'paused', NULL, 200), (NULL, 'refused', 'wrong_proof', 401))
            delivery (event, outcome, reason, status)
    )
    INSERT INTO pull_workers (id, host, pid, version, children, disk_free)
    VALUES (gen_random_uuid(), 'worker-1.example.com', 4711, '0.1.0', 2, 20000000000)
""")


# An endpoint that was sent two messages and waits for an answer to a third; a chat, which refused its last message.
_TOLD = text("""
    WITH endpoint AS (
        INSERT INTO endpoints (id, project_id, url, sealed, types)
        VALUES (CAST(:endpoint_id AS uuid), CAST(:project_id AS uuid), 'https://hooks.example.com/' || repeat('a', 90),
                'f1:x', ARRAY['run.failed', 'repo.failing'])
        RETURNING id
    ), chat AS (
        INSERT INTO chat_hooks (id, project_id, kind, shown, sealed, failing, stale, last_error)
        VALUES (gen_random_uuid(), :project_id, 'slack', 'hooks.slack.com/...a1b2', 'f1:x', true, true,
                'the chat answered 403')
    )
    INSERT INTO endpoint_deliveries (id, endpoint_id, message_id, type, body, state, attempts, next_attempt_at,
                                     last_attempt_at, last_status, last_error, last_answer)
    SELECT gen_random_uuid(), id, gen_random_uuid(), 'run.failed', '{}', state, attempts, now() + interval '1 day',
           now(), status, error, answer
    FROM endpoint, (VALUES ('delivered', 1, 200, NULL, 'ok'), ('failed', 8, NULL, 'the connection failed', NULL),
                    ('pending', 2, 503, 'the receiver answered 503', repeat('x', 200)))
        delivery (state, attempts, status, error, answer)
""")


_MANY = text("""
    WITH made AS (
        INSERT INTO repos (id, project_id, name, sync_method, created_at)
        SELECT gen_random_uuid(), p.id, 'service-' || lpad(CAST(n AS text), 3, '0'), 'push_client', now()
        FROM projects p, generate_series(1, :count) n WHERE p.slug = :project
        RETURNING id, name
    ), states AS (
        INSERT INTO repo_states (repo_id, sync_status, total_commits, last_success_at, last_attempt_at)
        SELECT id, 'healthy', 1000 + hashtext(name) % 1000, now() - abs(hashtext(name)) % 5000 * interval '1 minute',
               now() - abs(hashtext(name)) % 5000 * interval '1 minute' FROM made
    ), runs AS (
        INSERT INTO sync_runs (repo_id, id, state, started_at, last_batch_at, finished_at, client_version, user_id)
        SELECT m.id, gen_random_uuid(), (ARRAY['done', 'done', 'done', 'failed'])[1 + abs(hashtext(name) + n) % 4],
               now() - n * interval '1 day', now() - n * interval '1 day', now() - n * interval '1 day', '0.1.0', u.id
        FROM made m, generate_series(0, 9) n, users u WHERE u.email = :email
    )
    INSERT INTO repo_weeks (repo_id, week, commits, merges, additions, deletions, files_changed)
    SELECT m.id, CAST(date_trunc('week', now() AT TIME ZONE 'UTC') AS date) - 7 * n,
           abs(hashtext(name) / (n + 1)) % 90, 0, 1, 1, 1
    FROM made m, generate_series(0, 11) n
""")


async def add_many_repos(database: Database, count: int) -> None:
    """So many more repositories of the league's project, with ten runs and twelve weeks each, none like another."""
    async with database.transaction() as tx:
        await tx.execute(_MANY, {"count": count, "project": PROJECT, "email": ADA})
