"""Who is told of what, in which words, and once."""

import asyncio
from datetime import timedelta

import pytest

from tests.server.telling.conftest import AT_ONCE, FAILED, RECOVERED, STALE, Teller
from tests.support.database import count, execute, rows, scalar
from tests.support.world import World
from tgl_protocol.events import AccountEvent, EventType, KeyEvent
from tgl_protocol.notifications import NotificationChoice, NotificationKind
from tgl_protocol.projects import MemberRole
from tgl_server.accounts.models import Role, UserState
from tgl_server.audit.service import Actor
from tgl_server.notifications import service
from tgl_server.notifications.digest import PACES, Pace
from tgl_server.notifications.models import Topic


async def choose(
    teller: Teller, user_id: object, kind: NotificationKind, wanted: bool | None, project: str | None
) -> None:
    async with teller.database.transaction() as tx:
        choice = NotificationChoice(kind=kind, wanted=wanted, project=project)
        await service.choose(tx, user_id, choice, Actor())  # type: ignore[arg-type]


async def slug_of(teller: Teller) -> str:
    return str(await scalar(teller.database, "SELECT slug FROM projects"))


async def test_a_failing_repository_is_told_to_its_owner_and_maintainers_with_the_reason(
    teller: Teller, world: World
) -> None:
    grace, joan = await teller.make("grace"), await teller.make("joan")
    await teller.make("boss", Role.COMMISSIONER)
    await teller.join(grace, MemberRole.MAINTAINER)
    await teller.join(joan, MemberRole.MEMBER)
    await teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    assert await teller.tell() == 2
    owner = await scalar(teller.database, "SELECT email FROM users WHERE id = :id", id=world.user_id)
    assert await teller.told() == sorted([owner, grace.email])
    (_, mail), _ = await teller.mails()
    for body in (mail.text, mail.html):
        assert "3 of 5 commits refused" in body
        assert f"https://league.example/projects/{await slug_of(teller)}/repos/" in body
    assert mail.subject.endswith(" is failing")
    assert await teller.tell() == 0


async def test_each_event_is_told_once_however_many_processes_tell(teller: Teller, world: World) -> None:
    for _ in range(5):
        await teller.happen(EventType.REPO_STALE, STALE, repo_id=world.repo_id)
    told = await asyncio.gather(*(teller.tell() for _ in range(6)))
    assert sum(told) <= 2
    await teller.tell()
    texts = [mail.text for _, mail in await teller.mails()]
    assert sum(text.count("Expected every day") for text in texts) == 5


async def test_fifty_repositories_that_fail_at_once_are_one_mail(teller: Teller, world: World) -> None:
    repos = await teller.repos([f"repo-{number}" for number in range(55)])
    for repo_id in repos:
        await teller.happen(EventType.REPO_FAILING, FAILED, repo_id=repo_id)
    assert await teller.tell() == 1
    ((_, mail),) = await teller.mails()
    assert mail.subject == "55 repositories need attention"
    assert mail.text.count("3 of 5 commits refused") == 50
    assert "5 that are not listed here" in mail.text


async def test_notices_wait_for_each_other_and_mails_keep_their_distance(teller: Teller, world: World) -> None:
    await teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    assert await teller.tell(dict(PACES)) == 0
    await execute(teller.database, "UPDATE notices SET created_at = now() - interval '2 minutes'")
    assert await teller.tell(dict(PACES)) == 1
    await teller.happen(EventType.REPO_RECOVERED, RECOVERED, repo_id=world.repo_id)
    await teller.follow()
    await execute(teller.database, "UPDATE notices SET created_at = now() - interval '2 minutes'")
    assert await teller.tell(dict(PACES)) == 0
    await execute(teller.database, "UPDATE outgoing_mail SET created_at = now() - interval '11 minutes'")
    assert await teller.tell(dict(PACES)) == 1
    assert (await teller.mails())[-1][1].subject.endswith("is well again")


async def test_what_one_topic_waits_for_keeps_no_other(teller: Teller, world: World) -> None:
    await teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    changed = AccountEvent(user_id=world.user_id)
    await teller.happen(EventType.ACCOUNT_PASSWORD_CHANGED, changed, user_id=world.user_id)
    paces = AT_ONCE | {Topic.REPOS: Pace(timedelta(hours=1), timedelta(hours=1))}
    assert await teller.tell(paces) == 1
    ((_, mail),) = await teller.mails()
    assert mail.subject == "Your password was changed"


async def test_a_project_is_chosen_before_everything_and_the_rule_comes_last(teller: Teller, world: World) -> None:
    joan, boss = await teller.make("joan"), await teller.make("boss", Role.COMMISSIONER)
    await teller.join(joan, MemberRole.MEMBER)
    slug, kind = await slug_of(teller), NotificationKind.REPO_FAILING
    await choose(teller, world.user_id, kind, False, None)
    await choose(teller, joan.id, kind, True, None)
    await choose(teller, boss.id, kind, True, None)  # who has no role here chooses the project itself
    await teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    await teller.tell()
    assert await teller.told() == [joan.email]
    await choose(teller, boss.id, kind, True, slug)
    await choose(teller, joan.id, kind, False, slug)
    await choose(teller, world.user_id, kind, True, slug)
    await execute(teller.database, "DELETE FROM outgoing_mail")
    await teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    await teller.tell()
    assert set(await teller.told()) == {boss.email, await email_of(teller, world)}
    await choose(teller, world.user_id, kind, None, slug)
    await choose(teller, boss.id, kind, None, slug)
    await execute(teller.database, "DELETE FROM outgoing_mail")
    await teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    await teller.tell()
    assert await teller.told() == []


