"""The SQL of stored commits."""

from datetime import datetime

from sqlalchemy import Select, Uuid, literal, select, text, tuple_

from tgl_server.ingest.models import CommitRow
from tgl_server.projects.models import RepoId

CommitKey = tuple[datetime, bytes]


def commits_page(
    repo_id: RepoId,
    *,
    author: str | None,
    since: datetime | None,
    until: datetime | None,
    after: CommitKey | None,
    limit: int,
) -> Select[CommitRow]:
    """Newest first, `limit` at the most, from after a key on.

    Composed of the conditions that are asked for, so that each combination is a statement with a plan of its own: one
    of `:author IS NULL OR ...` scans the repository once PostgreSQL prepares it for any value. Either index gives the
    order but for equal dates, and those are sorted as they come. The sub-select hides from PostgreSQL which repository
    it is: one that came after the last ANALYZE would be taken for empty, and read and sorted as a whole.
    """
    whose = select(literal(repo_id, Uuid)).scalar_subquery()
    found = select(CommitRow).where(CommitRow.repo_id == whose)
    if author is not None:
        found = found.where(CommitRow.author_email == author)
    if since is not None:
        found = found.where(CommitRow.commit_date >= since)
    if until is not None:
        found = found.where(CommitRow.commit_date < until)
    if after is not None:
        # The first condition follows from the second, and is the one that an index can start from.
        key = tuple_(CommitRow.commit_date, CommitRow.sha)
        found = found.where(CommitRow.commit_date <= after[0], key < tuple_(*after))
    return found.order_by(CommitRow.commit_date.desc(), CommitRow.sha.desc()).limit(limit)


DELETE_REFS = text("DELETE FROM repo_refs WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")

DELETE_RUNS = text("DELETE FROM sync_runs WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")

DELETE_COMMITS = text("DELETE FROM commits WHERE repo_id = ANY(CAST(:repo_ids AS uuid[]))")
