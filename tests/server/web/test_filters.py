"""Filters in the address of a page: what a page does not know is said there, with the way to the page without it."""

import html
import re

import pytest

from tests.support.people import Person, make_project, make_repo
from tests.support.visitor import Visitor

REPO = "/projects/team/repos/linux"
UNKNOWN = (
    ("/", "state", "sleepy"),
    ("/", "sort", "luck"),
    ("/projects/team", "state", "sleepy"),
    ("/projects/team", "sort", "luck"),
    (REPO, "state", "sleepy"),
    (f"{REPO}/branches", "sort", "luck"),
    ("/settings/keys", "show", "some"),
    ("/settings/keys", "page", "two"),
    ("/administration/people", "state", "sleepy"),
    ("/administration/people", "role", "captain"),
    ("/administration/people", "from", "-1"),
    ("/administration/log", "action", "user:aproved"),
    ("/administration/log", "outcome", "maybe"),
    ("/administration/log", "actor", "ada"),
    ("/administration/log", "since", "yesterday"),
    ("/administration/log", "until", "2026-13-01"),
)


@pytest.fixture
async def repo(boss: Person) -> None:
    """The project `team` of the commissioner with the repository `linux`."""
    await make_repo(boss, await make_project(boss))


@pytest.mark.parametrize(("path", "name", "value"), UNKNOWN)
async def test_a_filter_that_does_not_know_its_value_is_named_with_the_way_to_clear_it(
    boss_visitor: Visitor, repo: None, path: str, name: str, value: str
) -> None:
    answer = await boss_visitor.get(path, params={name: value, "q": "some text"})
    page = html.unescape(answer.body.decode())
    assert answer.status == 200
    assert re.search(f"<b>{name}</b> does not know “<bdi>{value}</bdi>”", page)
    assert f'<a href="{path}?q=some+text">Clear it</a>' in page


@pytest.mark.parametrize("query", ["", "?state=&sort=&q=", "?state=failing&sort=name&utm_source=mail"])
async def test_a_page_that_knows_all_of_its_address_says_nothing(boss_visitor: Visitor, repo: None, query: str) -> None:
    assert b"Clear it" not in (await boss_visitor.get(f"/{query}")).body


async def test_what_would_be_known_is_said(boss_visitor: Visitor) -> None:
    few = await boss_visitor.get("/administration/people?state=sleepy")
    assert b"It knows pending, active and retired." in few.body
    many = await boss_visitor.get("/administration/log?action=user:chnged")
    assert b"Did you mean user:changed?" in many.body


@pytest.mark.parametrize("path", ["/", "/projects/team", REPO, f"{REPO}/branches", "/administration/people"])
async def test_u_0000_in_an_address_is_no_failure(boss_visitor: Visitor, repo: None, path: str) -> None:
    assert (await boss_visitor.get(f"{path}?q=a%00b&state=%00&sort=a%00")).status == 200
