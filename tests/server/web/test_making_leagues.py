"""The pages on which commissioners make leagues: each form's way, and what is wrong beside its field."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from tests.support.database import scalar
from tests.support.leagues import MONDAY, NOBODY, arrive, stored, until_scored
from tests.support.people import Person
from tests.support.visitor import Visitor
from tests.support.world import World
from tgl_server.db.engine import Database
from tgl_server.leagues.rules import Rules
from tgl_server.leagues.seasons import close_season
from tgl_server.web.commissioning.parameters import PARAMETERS, fill, read
from tgl_server.web.forms import Form

LEAGUES = "/administration/leagues"
CUP = f"{LEAGUES}/cup"
SEASON = f"{CUP}/seasons/1"
#: Those that this engine knows one value of.
FIXED = {"schema", "engine", "merges", "reverts", "self_revert_days", "divisions"}
WEEK = [stored((day, n), MONDAY + timedelta(days=day, hours=9 + n)) for day in range(5) for n in range(2)]


def test_every_parameter_that_can_be_chosen_is_in_the_form_and_comes_back() -> None:
    assert {parameter.name for parameter in PARAMETERS} == set(Rules.__struct_fields__) - FIXED
    form = Form()
    fill(form, Rules(best_days=4, bots=("*-bot", "robot*")))
    assert read(form) == Rules(best_days=4, bots=("*-bot", "robot*"))


def fields_of_rules(**changes: str) -> dict[str, Any]:
    form = Form()
    fill(form, Rules())
    return {name: values[0] for name, values in form.fields.items()} | {"coauthors": "off", **changes}


async def test_a_league_is_made_played_and_amended(
    boss_visitor: Visitor, boss: Person, world: World, database: Database
) -> None:
    async def post(path: str, **fields: Any) -> str:
        answer = await boss_visitor.post(path, fields)
        assert answer.status in (200, 303), answer.body.decode()
        return answer.headers.get("Location", "") or answer.body.decode()

    assert await post(LEAGUES, name="The cup", slug="cup") == CUP
    assert await post(f"{CUP}/repos", repos="demo/first from 2030-12-30\n") == CUP
    assert "demo/first from 2030-12-30" in (await boss_visitor.get(CUP)).body.decode()
    assert await post(f"{CUP}/rules", **fields_of_rules(best_days="4"), note="Four") == CUP
    assert await post(f"{CUP}/seasons", starts="2031-01-06", weeks="6", season_name="") == SEASON
    assert await post(f"{SEASON}/open") == SEASON
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE seasons SET begun = 6"))
        await tx.execute(text("UPDATE league_repos SET taken_in = '2030-01-01'"))
    await arrive(database, world.repo_id, WEEK)
    await until_scored(database)
    assert await scalar(database, "SELECT points FROM standings") == 52
    tried = await post(f"{CUP}/rules/preview", **fields_of_rules(best_days="1"), season="1")
    assert "TheGitLeague 0" in tried
    assert 'data-head="Points">52<' in tried
    assert 'data-head="would be">13<' in tried
    sha = WEEK[0]["sha"].hex()
    assert await post(f"{SEASON}/strikes", sha=sha, reason="generated") == SEASON
    assert await post(f"{SEASON}/strikes/delete", sha=sha) == SEASON
    async with database.transaction() as tx:
        season_id = await tx.scalar(text("SELECT id FROM seasons"))
        await close_season(tx, season_id, NOBODY, MONDAY + timedelta(days=90))
    wish = {"reason": "all of it", "strike": " ".join(commit["sha"].hex() for commit in WEEK), "take_back": ""}
    shown = await post(f"{SEASON}/amend", **wish)
    token = shown.partition('name="confirm" value="')[2].partition('"')[0]
    assert "52 to 0 points" in shown
    assert await post(f"{SEASON}/amend", **wish, confirm=token) == SEASON
    page = (await boss_visitor.get(SEASON)).body.decode()
    assert "Week 1, amended" in page
    assert await scalar(database, "SELECT count(*) FROM standings") == 0


async def test_what_is_wrong_is_beside_its_field(boss_visitor: Visitor, world: World) -> None:
    await boss_visitor.post(LEAGUES, {"name": "The cup", "slug": "cup"})
    rules = fields_of_rules
    for path, fields, fault in (
        (LEAGUES, {"name": "Again", "slug": "cup"}, "slug-fault"),
        (LEAGUES, {"name": "Again", "slug": "New"}, "slug-fault"),
        (f"{CUP}/repos", {"repos": "demo/none"}, "repos-fault"),
        (f"{CUP}/seasons", {"starts": "2031-01-07", "weeks": "6"}, "starts-fault"),
        (f"{CUP}/rules", rules(best_days="3.0"), "best_days-fault"),
        (f"{CUP}/rules", rules(line_points="1, 2"), "line_points-fault"),
        (f"{CUP}/rules/preview", rules(best_days="8"), "best_days-fault"),
    ):
        answer = await boss_visitor.post(path, fields)
        assert answer.status in (409, 422), (path, fields)
        assert f'id="{fault}"' in answer.body.decode(), (path, fields)
