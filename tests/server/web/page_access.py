"""Who may see and do what in the console: a form that is let in, but empty, is answered 422.

The columns are the people in `PEOPLE`; a commissioner here has no role in the project. Strangers are led to the form
for signing in, and who waits for approval to the page that says so, except where `OTHERS` says what they get. The key
of these rows is the owner's, and the account below `/administration` one that nobody else here has to do with.
"""

from collections.abc import Mapping
from typing import Final

PEOPLE: Final = ("spectator", "member", "maintainer", "owner", "commissioner")
STRANGER: Final = {"GET": 303, "POST": 401}
PENDING: Final = 303

EVERYBODY = (200, 200, 200, 200, 200)
READERS = (404, 200, 200, 200, 200)
CHANGERS = {"GET": (404, 403, 200, 200, 403), "POST": (404, 403, 422, 422, 403)}
OWNER = {"GET": (404, 403, 403, 200, 403), "POST": (404, 403, 403, 422, 403)}
OWNER_OR_COMMISSIONER = {"GET": (404, 403, 403, 200, 200), "POST": (404, 403, 403, 422, 422)}
#: Everybody may leave: the member who is asked about is the one who asks.
LEAVING = {"GET": (404, 200, 200, 200, 403), "POST": (404, 303, 303, 303, 403)}

#: Buttons of a page, which lead back to it.
GO_BACK = {"GET": (404, 403, 303, 303, 403), "POST": (404, 403, 303, 303, 403)}
NOT_THERE = (404, 403, 404, 404, 403)

_PROJECT, _REPO = "/projects/{project}", "/projects/{project}/repos/{repo}"
_ENDPOINT = f"{_PROJECT}/endpoints/{{endpoint_id}}"
_LEAGUE = "/administration/leagues/{league}"
_SEASON = f"{_LEAGUE}/seasons/{{number}}"
_KEY, _PERSON = "/settings/keys/{key_id}", "/administration/people/{user_id}"


def _all(status: int) -> tuple[int, ...]:
    return (status,) * len(PEOPLE)


def _own_key(status: int) -> tuple[int, ...]:
    """Nobody's keys are there for anybody else, commissioners included."""
    return tuple(status if name == "owner" else 404 for name in PEOPLE)


def _commissioner(status: int) -> tuple[int, ...]:
    return tuple(status if name == "commissioner" else 403 for name in PEOPLE)


