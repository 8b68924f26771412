"""Players over HTTP: merging and splitting, how one is seen, kinds, shared addresses, suggestions, erasing."""

from uuid import UUID

import pytest

from tests.support.api import Api
from tests.support.commits import batch, commit, sha_of
from tests.support.database import audited, every_row, execute
from tests.support.people import People, Person
from tests.support.players import identities, made_identities, mapping, push_authors, until_identified
from tests.support.sums import until_followed
from tests.support.world import World
from tgl_protocol.joining import SuggestionReason
from tgl_protocol.players import IdentityKind
from tgl_server.db.engine import Database
from tgl_server.players.bots import is_bot, matches
from tgl_server.players.suggesting import Group, Known, not_dismissed, suggest

NAMES = ("ada", "ben", "cy")


@pytest.fixture
async def three(database: Database) -> list[UUID]:
    found = await made_identities(database, [(f"{name}@old.example", name.title()) for name in NAMES])
    return list(found.values())


async def test_a_merge_is_undone_exactly_and_both_are_in_the_history(
    boss: Person, three: list[UUID], database: Database
) -> None:
    ada, ben, _ = three
    before = await mapping(database)
    merged = await boss.post(f"/players/{ada}/merge", {"players": [str(ben)], "reason": "one person"})
    assert merged.status == 200
    assert (await boss.get(f"/players/{ada}")).json["identities"] == 2
    assert str(ben) not in {each["id"] for each in (await boss.get("/players")).json["items"]}
    split = await boss.post(f"/players/{ada}/split", {"event": merged.json["event"], "reason": "two people"})
    assert (split.status, await mapping(database)) == (200, before)
    events = (await boss.get(f"/players/{ada}/events")).json["items"]
    assert [(each["kind"], each["reason"], each["undoes"]) for each in events] == [
        ("split", "two people", merged.json["event"]),
        ("merge", "one person", None),
    ]
    assert len(await audited(database, "player:merged")) == len(await audited(database, "player:split")) == 1


async def test_an_identity_is_split_off(boss: Person, three: list[UUID], database: Database) -> None:
    ada, ben, cy = three
    others = [str(ben), str(cy)]
    await boss.post(f"/players/{ada}/merge", {"players": others, "reason": "one person"})
    answer = await boss.post(f"/players/{ada}/split", {"identities": [str(ben)], "reason": "not him"})
    assert (answer.status, await mapping(database)) == (200, {ada: ada, ben: ben, cy: ada})
    again = await boss.post(f"/players/{ada}/split", {"identities": [str(ben)], "reason": "not him"})
    assert again.status == 409
    for wrong in ({}, {"identities": others, "event": 1}):
        assert (await boss.post(f"/players/{ada}/split", {**wrong, "reason": "x"})).status == 422


async def test_a_player_with_an_account_is_not_merged_into_another(
    ada: Person, boss: Person, three: list[UUID]
) -> None:
    own = (await ada.get("/players/me")).json["id"]
    answer = await boss.post(f"/players/{three[0]}/merge", {"players": [own], "reason": "one person"})
    assert (answer.status, "other way round" in answer.json["detail"]) == (409, True)
    assert (await boss.post(f"/players/{own}/merge", {"players": [str(three[0])], "reason": "hers"})).status == 200


async def test_a_pseudonym_is_chosen_and_is_nobodys_name(ada: Person, boss: Person) -> None:
    assert (await ada.patch("/players/me", {"visibility": "pseudonym"})).status == 422
    assert (await ada.patch("/players/me", {"visibility": "pseudonym", "shown_name": "BOSS"})).status == 409
    answer = await ada.patch("/players/me", {"visibility": "pseudonym", "shown_name": "Enchantress"})
    assert (answer.status, answer.json["shown_name"], answer.json["name"]) == (200, "Enchantress", "Ada")
    assert (await boss.patch("/players/me", {"shown_name": "enchantress"})).status == 409
    assert (await ada.patch("/players/me", {"visibility": "hidden", "shown_name": ""})).json["shown_name"] is None


