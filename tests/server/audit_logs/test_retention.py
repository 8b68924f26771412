"""What is older than its retention goes, refusals earlier than acts; what is younger nobody removes."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.database import audited, execute, rows, scalar, until_query
from tests.support.servers import RunningServer
from tgl_server.audit.actions import AuditOutcome
from tgl_server.audit_logs import retention
from tgl_server.audit_logs.queries import TRY_TO_PRUNE
from tgl_server.audit_logs.retention import LOCK_KEY, prune, retention_days
from tgl_server.db.engine import Database
from tgl_server.settings import Settings

REFUSED, SUCCESS = AuditOutcome.REFUSED, AuditOutcome.SUCCESS

_WRITE = """
    INSERT INTO audit_logs (id, at, action, outcome)
    SELECT gen_random_uuid(), now() - days * interval '1 day', 'aged', outcome
    FROM unnest(ARRAY[1, 29, 31, 45, 400]) AS days, unnest(ARRAY['refused', 'success']) AS outcome
"""
_LEFT = """
    SELECT outcome, CAST(EXTRACT(day FROM now() - at) AS integer) AS days FROM audit_logs WHERE action = 'aged'
    ORDER BY outcome, at DESC
"""
_SHADOW = (
    "CREATE TEMPORARY TABLE audit_cutoffs (outcome text, cutoff timestamptz)",
    "INSERT INTO audit_cutoffs VALUES ('refused', 'infinity'), ('success', 'infinity')",
)


@pytest.fixture
async def aged(database: Database) -> Database:
    """Refusals and acts, each 1, 29, 31, 45 and 400 days old."""
    await execute(database, _WRITE)
    return database


async def left(database: Database) -> dict[str, list[int]]:
    """The ages in days of the rows that are still there, by outcome."""
    found: dict[str, list[int]] = {"refused": [], "success": []}
    for row in await rows(database, _LEFT):
        found[row.outcome].append(row.days)
    return found


async def test_refusals_go_earlier_than_acts_and_their_going_is_in_the_log(aged: Database) -> None:
    assert await prune(aged, REFUSED, 40) == 2
    assert await prune(aged, SUCCESS, 100) == 1
    assert await left(aged) == {"refused": [1, 29, 31], "success": [1, 29, 31, 45]}
    told = [row.details for row in await audited(aged, "audit_log:pruned")]
    assert {(each["outcome"], each["rows"]) for each in told} == {("refused", 2), ("success", 1)}
    assert await prune(aged, REFUSED, 40) == 0
    assert len(await audited(aged, "audit_log:pruned")) == 2


async def test_a_retention_of_0_days_is_for_ever(aged: Database) -> None:
    await prune(aged, REFUSED, 401)
    assert await prune(aged, REFUSED, 0) == 0
    assert (await left(aged))["refused"] == [1, 29, 31, 45, 400]
    with pytest.raises(DBAPIError, match="append-only"):
        await execute(aged, "DELETE FROM audit_logs WHERE at < now() - interval '399 days'")
    assert retention_days(Settings()) == {REFUSED: 180, SUCCESS: 0}


async def test_a_long_log_is_pruned_in_batches_oldest_first(aged: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 1)
    assert await prune(aged, REFUSED, 31) == 1
    assert (await left(aged))["refused"] == [1, 29, 31, 45]


@pytest.mark.parametrize("shadow", [(), _SHADOW], ids=["", "behind a temporary table"])
async def test_nothing_younger_than_the_cutoff_can_be_removed(aged: Database, shadow: tuple[str, ...]) -> None:
    await prune(aged, REFUSED, 40)
    before = await left(aged)
    for which in ("outcome = 'refused'", "outcome = 'success'", "at < now() - interval '30 days'"):
        with pytest.raises(DBAPIError, match="append-only"):
            await execute(aged, *shadow, f"DELETE FROM audit_logs WHERE action = 'aged' AND {which}")
    assert await left(aged) == before


@pytest.mark.parametrize("cutoff", ["now()", "now() - interval '29 days'", "'infinity'"])
async def test_no_cutoff_reaches_into_the_last_month(aged: Database, cutoff: str) -> None:
    statement = f"INSERT INTO audit_cutoffs VALUES ('success', {cutoff})"
    with pytest.raises(DBAPIError, match="ck_audit_cutoffs_cutoff"):
        await execute(aged, statement)
    await prune(aged, SUCCESS, 31)
    with pytest.raises(DBAPIError, match="ck_audit_cutoffs_cutoff"):
        await execute(aged, f"UPDATE audit_cutoffs SET cutoff = {cutoff}")


async def test_one_process_prunes_at_a_time(aged: Database) -> None:
    async with aged.transaction() as tx:
        assert await tx.scalar(TRY_TO_PRUNE, {"key": LOCK_KEY})
        assert await prune(aged, REFUSED, 40) is None
    assert await prune(aged, REFUSED, 40) == 2


async def test_a_server_prunes_by_itself(start_server: Callable[..., RunningServer], aged: Database) -> None:
    server = start_server(audit_refusals_retention_days=40, sweep_seconds=1)
    await until_query(aged, "SELECT count(*) = 3 FROM audit_logs WHERE action = 'aged' AND outcome = 'refused'")
    await server.logged("audit_log_pruned")
    assert await scalar(aged, "SELECT count(*) FROM audit_logs WHERE action = 'aged' AND outcome = 'success'") == 5
