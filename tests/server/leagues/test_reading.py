"""Leagues as the API shows them: who sees which, the table, and what a season says of a commit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.commits import batch, commit
from tests.support.database import execute, until_query
from tests.support.leagues import MONDAY, MadeLeague, arrive, make_league, stored, until_scored
from tests.support.people import People, Person
from tests.support.world import World
from tgl_protocol.leagues import VERDICT_SENTENCES, CommitVerdict
from tgl_server.db.engine import Database
from tgl_server.leagues.models import VERDICT_CODES
from tgl_server.leagues.rules import rules_hash
from tgl_server.leagues.service import NEW_RULES

WEEK = [stored((day, n), MONDAY + timedelta(days=day, hours=9 + n)) for day in range(5) for n in range(2)]
BEN: dict[str, Any] = {"name": "Ben", "email": "ben@example.com"}


@pytest.fixture
async def made(database: Database, world: World) -> MadeLeague:
    """A season in which Ada has a good week, Ben and Cem a commit each; one of Ada's is in two repositories."""
    made = await make_league(database, world, repos=2)
    others = [stored("b", **BEN), stored("c", name="Cem", email="cem@example.com"), stored("m", **BEN, is_merge=True)]
    await arrive(database, made.repos[0], [*WEEK, *others])
    await arrive(database, made.repos[1], [WEEK[0]])
    await until_scored(database)
    return made


async def test_the_table_is_by_rank_and_ties_are_shared(api: Api, made: MadeLeague) -> None:
    answer = await api.get("/api/v1/leagues/premier/seasons/1/table")
    assert answer.status == 200, answer.body
    places = {place["name"]: place for place in answer.json["items"]}
    assert [(name, places[name]["rank"], places[name]["is_tied"]) for name in sorted(places)] == [
        ("Ada", 1, False),
        ("Ben", 2, True),
        ("Cem", 2, True),
    ]
    ada = places["Ada"]
    assert (ada["points"], ada["week_points"], ada["days"], ada["weeks"]) == (39, [39, 0, 0, 0, 0, 0], 5, 1)
    assert ada["is_provisional"]
    season = answer.json["season"]
    assert (season["state"], season["starts"], season["is_official"]) == ("open", "2031-01-06", True)