async def test_a_commissioner_does_not_see_who_hides_behind_a_name(
    ada: Person, boss: Person, three: list[UUID], database: Database
) -> None:
    own = (await ada.get("/players/me")).json["id"]
    await boss.post(f"/players/{own}/merge", {"players": [str(three[0])], "reason": "hers"})
    await ada.patch("/players/me", {"visibility": "pseudonym", "shown_name": "Enchantress"})
    bodies = [
        (await boss.get(path)).body.decode().lower()
        for path in ("/players", f"/players/{own}", "/identities", f"/identities?player={own}", "/players/suggestions",
                     "/identities?q=ada@old", f"/players/{own}/events")
    ]  # fmt: skip
    assert [body for body in bodies if "ada" in body] == []
    assert "enchantress" in bodies[0]
    assert '"items":[]' in bodies[5]
    assert "ada@old.example" in (await ada.get("/identities")).body.decode()
    (entry,) = await audited(database, "player:changed")
    assert "Enchantress" not in str(entry.details)


async def test_others_see_no_identities_but_their_own(ada: Person, three: list[UUID]) -> None:
    assert (await ada.get("/identities")).json["items"] == []
    assert (await ada.get(f"/identities?player={three[0]}")).json["items"] == []


async def test_a_shared_address_is_told_apart_by_its_names(
    api: Api, world: World, boss: Person, database: Database
) -> None:
    await push_authors(api, world, ("team@corp.example", "Ada"), ("team@corp.example", "Ben"))
    await until_identified(database)
    await until_followed(database)
    (one,) = (await boss.get("/identities?q=team@corp")).json["items"]
    assert one["names"] == ["Ada", "Ben"]
    assert (await boss.patch(f"/identities/{one['id']}", {"is_shared": True})).status == 200
    refused = await boss.patch(f"/identities/{one['id']}", {"is_shared": False})
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "is_shared")
    names = {("team@corp.example", name) for name in ("", "Ada", "Ben")}
    assert await identities(database) == names
    answer = await boss.get(f"/projects/{world.project}/repos/{world.repo}/contributors")
    assert [(each["author_name"], each["commits"]) for each in answer.json["items"]] == [("Ada", 1), ("Ben", 1)]


async def test_days_of_two_addresses_of_one_person_count_once(
    api: Api, world: World, boss: Person, database: Database
) -> None:
    dates = {"a@old.example": ("2026-01-05", "2026-01-06"), "b@old.example": ("2026-01-06", "2026-01-08")}
    commits = [
        commit(f"{email}{day}", author_email=email, author_date=f"{day}T12:00:00Z", additions=3, deletions=0)
        for email, days in dates.items()
        for day in days
    ]
    assert (await api.post(f"{world.sync_path}/commits", batch(*commits))).status == 201
    await until_identified(database)
    await until_followed(database)
    one, other = (await mapping(database)).values()
    await boss.post(f"/players/{one}/merge", {"players": [str(other)], "reason": "one person"})
    await boss.patch(f"/players/{one}", {"name": "Ada of both"})
    path = f"/projects/{world.project}/repos/{world.repo}/contributors"
    (person,) = (await boss.get(path)).json["items"]
    assert (person["author_name"], person["commits"], person["additions"], person["days"]) == ("Ada of both", 4, 12, 3)
    assert (person["first_day"], person["last_day"]) == ("2026-01-05", "2026-01-08")
    assert person["emails"] == ["b@old.example", "a@old.example"]


@pytest.mark.parametrize(
    ("email", "name", "expected"),
    [
        ("49699333+dependabot[bot]@users.noreply.github.com", "dependabot[bot]", True),
        ("noreply@anthropic.com", "Claude", True),
        ("x@example.com", "release bot", True),
        ("web-bot@example.com", "Ada", True),
        ("ada@example.com", "Abbot", False),
        ("bob@example.com", "Bob", False),
    ],
)
def test_bots_are_known_by_patterns(email: str, name: str, expected: bool) -> None:
    assert is_bot(IdentityKind.UNKNOWN, email, name) is expected
    assert is_bot(IdentityKind.PERSON, email, name) is False
    assert is_bot(IdentityKind.BOT, email, name) is True


