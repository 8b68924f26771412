"""What is wrong with a server is found, comes first, and says what to do."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from tgl_server.auth.turns import MAX_WAITING
from tgl_server.db.standby import Fault, StandbyState
from tgl_server.followers.service import Lag
from tgl_server.pull.operating import PullFigures
from tgl_server.settings import Environment, Hosting, Settings
from tgl_server.system.checks import Level, checks_of
from tgl_server.system.state import DatabaseState, ProcessState, SystemState, UseState

DATABASE = DatabaseState(
    version="18.4",
    migration="0022",
    needed_migration="0022",
    bytes=10**9,
    connections=12,
    most_connections=97,
    is_read_only=False,
    is_durable=True,
    started_at=datetime(2026, 1, 2, tzinfo=UTC),
    clock_skew=0.2,
    tables=(),
    lag={"roots": Lag(), "activity": Lag(3, 2.0)},
)
PROCESS = ProcessState(
    pool={"in_use": 2, "idle": 3, "unopened": 15},
    argon2_waiting={"known": 0, "keys": 1},
    does_limiter_answer=True,
    swept_seconds=12.0,
)
WELL = SystemState(
    settings=Settings(rate_limit_storage="redis://cache:6379/0"),
    hosting=Hosting(workers=2),
    database=DATABASE,
    use=UseState(clients=("203.0.113.7",)),
    process=PROCESS,
    free_bytes=50 * 10**9,
)


def of_database(**wrong: Any) -> SystemState:
    return replace(WELL, database=replace(DATABASE, **wrong))


def of_process(**wrong: Any) -> SystemState:
    return replace(WELL, process=replace(PROCESS, **wrong))


def of_pulls(**figures: Any) -> SystemState:
    return of_database(pulls=PullFigures(**figures))


def test_pulls_that_are_well_are_told_of_where_something_is_pulled() -> None:
    names = {check.name: check.finding for check in checks_of(of_pulls(repos=3, own_workers=2, running=1))}
    assert names["Workers"] == "2 seen; 3 repositories are pulled"
    assert names["Pulls"] == "1 run, 0 wait, the oldest for 0 s"
    assert {check.level for check in checks_of(of_pulls(repos=3, own_workers=2))} == {Level.OK}
    assert "Workers" not in {check.name for check in checks_of(WELL)}


def test_a_standby_says_how_far_it_is_behind_where_that_is_known() -> None:
    for standby, said in ((StandbyState(None, 0.21), "0.2 s behind"), (StandbyState(None), "lag is not known")):
        checks = {check.name: check for check in checks_of(replace(WELL, standby=standby))}
        assert checks["Standby"].level is Level.OK
        assert said in checks["Standby"].finding


def test_nothing_is_wrong_with_a_server_that_is_well() -> None:
    assert {check.level for check in checks_of(WELL)} == {Level.OK}
    assert not any(check.remedy for check in checks_of(WELL))


@pytest.mark.parametrize(
    ("state", "name", "level", "finding"),
    [
        (of_database(migration="0021"), "Migration", Level.BAD, "At version 0021; this server needs 0022"),
        (of_database(migration=None), "Migration", Level.BAD, "At version none"),
        (of_database(is_read_only=True), "Writes", Level.BAD, "takes no writes"),
        (of_database(is_durable=False), "Durability", Level.BAD, "a power cut destroys data"),
        (of_database(clock_skew=-600.4), "Clock", Level.WARN, "clock is 600 s behind the database's"),
        (of_database(most_connections=39), "Connections", Level.WARN, "this server may take 40"),
        (of_database(lag={"activity": Lag(9, 61.0)}), "Sums", Level.WARN, "activity: 61 s behind"),
        (replace(WELL, free_bytes=10**7), "Disk", Level.BAD, "9 MB free"),
        (replace(WELL, free_bytes=10**9), "Disk", Level.WARN, "953 MB free"),
        (of_process(pool={"in_use": 20, "idle": 0, "unopened": 0}), "Pool", Level.WARN, "All 20 of this worker"),
        (of_process(does_limiter_answer=False), "Rate limits", Level.BAD, "redis does not answer"),
        (
            of_process(argon2_waiting={"keys": MAX_WAITING}),
            "Passwords and keys",
            Level.WARN,
            "64 wait in the queue keys",
        ),
        (of_process(swept_seconds=None), "Sweep", Level.WARN, "None since this worker started"),
        (of_process(swept_seconds=181.0), "Sweep", Level.WARN, "181 s ago"),
        (replace(WELL, settings=Settings(environment=Environment.PRODUCTION)), "Address", Level.WARN, "PUBLIC_URL"),
        (of_pulls(repos=3), "Workers", Level.BAD, "3 repositories are pulled, and no worker was seen"),
        (of_pulls(repos=3, own_workers=1, due=2, oldest=901.0), "Pulls", Level.WARN, "2 wait, the oldest for 901 s"),
        (
            of_pulls(repos=1, broker_workers=1, paused_at=datetime(2026, 1, 2, tzinfo=UTC), paused_reason="move"),
            "Pulls",
            Level.WARN,
            "All are paused since 2026-01-02 00:00 UTC: move",
        ),
        (replace(WELL, standby=StandbyState(Fault.AWAY)), "Standby", Level.WARN, "does not answer, so the primary"),
        (replace(WELL, standby=StandbyState(Fault.WRITABLE)), "Standby", Level.BAD, "It takes writes"),
        (
            replace(
                WELL,
                settings=Settings(broker_url="redis://:secret@broker:6379/1", rate_limit_storage="redis://cache"),
                process=replace(PROCESS, does_broker_answer=False),
            ),
            "Broker",
            Level.WARN,
            "redis://broker:6379/1 does not answer",
        ),
    ],
)
def test_what_is_wrong_comes_first_and_says_what_to_do(
    state: SystemState, name: str, level: Level, finding: str
) -> None:
    first, *others = checks_of(state)
    assert (first.name, first.level) == (name, level)
    assert finding in first.finding
    assert first.remedy
    assert {check.level for check in others} <= {Level.OK}


def test_a_command_that_looks_from_outside_leaves_the_process_out() -> None:
    assert "Pool" not in {check.name for check in checks_of(replace(WELL, process=None))}