def _both(path: str, row: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {f"{method} {path}": statuses for method, statuses in row.items()}


def _button(act: str) -> dict[str, tuple[int, ...]]:
    """A button of the page of pulls: clients push to the repository here, which the page then says."""
    return _both(f"{_REPO}/pull/{act}", {"GET": (404, 403, 303, 303, 403), "POST": (404, 403, 400, 400, 403)})


ROWS: Final[dict[str, tuple[int, ...]]] = {
    "GET /": EVERYBODY,
    "GET /find": EVERYBODY,
    "GET /live": EVERYBODY,
    **_both("/device", {"GET": EVERYBODY, "POST": (422, 422, 422, 422, 422)}),
    "GET /device/approved": EVERYBODY,
    "GET /device/declined": EVERYBODY,
    "GET /leagues": EVERYBODY,
    # There is none; whoever is in no project with a repository of a league gets the same answer.
    "GET /leagues/{league}": _all(404),
    "GET /leagues/{league}/seasons/{number}": _all(404),
    "GET /leagues/{league}/seasons/{number}/table.csv": _all(404),
    "GET /leagues/{league}/seasons/{number}/weeks/{week}": _all(404),
    "GET /leagues/{league}/seasons/{number}/awards": _all(404),
    "GET /leagues/{league}/seasons/{number}/records": _all(404),
    "GET /leagues/{league}/seasons/{number}/fixtures": _all(404),
    "GET /leagues/{league}/players/{player}": _all(404),
    "GET /leagues/{league}/players/{player}/days/{day}": _all(404),
    "GET /leagues/{league}/rules/{version}": _all(404),
    "POST /leagues/{league}/badge": _all(404),
    "GET /projects": EVERYBODY,
    **_both("/projects/new", {"GET": (403, 200, 200, 200, 200), "POST": (403, 422, 422, 422, 422)}),
    f"GET {_PROJECT}": READERS,
    f"GET {_PROJECT}/members": READERS,
    **_both(f"{_PROJECT}/members/add", CHANGERS),
    **_both(f"{_PROJECT}/members/{{user_id}}", CHANGERS),
    **_both(f"{_PROJECT}/members/{{user_id}}/remove", LEAVING),
    f"GET {_PROJECT}/keys": CHANGERS["GET"],
    **_both(f"{_PROJECT}/settings", CHANGERS),
    **_both(f"{_PROJECT}/chats", CHANGERS),
    f"POST {_PROJECT}/chats/{{hook_id}}/delete": (404, 403, 404, 404, 403),
    f"POST {_PROJECT}/chats/{{hook_id}}/test": (404, 403, 404, 404, 403),
    f"GET {_PROJECT}/endpoints": CHANGERS["GET"],
    **_both(f"{_PROJECT}/endpoints/new", CHANGERS),
    f"GET {_ENDPOINT}": CHANGERS["GET"],
    **_both(f"{_ENDPOINT}/edit", CHANGERS),
    **_both(f"{_ENDPOINT}/rotate", CHANGERS),
    **_both(f"{_ENDPOINT}/pause", GO_BACK),
    **_both(f"{_ENDPOINT}/resume", GO_BACK),
    **_both(f"{_ENDPOINT}/test", GO_BACK),
    # There is no such delivery.
    **_both(f"{_ENDPOINT}/deliveries/{{delivery_id}}/send-again", {"GET": GO_BACK["GET"], "POST": NOT_THERE}),
    **_both(f"{_ENDPOINT}/delete", {"GET": CHANGERS["GET"], "POST": GO_BACK["POST"]}),
    **_both(f"{_PROJECT}/hand-over", OWNER_OR_COMMISSIONER),
    **_both(f"{_PROJECT}/delete", OWNER),
    **_both(f"{_PROJECT}/repos/new", CHANGERS),
    f"GET {_REPO}": READERS,
    f"GET {_REPO}/runs/{{run_id}}": READERS,
    f"GET {_REPO}/branches": READERS,
    f"GET {_REPO}/people": READERS,
    f"GET {_REPO}/people.csv": READERS,
    f"GET {_REPO}/activity": READERS,
    f"GET {_REPO}/activity.csv": READERS,
    f"GET {_REPO}/commits": READERS,
    f"GET {_REPO}/find": READERS,
    f"GET {_REPO}/pull": READERS,
    **_button("now"),
    **_button("cancel"),
    **_button("pause"),
    **_button("resume"),
    **_both(f"{_REPO}/pull/schedule", CHANGERS),
    **_both(f"{_REPO}/credentials", CHANGERS),
    # There is none to delete, and no address to ask.
    **_both(f"{_REPO}/credentials/delete", {"GET": CHANGERS["GET"], "POST": (404, 403, 404, 404, 403)}),
    **_both(f"{_REPO}/credentials/host-keys", {"GET": CHANGERS["GET"], "POST": (404, 403, 409, 409, 403)}),
    **_both(f"{_REPO}/migrate-to-push", {"GET": CHANGERS["GET"], "POST": (404, 403, 303, 303, 403)}),
    **_both(f"{_REPO}/rollback-to-pull", {"GET": CHANGERS["GET"], "POST": (404, 403, 303, 303, 403)}),
    # Clients push to it here, so that there is no copy to compare with.
    **_both(f"{_REPO}/compare", {"GET": GO_BACK["GET"], "POST": (404, 403, 409, 409, 403)}),
    f"GET {_REPO}/compare/result": (404, 403, 204, 204, 403),
    f"GET {_REPO}/webhooks": CHANGERS["GET"],
    **_both(f"{_REPO}/webhooks/new", CHANGERS),
    f"GET {_REPO}/webhooks/{{hook_id}}": CHANGERS["GET"],
    **_both(f"{_REPO}/webhooks/{{hook_id}}/rotate", CHANGERS),
    **_both(f"{_REPO}/webhooks/{{hook_id}}/delete", {"GET": CHANGERS["GET"], "POST": (404, 403, 303, 303, 403)}),
    **_both(f"{_REPO}/settings", CHANGERS),
    **_both(f"{_REPO}/delete", CHANGERS),
    "GET /settings/account": EVERYBODY,
    "POST /settings/sessions/{session_id}/end": _all(404),
    "POST /settings/sessions/end-others": _all(303),
    **_both("/settings/password", {"GET": EVERYBODY, "POST": _all(422)}),
    "POST /settings/preferences": _all(303),
    **_both("/settings/notifications", {"GET": EVERYBODY, "POST": _all(303)}),
    "POST /settings/notifications/test": _all(409),
    **_both("/settings/addresses", {"GET": EVERYBODY, "POST": _all(422)}),
    "POST /settings/addresses/seen": _all(422),
    "POST /settings/addresses/{claim_id}/withdraw": _all(404),
    "GET /shortcuts": EVERYBODY,
    "GET /settings/keys": EVERYBODY,
    **_both("/settings/keys/new", {"GET": EVERYBODY, "POST": _all(422)}),
    f"GET {_KEY}": _own_key(200),
    f"GET {_KEY}/use": _own_key(204),
    # The pages behind these lead to the key's page, whose it is or not.
    **_both(f"{_KEY}/pause", {"GET": _all(303), "POST": _own_key(303)}),
    **_both(f"{_KEY}/resume", {"GET": _all(303), "POST": _own_key(303)}),
    **_both(f"{_KEY}/rename", {"GET": _own_key(200), "POST": _own_key(422)}),
    **_both(f"{_KEY}/rights", {"GET": _own_key(200), "POST": _own_key(422)}),
    **_both(f"{_KEY}/revoke", {"GET": _own_key(200), "POST": _own_key(303)}),
    **_both(f"{_KEY}/rotate", {"GET": _own_key(200), "POST": _own_key(422)}),
    "GET /administration/people": _commissioner(200),
    **_both(_PERSON, {"GET": _commissioner(200), "POST": _commissioner(422)}),
    f"POST {_PERSON}/approve": _commissioner(303),
    f"POST {_PERSON}/retire": _commissioner(303),
    f"POST {_PERSON}/link": _commissioner(200),
    **_both("/administration/invite", {"GET": _commissioner(200), "POST": _commissioner(422)}),
    "GET /administration/claims": _commissioner(200),
    "POST /administration/claims/{claim_id}/approve": _commissioner(422),
    "POST /administration/claims/{claim_id}/refuse": _commissioner(422),
    "POST /administration/claims/merge": _commissioner(422),
    **_both("/administration/leagues", {"GET": _commissioner(200), "POST": _commissioner(422)}),
    f"GET {_LEAGUE}": _commissioner(404),
    f"POST {_LEAGUE}/repos": _commissioner(404),
    f"POST {_LEAGUE}/seasons": _commissioner(404),
    **_both(f"{_LEAGUE}/rules", {"GET": _commissioner(404), "POST": _commissioner(404)}),
    f"POST {_LEAGUE}/rules/preview": _commissioner(404),
    f"GET {_SEASON}": _commissioner(404),
    f"POST {_SEASON}/open": _commissioner(404),
    f"POST {_SEASON}/close": _commissioner(404),
    f"POST {_SEASON}/strikes": _commissioner(404),
    f"POST {_SEASON}/strikes/delete": _commissioner(404),
    f"POST {_SEASON}/amend": _commissioner(404),
    "POST /administration/claims/dismiss": _commissioner(422),
    "POST /administration/claims/dismissed/{dismissal_id}/take-back": _commissioner(404),
    "GET /administration/joined": _commissioner(200),
    "POST /administration/joined/{event_id}/undo": _commissioner(422),
    "POST /administration/joined/mailmap": _commissioner(422),
    "GET /administration/log": _commissioner(200),
    "GET /administration/system": _commissioner(200),
    **_both("/link/{token}", {"GET": _all(404), "POST": _all(404)}),
    **_both("/register", {"GET": EVERYBODY, "POST": _all(422)}),
    **_both("/sign-in", {"GET": _all(303), "POST": _all(422)}),
    **_both("/unsubscribe/{token}", {"GET": _all(404), "POST": _all(404)}),
    "POST /unsubscribe/{token}/undo": _all(404),
    **_both("/forgotten", {"GET": _all(404), "POST": _all(404)}),
    "GET /waiting": _all(303),
    # Ends the session, so it is the last.
    "POST /sign-out": _all(303),
}

#: What strangers get, and who waits for approval, where it is not the form for signing in and the page of waiting.
OTHERS: Final[dict[str, tuple[int, int]]] = {
    "GET /link/{token}": (404, 404),
    "POST /link/{token}": (404, 404),
    "GET /register": (200, 200),
    "POST /register": (422, 422),
    "GET /sign-in": (200, 303),
    "POST /sign-in": (422, 422),
    "GET /unsubscribe/{token}": (404, 404),
    "POST /unsubscribe/{token}": (404, 404),
    "POST /unsubscribe/{token}/undo": (404, 404),
    "GET /forgotten": (404, 404),
    "POST /forgotten": (404, 404),
    "GET /waiting": (303, 200),
    "POST /sign-out": (303, 303),
}
