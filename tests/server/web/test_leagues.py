"""The pages of leagues: tables, weeks, players, rules, and what leagues say of a commit that somebody looks for."""

import re
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.support.database import execute, rows
from tests.support.leagues import MONDAY, MadeLeague, arrive, make_league, stored, until_scored
from tests.support.pages import counted_pages
from tests.support.people import Person
from tests.support.visitor import Visitor
from tests.support.world import World
from tgl_protocol.leagues import VERDICT_SENTENCES, CommitVerdict
from tgl_server.db.engine import Database
from tgl_server.leagues.rules import Board
from tgl_server.leagues.seasons import keep_seasons
from tgl_server.leagues.service import NEW_RULES

SEASON = "/leagues/premier/seasons/1"
#: Ada, Ben and Cem, with a good week, two days and one day; one of Ada's commits is in two repositories.
ADAS = [stored((day, n), MONDAY + timedelta(days=day, hours=9 + n)) for day in range(5) for n in range(2)]
BENS = [stored(("b", day), MONDAY + timedelta(days=day), name="Ben", email="ben@example.com") for day in (0, 1)]
CEMS = [
    stored("c", name="=cmd()<b>Cem", email="cem@example.com"),
    stored("m", name="Ben", email="ben@example.com", is_merge=True),
]


@pytest.fixture
async def made(database: Database, world: World) -> MadeLeague:
    """A season in its second week."""
    rules = replace(NEW_RULES, board=Board.ALL)
    made = await make_league(database, world, repos=2, rules=rules, now=MONDAY + timedelta(days=9))
    await arrive(database, made.repos[0], [*ADAS, *BENS, *CEMS])
    await arrive(database, made.repos[1], [ADAS[0]])
    await until_scored(database)
    return made


async def show(visitor: Visitor, path: str, status: int = 200) -> str:
    answer = await visitor.get(path)
    assert answer.status == status, answer.body
    return answer.body.decode().partition('id="main"')[2]


async def player_path(database: Database, name: str) -> str:
    (row,) = await rows(database, "SELECT id FROM players WHERE name LIKE :name", name=name)
    return f"/leagues/premier/players/{row[0]}"


async def test_the_table_has_a_podium_and_everybody_by_rank(boss_visitor: Visitor, made: MadeLeague) -> None:
    page = await show(boss_visitor, SEASON)
    assert re.findall(r'class="rank-number">(\d+)', page) == ["1", "2", "3"]
    assert re.findall(r'<li class="step-(\d)">', page) == ["1", "2", "3"]
    assert "<b>39</b>" in page
    assert "=cmd()&lt;b&gt;Cem" in page
    assert (await boss_visitor.get(f"{SEASON}/table.csv")).body.decode().count("\n") == 4
    week = await show(boss_visitor, f"{SEASON}/weeks/1")
    assert re.findall(r'class="rank-number">(\d+)', week) == ["1", "2", "3"]
    for path in (f"{SEASON}/weeks/3", "/leagues/premier/seasons/99999999999999999999", "/leagues/none", "/leagues/%00"):
        await show(boss_visitor, path, 404)


async def test_a_sealed_week_is_told_in_short_and_without_the_best_where_ranks_are_hidden(
    boss_visitor: Visitor, made: MadeLeague, database: Database
) -> None:
    assert 'id="story"' not in await show(boss_visitor, f"{SEASON}/weeks/1")
    await keep_seasons(database, MONDAY + timedelta(days=15))
    page = await show(boss_visitor, f"{SEASON}/weeks/1")
    assert "3 players had 13 changes that count." in page
    assert "The best week was that of Ada: 39 points." in page
    assert "Ada, Ben and =cmd()&lt;b&gt;Cem had their debut." in page
    await boss_visitor.post("/settings/preferences", {"ranks": "off"})
    assert "The best week was" not in await show(boss_visitor, f"{SEASON}/weeks/1")


async def test_from_a_player_to_the_commit_that_gave_the_points_and_back(
    boss_visitor: Visitor, made: MadeLeague, database: Database
) -> None:
    path = await player_path(database, "Ada")
    page = await show(boss_visitor, path)
    days = re.findall(rf'href="({path}/days/[^"]+)"', page)
    assert len(days) == 5
    assert page.count('<tr role="row" class="spare">') == 2
    day = await show(boss_visitor, days[-1])
    assert "60 lines are worth 10, and 2 changes 3: together 13 points." in day
    assert VERDICT_SENTENCES[CommitVerdict.COPY] in day
    found = await show(boss_visitor, f"/find?sha={ADAS[0]['sha'].hex()}")
    assert VERDICT_SENTENCES[CommitVerdict.COUNTED] in found
    assert VERDICT_SENTENCES[CommitVerdict.COPY] in found
    assert "13 points, and 8 without this commit" in found
    assert days[-1] in found
    in_repo = await show(boss_visitor, f"/projects/demo/repos/first/find?sha={CEMS[1]['sha'].hex()}")
    assert VERDICT_SENTENCES[CommitVerdict.MERGE] in in_repo


