"""Digests of sealed weeks, and the table as a picture: told to each reader, without whoever hides."""

from datetime import timedelta
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest

from tests.support.api import Api
from tests.support.database import execute, rows
from tests.support.leagues import MONDAY, MadeLeague, arrive, make_league, stored, until_scored
from tests.support.people import Person
from tests.support.servers import RunningServer
from tests.support.world import World
from tgl_server.db.engine import Database
from tgl_server.leagues.digests import Played, story
from tgl_server.leagues.seasons import keep_seasons

LEAGUE = "/api/v1/leagues/premier"
ATOM = "{http://www.w3.org/2005/Atom}"


def commit(who: str, week: int, **fields: Any) -> dict[str, Any]:
    at = MONDAY + timedelta(weeks=week, hours=len(who))
    return stored((who, week), at, name=who, email=f"{who.lower()}@example.com", **fields)


@pytest.fixture
async def made(database: Database, world: World) -> MadeLeague:
    """Six weeks, all sealed: in the sixth Cem is back, Dia has a debut, and Ben is the gardener."""
    made = await make_league(database, world, now=MONDAY)
    work = [commit("Ada", week) for week in range(6)] + [commit("Ben", week) for week in range(5)]
    work += [commit("Cem", 0), commit("Cem", 5, additions=10), commit("Ben", 5, additions=5, deletions=400)]
    work.append(commit("Dia<b>", 5, additions=2))
    for each in work:
        await arrive(database, made.repos[0], [each])
    await until_scored(database)
    await keep_seasons(database, MONDAY + timedelta(days=60))
    return made


def told(digest: Any) -> dict[str, str]:
    return {line["kind"]: line["sentence"] for line in digest["lines"]}


async def test_a_sealed_week_is_told_and_whoever_hides_is_not(
    api: Api, boss: Person, made: MadeLeague, database: Database
) -> None:
    path = f"{LEAGUE}/seasons/1/weeks/6/digest"
    first = (await api.get(path)).json
    assert (first["week"], first["starts"], first["ends"]) == (6, "2031-02-10", "2031-02-16")
    assert told(first) == {
        "totals": "4 players had 4 changes that count.",
        "best": "The best week was that of Ben: 19 points.",
        "debut": "Dia<b> had a debut.",
        "comeback": "Cem is back.",
        "gardener": "Ben took away the most: 315 lines more than were added.",
    }
    await execute(database, "UPDATE players SET visibility = 'pseudonym', shown_name = 'Zorro' WHERE name = 'Ben'")
    await execute(database, "UPDATE players SET visibility = 'hidden' WHERE name = 'Cem'")
    second = (await api.get(path)).body.decode()
    feed = (await boss.get("/leagues/premier/feed.atom")).body.decode()
    for said in (second, feed):
        assert ("Ben" in said, "Cem" in said, "Zorro" in said) == (False, False, True)
    entries = ElementTree.fromstring(feed).findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == [f"Season 1, week {n}" for n in range(6, 0, -1)]
    assert "Dia<b> had a debut." in (entries[0].findtext(f"{ATOM}content") or "")
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == 6
    await execute(database, "UPDATE seasons SET sealed = 5")
    assert (await api.get(path)).status == 404


async def test_the_seal_of_a_week_is_told_to_the_projects_of_the_league(made: MadeLeague, database: Database) -> None:
    found = await rows(
        database, "SELECT type, project_id, data FROM events WHERE type IN ('week.sealed', 'season.closed')"
    )
    seals = {row.week: row.sha256.hex() for row in await rows(database, "SELECT week, sha256 FROM seals")}
    assert len({row.project_id for row in found}) == 1
    expected = {("week.sealed", week + 1, seals[week]) for week in range(6)} | {("season.closed", None, seals[None])}
    assert {(row.type, row.data["week"], row.data["sha256"]) for row in found} == expected
    assert {(row.data["league"], row.data["season"]) for row in found} == {("premier", 1)}


async def test_the_table_is_a_picture_of_those_who_show_their_badge(
    made: MadeLeague, database: Database, server: RunningServer
) -> None:
    path = f"{LEAGUE}/table.svg"
    async with Api(server.url) as stranger:
        assert (await stranger.get(path)).status == 404
        shown = "INSERT INTO league_badges (league_id, player_id) SELECT :league, id FROM players WHERE name <> 'Ada'"
        active = "UPDATE players SET state = 'active', shown_name = name || '&', visibility = 'pseudonym'"
        await execute(database, shown, active, league=made.league_id)
        drawn = await stranger.get(path)
        assert (drawn.status, drawn.headers["Content-Type"].partition(";")[0]) == (200, "image/svg+xml")
        texts = [each.text for each in ElementTree.fromstring(drawn.body.decode()).iter() if each.text]
        assert texts[1::3] == ["1.", "3.", "4."]
        assert texts[2::3] == ["Ben&", "Cem&", "Dia<b>&"]
        await execute(database, "UPDATE players SET visibility = 'hidden' WHERE name = 'Ben'")
        assert "Ben" not in (await stranger.get(path)).body.decode()


def test_of_many_the_first_few_are_named_and_a_quiet_week_has_nothing_to_tell() -> None:
    def player(number: int) -> Played:
        name, nobody = f"P{number}", UUID(int=number)
        return Played(player_id=nobody, name=name, points=9, changes=1, is_debut=True, pause=None, gardened=0)

    lines = story([player(number) for number in range(7)])
    assert [line.sentence for line in lines] == [
        "7 players had 7 changes that count.",
        "The best week was that of P0, P1, P2, P3, P4 and 2 others: 9 points.",
        "P0, P1, P2, P3, P4 and 2 others had their debut.",
    ]
    assert [len(line.player_ids) for line in lines] == [0, 5, 5]
    assert [line.sentence for line in story([])] == ["A quiet week: there is nothing to tell of it."]
