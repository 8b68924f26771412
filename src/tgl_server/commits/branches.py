"""The commits of one branch: what its recorded tip reaches, found anew for each page, as no branch is stored with its
commits (`docs/decisions/branch-filter.md`).
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.access.ids import RepoId
from tgl_server.http.text_rules import nearest_name, shown_name

#: A walk ends here; it takes about half a second.
MOST_WALKED: Final = 100_000
_HEADS: Final = "refs/heads/"

_TIP = text("""
    SELECT sha FROM repo_refs WHERE repo_id = :repo_id AND name IN (:name, :branch) ORDER BY name <> :branch LIMIT 1
""")

_NAMES = text("SELECT name FROM repo_refs WHERE repo_id = :repo_id ORDER BY updated_at DESC LIMIT 1000")

# An empty sha stands for the parents of a commit that came without them. The sub-select hides from PostgreSQL which
# repository it is, as for a page of commits: it would take a new one for empty, and read it whole at each step.
_WALK = text("""
    WITH RECURSIVE reached (sha) AS (
        SELECT CAST(:tip AS bytea)
        UNION
        SELECT parent.sha FROM reached r
        JOIN commits c ON c.repo_id = (SELECT CAST(:repo_id AS uuid)) AND c.sha = r.sha
        CROSS JOIN LATERAL unnest(
            CASE WHEN c.parent_count > coalesce(cardinality(c.parents), 0)
                 THEN ARRAY[CAST('' AS bytea)] ELSE c.parents END
        ) AS parent (sha)
    )
    SELECT array_agg(sha) FROM (SELECT sha FROM reached LIMIT :most) counted
""")


async def commits_of_branch(connection: AsyncConnection, repo_id: RepoId, branch: str) -> list[bytes]:
    """The shas that the tip of a branch reaches, in no order; `branch` is the name of a ref, whole or below refs/heads.

    Raises a 422 error for a branch without a recorded tip, and for one that has more than `MOST_WALKED` commits or
    whose commits came without their parents: half a list would look like a whole one.
    """
    wanted = {"repo_id": repo_id, "name": branch, "branch": f"{_HEADS}{branch}"}
    tip = await connection.scalar(_TIP, wanted)
    if tip is None:
        raise _refusal(await _unknown(connection, repo_id, branch))
    walked = {"repo_id": repo_id, "tip": tip, "most": MOST_WALKED + 1}
    reached: list[bytes] = await connection.scalar(_WALK, walked)
    if len(reached) > MOST_WALKED:
        raise _refusal(f"Expected a branch of at most {MOST_WALKED:,} commits; this one has more")
    if b"" in reached:
        raise _refusal("Some commits of this branch came without their parents, so that it is not known what is on it")
    return reached


async def _unknown(connection: AsyncConnection, repo_id: RepoId, branch: str) -> str:
    names = [name.removeprefix(_HEADS) for name in await connection.scalars(_NAMES, {"repo_id": repo_id})]
    if not names:
        return "The repository has no recorded branch yet"
    meant = nearest_name(branch.removeprefix(_HEADS), names)
    return f"No recorded branch has this name; did you mean {shown_name(meant)}?" if meant else _NO_SUCH


_NO_SUCH: Final = "No recorded branch has this name"


def _refusal(reason: str) -> errors.InvalidParameter:
    return errors.InvalidParameter(f"`branch`: {reason}.".replace("?.", "?"), [FieldError(reason, field="branch")])