async def test_hidden_ranks_are_on_no_page(boss_visitor: Visitor, made: MadeLeague, database: Database) -> None:
    await boss_visitor.post("/settings/preferences", {"ranks": "off"})
    player = await player_path(database, "Ada")
    for path in ("/leagues", "/leagues/premier", SEASON, f"{SEASON}/weeks/1", player):
        page = await show(boss_visitor, path)
        for word in ("rank-number", "step-1", ">Rank<", "Led by", "medal-1"):
            assert word not in page, (path, word)
    assert re.findall(r"<bdi>(Ada|Ben|=cmd\(\)&lt;b&gt;Cem)</bdi></a>", await show(boss_visitor, SEASON)) == [
        "=cmd()&lt;b&gt;Cem",
        "Ada",
        "Ben",
    ]


async def test_an_official_table_needs_three_players_and_an_exhibition_does_not(
    boss_visitor: Visitor, made: MadeLeague, database: Database
) -> None:
    await execute(database, "DELETE FROM standings WHERE rank = 3")
    page = await show(boss_visitor, SEASON)
    assert "once three players have points; 2 players have some so far" in page
    assert "Ada" not in page
    assert "Led by" not in await show(boss_visitor, "/leagues")
    document = "jsonb_set(document, '{dates}', '\"as_written\"')"
    await execute(
        database,
        f"INSERT INTO rules (league_id, version, document, sha256) SELECT league_id, 2, {document}, sha256 FROM rules",
        "UPDATE seasons SET rules_version = 2",
    )
    page = await show(boss_visitor, SEASON)
    assert "An exhibition" in page
    assert "Ada" in page
    assert "Led by" in await show(boss_visitor, "/leagues")


async def test_hidden_and_pseudonymous_players_are_on_no_page(
    boss_visitor: Visitor, made: MadeLeague, database: Database
) -> None:
    bens, ada = await player_path(database, "Ben"), await player_path(database, "Ada")
    await execute(
        database,
        "UPDATE players SET visibility = 'hidden' WHERE name = 'Ben'",
        "UPDATE players SET visibility = 'pseudonym', shown_name = 'Zorro' WHERE name = 'Ada'",
    )
    find = "/find?sha="
    paths = ["/leagues", "/leagues/premier", SEASON, f"{SEASON}/table.csv", f"{SEASON}/weeks/1", ada]
    paths += [
        f"{ada}/days/2031-01-06",
        find + ADAS[0]["sha"].hex(),
        find + BENS[0]["sha"].hex(),
        "/leagues/premier/rules/1",
    ]
    for path in paths:
        answer = await boss_visitor.get(path)
        said = answer.body.decode()
        assert answer.status == 200, path
        assert not re.search(r"\bBen\b|\bAda\b|ben@|ada@example", said.replace("ada@example.com</bdi><br>", "")), path
    assert bens.rpartition("/")[2] not in await show(boss_visitor, find + BENS[0]["sha"].hex())
    await show(boss_visitor, bens, 404)


async def test_the_rules_say_each_parameter_with_an_example_of_this_season(
    boss_visitor: Visitor, made: MadeLeague, database: Database
) -> None:
    page = await show(boss_visitor, "/leagues/premier/rules/1")
    assert "Points belong to days, not to commits. A day is worth at most 25, a week the best 3 days (75)" in page
    assert set(re.findall(r"<code>([a-z_]+)</code>", page)) >= set(NEW_RULES.__struct_fields__)
    assert "somebody played 5 days worth 65 points; 39 count." in page
    assert "1 commit of 15 so far." in page


async def test_the_pages_cost_as_much_for_many_players_as_for_few(
    boss: Person, made: MadeLeague, database: Database, database_url: str
) -> None:
    ada = await player_path(database, "Ada")
    paths = ["/leagues", "/leagues/premier", SEASON, f"{SEASON}/weeks/1", ada, f"{ada}/days/2031-01-06"]
    paths += ["/leagues/premier/rules/1", f"/find?sha={ADAS[0]['sha'].hex()}"]
    async with counted_pages(database_url) as pages:
        await pages.sign_in(boss.email)
        few = [await pages.statements(path) for path in paths]
        others = [stored(("o", n), name=f"P{n}", email=f"p{n}@x.y") for n in range(40)]
        await arrive(database, made.repos[0], others)
        await until_scored(database)
        assert [await pages.statements(path) for path in paths] == few
    assert max(few) <= 6, few


async def test_nobody_outside_sees_a_league(ada_visitor: Visitor, made: MadeLeague, database: Database) -> None:
    assert "No league yet" in await show(ada_visitor, "/leagues")
    ben = await player_path(database, "Ben")
    for path in (
        "/leagues/premier",
        SEASON,
        f"{SEASON}/table.csv",
        ben,
        f"{ben}/days/2031-01-06",
        "/leagues/premier/rules/1",
    ):
        await show(ada_visitor, path, 404)


async def test_a_player_shows_their_badge_and_hides_it_again(
    boss_visitor: Visitor, boss: Person, made: MadeLeague, database: Database
) -> None:
    assert (await boss_visitor.post("/leagues/premier/badge", {"badge": "on"})).status == 303
    (row,) = await rows(database, "SELECT id FROM players WHERE user_id = :user_id", user_id=boss.id)
    own = f"/leagues/premier/players/{row[0]}"
    page = await show(boss_visitor, own)
    (address,) = re.findall(r'<img src="(/[^"]+)"', page)
    assert (await boss_visitor.get(address)).status == 200
    assert (await boss_visitor.post("/leagues/premier/badge", {"badge": "off"})).status == 303
    assert "Show it to everybody" in await show(boss_visitor, own)
    assert (await boss_visitor.get(address)).status == 404