async def test_the_table_comes_in_pages_and_as_a_file(api: Api, made: MadeLeague) -> None:
    path = "/api/v1/leagues/premier/seasons/1/table"
    seen, cursor = [], ""
    for _ in range(3):
        page = (await api.get(f"{path}?limit=1{cursor}")).json
        seen += [place["name"] for place in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert page["next_cursor"] is None
    assert (seen[0], sorted(seen)) == ("Ada", ["Ada", "Ben", "Cem"])
    lines = (await api.get(f"{path}?format=csv")).body.decode().splitlines()
    assert lines[0].startswith("rank,is_tied,player_id,name,")
    assert len(lines) == 4


async def test_whoever_hides_is_nowhere_and_a_pseudonym_is_all_that_is_seen(
    api: Api, made: MadeLeague, database: Database
) -> None:
    await execute(
        database,
        "UPDATE players SET visibility = 'hidden' WHERE name = 'Ben'",
        "UPDATE players SET visibility = 'pseudonym', shown_name = 'Zorro' WHERE name = 'Ada'",
    )
    for path in ("seasons/1/table", "seasons/1/table?format=csv", f"explain/{stored('b')['sha'].hex()}"):
        said = (await api.get(f"/api/v1/leagues/premier/{path}")).body.decode()
        assert "Ben" not in said
        assert "ben@example.com" not in said
        assert "Ada" not in said
    names = [place["name"] for place in (await api.get("/api/v1/leagues/premier/seasons/1/table")).json["items"]]
    assert names == ["Zorro", "Cem"]


async def test_a_commit_is_explained_copy_by_copy(api: Api, made: MadeLeague) -> None:
    answer = await api.get(f"/api/v1/leagues/premier/explain/{WEEK[0]['sha'].hex()[:12]}")
    assert answer.status == 200, answer.body
    copies = {copy["repo"]: copy for copy in answer.json["copies"]}
    assert {repo: copy["verdict"] for repo, copy in copies.items()} == {"first": "counted", "more-1": "copy"}
    first = copies["first"]
    assert (first["day"], first["value"], first["day_points"], first["day_points_without"]) == ("2031-01-06", 30, 13, 8)
    assert (first["rule"], first["rule_value"]) == ("line_cap", "320")
    assert copies["more-1"]["day_points_without"] == 13
    assert (copies["more-1"]["counted_in"], copies["more-1"]["counted_sha"]) == ("demo/first", first["sha"])
    assert answer.json["sentence"] == VERDICT_SENTENCES[CommitVerdict.COUNTED]
    merge = (await api.get(f"/api/v1/leagues/premier/explain/{stored('m')['sha'].hex()}")).json
    assert merge["sentence"] == "It is a merge, which has no lines of its own."


async def test_a_commit_of_no_season_is_answered_too(api: Api, made: MadeLeague) -> None:
    answer = (await api.get(f"/api/v1/leagues/premier/explain/{'0' * 40}")).json
    assert answer["copies"] == []
    assert answer["sentence"].startswith("No season of this league has a commit that begins with 0000000")
    for wrong in ("abc", "z" * 40, "0" * 41):
        assert (await api.get(f"/api/v1/leagues/premier/explain/{wrong}")).status == 422


async def test_a_struck_commit_says_why(api: Api, made: MadeLeague, database: Database) -> None:
    sha = stored("c")["sha"]
    await execute(
        database,
        "INSERT INTO strikes (season_id, sha, reason) VALUES (:season_id, :sha, 'generated')",
        "UPDATE ledger SET verdict = 0 WHERE sha = :sha",
        season_id=made.season_id,
        sha=sha,
    )
    (copy,) = (await api.get(f"/api/v1/leagues/premier/explain/{sha.hex()}")).json["copies"]
    assert (copy["verdict"], copy["reason"]) == ("struck", "generated")


async def test_each_verdict_is_told_with_its_sentence_and_rule(api: Api, made: MadeLeague, database: Database) -> None:
    rules = {
        "struck": None, "before_repo": ("counts_from", "2031-01-06"), "merge": ("merges", "not_counted"),
        "opted_out": None, "bot": ("bots", ", ".join(NEW_RULES.bots)), "empty": None,
        "revert": ("reverts", "not_counted"), "not_landed": ("counting", NEW_RULES.counting),
        "too_late": ("late", "arrival"), "copy": None, "future": ("dates", "witnessed"), "late": ("grace_days", "7"),
        "counted": ("line_cap", "320"),
    }  # fmt: skip
    sha = stored("c")["sha"]
    for verdict, code in VERDICT_CODES.items():
        await execute(database, "UPDATE ledger SET verdict = :code WHERE sha = :sha", code=code, sha=sha)
        (copy,) = (await api.get(f"/api/v1/leagues/premier/explain/{sha.hex()}")).json["copies"]
        assert (copy["verdict"], copy["sentence"]) == (verdict, VERDICT_SENTENCES[verdict])
        assert (copy["rule"], copy["rule_value"]) == (rules[verdict] or (None, None))


async def test_rules_and_seasons_are_shown(api: Api, made: MadeLeague) -> None:
    rules = (await api.get("/api/v1/leagues/premier/rules/1")).json
    assert rules["sha256"] == rules_hash(NEW_RULES).hex()
    assert rules["document"]["best_days"] == 3
    seasons = (await api.get("/api/v1/leagues/premier/seasons")).json["items"]
    assert [(season["number"], season["begun"]) for season in seasons] == [(1, 6)]
    assert [league["slug"] for league in (await api.get("/api/v1/leagues")).json["items"]] == ["premier"]
    for missing in ("none", "premier/rules/2", "premier/seasons/2/table", "%00"):
        assert (await api.get(f"/api/v1/leagues/{missing}")).status == 404


async def test_a_push_is_in_the_table_soon_after(api: Api, world: World, database: Database) -> None:
    now = datetime.now(UTC)
    monday = now.date() - timedelta(days=now.weekday())
    await make_league(database, world, starts=monday, now=now, taken_in=now - timedelta(days=7))
    pushed = [commit(n, author_date=now.isoformat(), additions=30 + n, deletions=0) for n in range(2)]
    assert (await api.post(f"{world.sync_path}/commits", batch(*pushed))).status == 201
    await until_query(database, "SELECT count(*) = 1 FROM standings")
    (place,) = (await api.get("/api/v1/leagues/premier/seasons/1/table")).json["items"]
    assert (place["name"], place["points"], place["week_points"]) == ("Ada", 13, [13])


async def test_only_those_in_a_project_of_the_league_see_it(
    ada: Person, boss: Person, people: People, made: MadeLeague
) -> None:
    assert (await ada.get("/leagues")).json["items"] == []
    assert (await ada.get("/leagues/premier")).status == 404
    assert (await ada.get(f"/leagues/premier/explain/{'0' * 40}")).status == 404
    assert (await boss.get("/leagues/premier")).json["repos"] == 2
