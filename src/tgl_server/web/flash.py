"""A message about what was just done, shown by the next page: a cookie with a code and a name, no text of its own."""

from typing import Any
from urllib.parse import quote, unquote

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.response import Redirect
from msgspec import Struct

COOKIE = "tgl-flash"
_MOST_CHARACTERS = 200
_SECONDS = 60

#: The sentences by code; `{}` is the name in the cookie.
MESSAGES = {
    "signed-out": "You are signed out.",
    "signed-out-elsewhere": "Every other browser is signed out.",
    "session-ended": "The session is ended.",
    "password-changed": "Your password is changed; every other browser is signed out.",
    "project-made": "The project {} is made.",
    "project-changed": "The changes of {} are saved.",
    "project-handed-over": "The project belongs to {} now.",
    "project-deleted": "The project {} is deleted.",
    "member-added": "{} is a member now.",
    "member-changed": "The role of {} is changed.",
    "project-left": "You have left the project {}.",
    "member-removed": "{} is no member any more.",
    "repo-made": "The repository {} is made, and waits for its first push.",
    "repo-changed": "The changes of {} are saved.",
    "repo-made-pulled": "The repository {} is made. What is left to do stands below.",
    "pull-asked": "A pull is asked for; this page follows it.",
    "pull-cancelled": "Cancelled. What was stored stays, and so does the schedule.",
    "pulls-paused": "Pulling is paused until somebody resumes it.",
    "pulls-resumed": "Pulling goes on by the schedule.",
    "credentials-set": "The credentials are stored. The next pull uses them.",
    "credentials-deleted": "The credentials are deleted, with the confirmed keys of the host.",
    "host-keys-confirmed": "The keys of the host are confirmed. Pulls trust these alone.",
    "moved-to-push": "Clients push to this repository from now on.",
    "moved-to-pull": "The server pulls this repository from now on.",
    "comparison-asked": "A comparison is asked for; this page shows what comes of it.",
    "webhook-deleted": "The webhook is deleted. Delete it where it was sent from, too.",
    "pull-scheduled": "The schedule is saved.",
    "repo-deleted": "The repository {} is deleted with its commits.",
    "key-changed": "The key {} is changed.",
    "key-paused": "The key {} is paused, from the next request on.",
    "key-resumed": "The key {} works again.",
    "key-revoked": "The key {} is revoked for good.",
    "user-approved": "{} is approved and can sign in.",
    "user-declined": "{} is declined.",
    "user-changed": "The changes of {} are saved.",
    "user-retired": "{} is retired: sessions and keys have stopped.",
    "claim-filed": "The claim to {} waits for a commissioner.",
    "claim-withdrawn": "The claim is withdrawn.",
    "claim-approved": "The claim is approved.",
    "claim-refused": "The claim is refused.",
    "players-merged": "They are one person now.",
    "joining-undone": "It is undone: everything is as it was before.",
    "mailmap-applied": "The .mailmap is applied. It can be undone below.",
    "suggestion-dismissed": "They are several people, and are suggested no more.",
    "suggestion-taken-back": "It may be suggested again.",
    "visibility-chosen": "How others see you is changed.",
    "badge-shown": "Your badge is shown to everybody who has its address.",
    "badge-hidden": "Your badge is not shown any more; caches may have it for some minutes.",
    "preferences-saved": "Your preferences are saved.",
    "notifications-saved": "What you are told of is saved.",
    "league-made": "The league {} is made. Choose its repositories.",
    "league-repos-chosen": "The repositories of {} are saved.",
    "rules-added": "Version {} of the rules is added.",
    "season-planned": "{} is planned.",
    "season-opened": "{} is open: what is stored is scored.",
    "season-closed": "{} is closed for good.",
    "season-amended": "{} is amended; the seals of before stay.",
    "change-struck": "The change is struck, with all its copies.",
    "strike-taken-back": "The strike is taken back.",
    "chat-made": "The chat {} is told from now on.",
    "chat-deleted": "The chat is told no more.",
    "endpoint-changed": "The changes of the endpoint are saved.",
    "endpoint-paused": "Nothing is sent there until somebody resumes it.",
    "endpoint-resumed": "What happens from now on is sent there.",
    "endpoint-deleted": "The endpoint is deleted; nothing is sent there any more.",
    "endpoint-tested": "A test is on its way. Its answer stands below once there is one.",
    "delivery-repeated": "The message is sent once more. Its answer stands below once there is one.",
    "test-mail-sent": "A test message is on its way to {}.",
}

FORGET_FLASH = Cookie(key=COOKIE, value="", max_age=0, path="/", httponly=True, samesite="lax")


class Flash(Struct, frozen=True):
    """A message to show once."""

    text: str


def flash_cookie(code: str, name: str = "", *, secure: bool = False) -> Cookie:
    """The cookie that leaves a message for the next page."""
    assert code in MESSAGES
    value = f"{code}:{quote(name[:_MOST_CHARACTERS])}"
    return Cookie(key=COOKIE, value=value, max_age=_SECONDS, path="/", httponly=True, samesite="lax", secure=secure)


def go_on(path: str, code: str, name: str = "", *, secure: bool = False) -> Response[Any]:
    """The answer to a form that was taken: another page, which says once what was done."""
    answer = Redirect(path, status_code=303)
    answer.set_cookie(flash_cookie(code, name, secure=secure))
    return answer


def flash_of(request: Request[Any, Any, Any]) -> Flash | None:
    """The message that an earlier request has left; None without one, or for a cookie that is none of ours."""
    code, _, name = request.cookies.get(COOKIE, "").partition(":")
    sentence = MESSAGES.get(code)
    return None if sentence is None else Flash(sentence.format(unquote(name)[:_MOST_CHARACTERS]))