async def email_of(teller: Teller, world: World) -> str:
    return str(await scalar(teller.database, "SELECT email FROM users WHERE id = :id", id=world.user_id))


async def test_a_recovery_reaches_those_who_want_the_trouble(teller: Teller, world: World) -> None:
    await choose(teller, world.user_id, NotificationKind.REPO_FAILING, False, None)
    await teller.happen(EventType.REPO_RECOVERED, RECOVERED, repo_id=world.repo_id)
    assert await teller.tell() == 0
    await choose(teller, world.user_id, NotificationKind.REPO_FAILING, None, None)
    await teller.happen(EventType.REPO_RECOVERED, RECOVERED, repo_id=world.repo_id)
    assert await teller.tell() == 1


async def test_a_key_that_expires_is_told_to_its_owner_without_the_key(teller: Teller, world: World) -> None:
    prefix = world.key[:12]
    for days in (14, 3, 0):
        data = KeyEvent(
            key_id=world.user_id, prefix=prefix, name="laptop", expires_at=FAILED.last_success_at, days=days
        )
        await teller.happen(EventType.KEY_EXPIRING, data, user_id=world.user_id)
        assert await teller.tell() == 1
    mails = [mail for _, mail in await teller.mails()]
    assert [mail.subject for mail in mails] == [
        "API key laptop: expires within 14 days",
        "API key laptop: expires within 3 days",
        "API key laptop: has expired",
    ]
    assert all(prefix in mail.text and world.key not in mail.text + mail.html for mail in mails)


async def test_commissioners_are_told_of_who_waits_unless_somebody_was_quicker(teller: Teller, world: World) -> None:
    boss = await teller.make("boss", Role.COMMISSIONER)
    await teller.make("newcomer", state=UserState.PENDING)
    await teller.follow()
    waiting = await count(teller.database, "notices")
    assert waiting == await count_commissioners(teller)
    assert await teller.tell() == waiting
    assert boss.email in await teller.told()
    assert (await teller.mails())[0][1].subject == "newcomer waits for approval"
    other = await teller.make("other", state=UserState.PENDING)
    await teller.follow()
    await execute(teller.database, "UPDATE users SET state = 'active' WHERE id = :id", id=other.id)
    assert await teller.tell() == 0
    assert await count(teller.database, "notices") == 0


async def count_commissioners(teller: Teller) -> int:
    found = await rows(teller.database, "SELECT id FROM users WHERE role = 'commissioner' AND state = 'active'")
    return len(found)


async def test_who_has_retired_or_waits_is_told_nothing(teller: Teller, world: World) -> None:
    await execute(teller.database, "UPDATE users SET state = 'retired'")
    await teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    assert await teller.tell() == 0


async def test_a_repository_that_was_deleted_meanwhile_is_no_mail(teller: Teller, world: World) -> None:
    (repo_id,) = await teller.repos(["gone"])
    await teller.happen(EventType.REPO_FAILING, FAILED, repo_id=repo_id)
    await teller.follow()
    await execute(teller.database, "DELETE FROM repos WHERE id = :id", id=repo_id)
    assert await teller.tell() == 0
    assert await count(teller.database, "notices") == 0


async def test_what_happened_days_ago_is_no_news(teller: Teller, world: World) -> None:
    await teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    await execute(teller.database, "UPDATE events SET at = now() - interval '3 days'")
    assert await teller.tell() == 0


async def test_without_a_mail_server_nothing_is_kept_for_later(teller: Teller, world: World) -> None:
    await teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    await teller.follow(sends_mail=False)
    assert await teller.tell() == 0


@pytest.mark.parametrize("type_", ["repo.dreaming", "run.finished", "commits.stored"])
async def test_other_events_and_those_of_later_versions_are_passed_over(
    teller: Teller, world: World, type_: str
) -> None:
    await teller.happen(EventType.REPO_FAILING, FAILED, repo_id=world.repo_id)
    await execute(teller.database, "UPDATE events SET type = :type", type=type_)
    assert await teller.tell() == 0


async def test_no_secret_of_an_error_and_no_markup_of_a_name_reaches_a_mail(teller: Teller, world: World) -> None:
    secret = "tgl_abcdefgh_0123456789abcdef0123456789abcdef000000"
    data = type(FAILED)(
        last_success_at=None,
        cadence_seconds=None,
        error=f"could not read https://ada:hunter2@git.example/x with {secret} and whsec_c2VjcmV0c2VjcmV0",
    )
    (repo_id,) = await teller.repos(["<img src=//spy.example>\r\nBcc: spy@example.com"])
    await teller.happen(EventType.REPO_FAILING, data, repo_id=repo_id)
    assert await teller.tell() == 1
    ((_, mail),) = await teller.mails()
    said = f"{mail.subject}{mail.text}{mail.html}"
    assert not [word for word in ("hunter2", secret, "c2VjcmV0") if word in said]
    assert "<img" not in mail.html
    assert "\nBcc" not in mail.text
