"""People choose over HTTP, and a test message arrives at a real mail server."""

from tests.support.database import audited
from tests.support.people import People, Person, make_project
from tests.support.smtp import MailServer
from tgl_server.db.engine import Database

PATH = "/notifications"


async def choices(person: Person) -> dict[str, tuple[bool | None, bool]]:
    """What is chosen, and what follows: by kind, and by kind and project."""
    answer = await person.get(PATH)
    assert answer.status == 200, answer.body
    found = {each["kind"]: (each["wanted"], each["is_told"]) for each in answer.json["choices"]}
    for project in answer.json["projects"]:
        found |= {f"{each['kind']}@{project['slug']}": (each["wanted"], each["is_told"]) for each in project["choices"]}
    return found


async def test_a_person_chooses_for_everything_and_for_a_project(ada: Person, database: Database) -> None:
    await make_project(ada)
    assert await choices(ada) == {
        "repo_failing": (None, True),
        "repo_stale": (None, True),
        "key_expiring": (None, True),
        "account_changed": (None, True),
        "repo_failing@team": (None, True),
        "repo_stale@team": (None, True),
    }
    assert (await ada.put(PATH, {"kind": "repo_stale", "wanted": False})).status == 200
    assert (await choices(ada))["repo_stale@team"] == (None, False)
    assert (await ada.put(PATH, {"kind": "repo_stale", "wanted": True, "project": "team"})).status == 200
    assert (await choices(ada))["repo_stale@team"] == (True, True)
    assert (await choices(ada))["repo_stale"] == (False, False)
    assert (await ada.put(PATH, {"kind": "repo_stale", "wanted": None})).status == 200
    assert (await choices(ada))["repo_stale"] == (None, True)
    entry = (await audited(database, "notification:chosen"))[0]
    assert (entry.actor_user_id, entry.details["kind"]) == (ada.id, "repo_stale")


async def test_what_is_not_of_a_project_or_of_a_hidden_one_is_refused(ada: Person, people: People) -> None:
    grace = await people.make("grace")
    await make_project(grace)
    refused = await ada.put(PATH, {"kind": "key_expiring", "wanted": True, "project": "team"})
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "project")
    assert (await ada.put(PATH, {"kind": "repo_failing", "wanted": True, "project": "team"})).status == 404
    assert (await ada.put(PATH, {"kind": "repo_failing", "wanted": True, "project": "t\0"})).status in (404, 422)


async def test_commissioners_choose_about_people_and_about_projects_of_others(boss: Person, people: People) -> None:
    await make_project(await people.make("grace"))
    assert set(await choices(boss)) >= {"account_pending"}
    assert "repo_failing@team" not in await choices(boss)
    assert (await boss.put(PATH, {"kind": "repo_failing", "wanted": True, "project": "team"})).status == 200
    assert (await choices(boss))["repo_failing@team"] == (True, True)


async def test_a_test_message_arrives(mailed_people: People, mails: MailServer, database: Database) -> None:
    ada = await mailed_people.make("ada")
    answer = await ada.post(f"{PATH}/test", None)
    assert (answer.status, answer.json) == (202, {"sent_to": ada.email})
    mail = await mails.mail(ada.email)
    assert mail["Subject"] == "A test message of TheGitLeague"
    again = await ada.post(f"{PATH}/test", None)
    assert (again.status, again.json["code"]) == (409, "too_many_test_messages")


async def test_a_server_without_mails_says_so(ada: Person) -> None:
    answer = await ada.post(f"{PATH}/test", None)
    assert (answer.status, answer.json["code"]) == (409, "mail_is_off")