def test_in_patterns_only_the_star_is_special() -> None:
    assert matches(["*[bot]*"], "", "a[bot]b")
    assert not matches(["*[bot]*"], "", "b")
    assert not matches(["a.c"], "", "abc")


async def test_what_somebody_says_of_an_identity_counts(boss: Person, three: list[UUID]) -> None:
    answer = await boss.patch(f"/identities/{three[0]}", {"kind": "bot"})
    assert (answer.json["kind"], answer.json["is_bot"]) == ("bot", True)


def test_identities_that_look_like_one_person_are_suggested_once() -> None:
    ids = [UUID(int=number) for number in range(8)]
    known = [
        Known("12345+ada@users.noreply.github.com", ("Ada L",), ids[0]),
        Known("ada@users.noreply.github.com", ("Ada L",), ids[1]),
        Known("h6+github@pm.me", ("h6",), ids[2]),
        Known("h6@pm.me", ("h6",), ids[3]),
        Known("x@y.de", ("Grace Hopper",), ids[4]),
        Known("z@y.de", ("grace  hopper",), ids[5], ids[5]),
        Known("root@localhost", ("h6",), ids[6]),
        Known("ben@y.de", (), ids[6]),
    ]
    found = suggest(known, [("ben@y.de", ids[7])])
    assert [(each.reason, each.value, each.players) for each in found] == [
        ("noreply", "ada@github.com", (ids[0], ids[1])),
        ("plus", "h6@pm.me", (ids[2], ids[3])),
        ("name", "grace hopper", (ids[5], ids[4])),
        ("account", "ben@y.de", (ids[7], ids[6])),
    ]


def test_a_dismissed_group_comes_back_only_with_another_player() -> None:
    one, two, three = (UUID(int=number) for number in range(3))
    small, large = (Group(SuggestionReason.NAME, "ada lee", players) for players in ((one, two), (one, two, three)))
    assert not_dismissed([small, large], [frozenset({one, two})]) == [large]
    assert not_dismissed([small, large], [frozenset({one, two, three})]) == []


def test_two_accounts_are_two_people() -> None:
    one, other = UUID(int=1), UUID(int=2)
    known = [Known("a@b.de", ("Ada Lee",), one, one), Known("c@d.de", ("Ada Lee",), other, other)]
    assert suggest(known) == []


async def test_an_erased_person_is_nowhere(
    api: Api, world: World, boss: Person, people: People, database: Database
) -> None:
    mine = {"author_name": "Ada Lovelace", "author_email": "ada@old.example"}
    hers = commit("hers", **mine, committer_name="Ada Lovelace", committer_email="ada@old.example")
    trailer = "Words\n\nSigned-off-by: Ada Lovelace <Ada@old.example>\nReviewed-by: Ben <b@e.de>"
    others = commit("other's", author_email="b@e.de", author_name="Ben", message_body=trailer)
    assert (await api.post(f"{world.sync_path}/commits", batch(hers, others))).status == 201
    await until_identified(database)
    await until_followed(database)
    (identity,) = (await boss.get("/identities?q=ada@old")).json["items"]
    dismissed = "INSERT INTO dismissed_suggestions (id, players, reason) SELECT id, ARRAY[id], :said FROM players"
    dismissed += " WHERE id = :player"
    await execute(database, dismissed, player=identity["player_id"], said="as Ada Lovelace said")
    answer = await boss.post(f"/players/{identity['player_id']}/erase", None)
    assert (answer.status, answer.json["identities"], answer.json["commits"]) == (200, 1, 3)
    await until_identified(database)
    await until_followed(database)
    dump = (await every_row(database)).lower()
    assert ("lovelace" in dump, "ada@old" in dump) == (False, False)
    assert "reviewed-by: ben <b@e.de>" in dump
    found = (await boss.get(f"/projects/{world.project}/repos/{world.repo}/commits/{sha_of('hers')}")).json
    assert (found["author_name"], found["author_email"]) == ("a former player", "")
    assert (await boss.post(f"/players/{identity['player_id']}/erase", None)).status == 404
