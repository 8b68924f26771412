"""A follower of the ingest log that counts commits and adds up lines, so that one too many or too few shows."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.database import execute
from tgl_server.access.ids import RepoId
from tgl_server.db.engine import Database
from tgl_server.followers.follower import Follower, Gulp, Reader

CREATE = "CREATE TABLE IF NOT EXISTS counted (repo_id uuid PRIMARY KEY, commits bigint, additions bigint)"
ADD = text("""
    INSERT INTO counted VALUES (:repo_id, :commits, :additions) ON CONFLICT (repo_id) DO UPDATE SET
        commits = counted.commits + EXCLUDED.commits, additions = counted.additions + EXCLUDED.additions
""")
REBUILD = text("""
    INSERT INTO counted SELECT CAST(:repo_id AS uuid), count(*), coalesce(sum(additions), 0)
    FROM commits WHERE repo_id = :repo_id
    ON CONFLICT (repo_id) DO UPDATE SET commits = EXCLUDED.commits, additions = EXCLUDED.additions
""")
FORGET = text("DELETE FROM counted WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")


class Counting:
    """`called` tells what was asked of it; `fail_next` makes it fail after its effect, as a crash would."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.fail_next = False
        self.follower = Follower(
            "counting",
            columns=("additions",),
            wanted="true",
            add=self._add,
            renew=self._renew,
            rebuild=self._rebuild,
            forget=self._forget,
            find_wrong=self._find_wrong,
        )

    async def begin(self, database: Database) -> None:
        """Make the follower's table, and its marks at the beginning of every log."""
        await execute(database, CREATE)
        await execute(database, "INSERT INTO follower_marks SELECT repo_id, 'counting', 0 FROM repo_states")

    async def _add(self, tx: AsyncSession, gulp: Gulp) -> None:
        self.called.append("add")
        additions = sum(commit["additions"] for commit in gulp.commits)
        await tx.execute(ADD, {"repo_id": gulp.repo_id, "commits": len(gulp.commits), "additions": additions})
        if self.fail_next:
            self.fail_next = False
            raise RuntimeError("as if killed between the effect and the mark")

    async def _renew(self, tx: AsyncSession, gulp: Gulp) -> None:
        self.called.append("renew")
        await tx.execute(REBUILD, {"repo_id": gulp.repo_id})

    async def _rebuild(self, tx: AsyncSession, repo_id: RepoId) -> None:
        self.called.append("rebuild")
        await tx.execute(REBUILD, {"repo_id": repo_id})

    async def _forget(self, tx: AsyncSession, repo_ids: Sequence[RepoId]) -> None:
        await tx.execute(FORGET, {"repo_ids": list(repo_ids)})

    async def _find_wrong(self, _: Reader) -> list[UUID]:
        return []
