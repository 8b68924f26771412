"""What maintainers do with chats: make, list, delete, and send a test message.

A function takes its transaction first and never commits. The address is in no answer: whoever has it posts there.
"""

from uuid import UUID, uuid4

from msgspec import Struct
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from yarl import URL

from tgl_protocol.chat import (
    MAX_CHAT_HOOKS,
    ChatHookDeleted,
    ChatHookInfo,
    ChatHookList,
    ChatKind,
    ChatTest,
    NewChatHook,
)
from tgl_protocol.problem import FieldError
from tgl_server.access.ids import ProjectId
from tgl_server.audit.service import Actor, record
from tgl_server.chat import queries
from tgl_server.chat.actions import ChatAction
from tgl_server.chat.errors import TooManyChatHooks
from tgl_server.chat.payloads import payload
from tgl_server.errors import InvalidBody, NotFound
from tgl_server.mail.letter import Line
from tgl_server.outbound.posting import BadReceiver, NotSent, PostPolicy, Received, post, receiver_url
from tgl_server.sealing.sealer import Sealer

#: What the addresses are sealed for.
PURPOSE = "chat"
_HEADERS = {"Content-Type": "application/json", "User-Agent": "TheGitLeague"}
_SHOWN_CHARACTERS = 4


class Room(Struct, frozen=True):
    """A chat with its address in clear text, for as long as something is sent to it."""

    kind: ChatKind
    url: str

    def __repr__(self) -> str:
        return f"Room({self.kind})"


async def create_hook(
    tx: AsyncSession, sealer: Sealer, policy: PostPolicy, project_id: ProjectId, new: NewChatHook, by: Actor
) -> ChatHookInfo:
    """Tell one more chat; raises `InvalidBody`, `TooManyChatHooks` and `NoSecretsKey`."""
    url = _checked(new.url, policy)
    if await tx.scalar(queries.LOCK_PROJECT, {"project_id": project_id}) is None:
        raise NotFound("The project was deleted meanwhile.")
    if await tx.scalar(queries.COUNT, {"project_id": project_id}) >= MAX_CHAT_HOOKS:
        raise TooManyChatHooks
    hook_id = uuid4()
    row = {
        "id": hook_id,
        "project_id": project_id,
        "kind": new.kind,
        "sealed": sealer.seal(PURPOSE, hook_id, {"url": str(url)}),
        "shown": _masked(url),
        "failing": new.failing,
        "stale": new.stale,
        "created_by": by.user_id,
    }
    made = (await tx.execute(queries.ADD, row)).mappings().one()
    details = {"hook_id": str(hook_id), "kind": new.kind, "host": url.host}
    await record(tx, by.did(ChatAction.CHAT_HOOK_CREATED, "project", project_id, **details))
    return _info(made)


async def waiting_notices(connection: AsyncConnection) -> RowMapping:
    """What chats are still to be told, the age of the oldest in seconds, and how many chats are switched off."""
    return (await connection.execute(queries.BACKLOG)).mappings().one()


async def list_hooks(connection: AsyncConnection, project_id: ProjectId) -> ChatHookList:
    """The chats of a project, oldest first."""
    rows = (await connection.execute(queries.LIST, {"project_id": project_id})).mappings()
    return ChatHookList([_info(row) for row in rows])


async def delete_hook(tx: AsyncSession, project_id: ProjectId, hook_id: UUID, by: Actor) -> ChatHookDeleted:
    """Tell a chat no more; raises `NotFound`."""
    kind = await tx.scalar(queries.DELETE, {"id": hook_id, "project_id": project_id})
    if kind is None:
        raise _no_such_hook()
    await record(tx, by.did(ChatAction.CHAT_HOOK_DELETED, "project", project_id, hook_id=str(hook_id), kind=kind))
    return ChatHookDeleted(hook_id)


async def find_room(tx: AsyncSession, sealer: Sealer, project_id: ProjectId, hook_id: UUID, by: Actor) -> Room:
    """The chat to send a test message to, which is recorded; raises `NotFound`, and what opening a secret raises."""
    row = (await tx.execute(queries.FIND, {"id": hook_id, "project_id": project_id})).one_or_none()
    if row is None:
        raise _no_such_hook()
    await record(tx, by.did(ChatAction.CHAT_HOOK_TESTED, "project", project_id, hook_id=str(hook_id)))
    return open_room(sealer, hook_id, row.kind, row.sealed)


def open_room(sealer: Sealer, hook_id: UUID, kind: str, sealed: str) -> Room:
    """A chat with its address; raises what opening a secret raises."""
    return Room(ChatKind(kind), sealer.open(sealed, PURPOSE, hook_id)["url"])


async def send_test(room: Room, policy: PostPolicy, url: str) -> ChatTest:
    """Send a test message now; `url` is what it leads to."""
    lines = [Line("", "Messages about repositories of this project arrive here.")]
    try:
        answer = await send(room, payload(room.kind, "A test message of TheGitLeague", lines, url), policy)
    except (BadReceiver, NotSent) as error:
        return ChatTest(is_taken=False, error=f"The chat's address: {error}")
    if is_taken(answer):
        return ChatTest(is_taken=True, error=None)
    return ChatTest(is_taken=False, error=f"The chat answered {answer.status}")


async def send(room: Room, body: bytes, policy: PostPolicy) -> Received:
    """Send a message once; raises `BadReceiver` and `NotSent`."""
    return await post(room.url, body, _HEADERS, policy)


def is_taken(answer: Received) -> bool:
    return 200 <= answer.status < 300


def _checked(text: str, policy: PostPolicy) -> URL:
    try:
        return receiver_url(text.strip(), policy)
    except BadReceiver as fault:
        raise InvalidBody(errors=[FieldError(f"The address {fault}", field="url")]) from None


def _masked(url: URL) -> str:
    """The host and the last characters, which tell two apart; what stands between is the secret."""
    ending = str(url)[-_SHOWN_CHARACTERS:] if len(url.raw_path_qs) > 4 * _SHOWN_CHARACTERS else ""
    return f"{url.scheme}://{url.host}/…{ending}"


def _info(row: RowMapping) -> ChatHookInfo:
    return ChatHookInfo(**{**row, "kind": ChatKind(row["kind"])})


def _no_such_hook() -> NotFound:
    return NotFound("The project has no such chat.")
