"""The routes of chats: what the owner and the maintainers of a project do with them."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, delete, get, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter

from tgl_protocol.chat import ChatHookDeleted, ChatHookInfo, ChatHookList, ChatTest, NewChatHook
from tgl_server import errors
from tgl_server.access.guards import ProjectAccess, changes_project
from tgl_server.access.refusals import audited_as
from tgl_server.audit.service import Actor
from tgl_server.chat import service
from tgl_server.chat.actions import ChatAction
from tgl_server.chat.errors import TooManyChatHooks
from tgl_server.db.engine import Database
from tgl_server.endpoints.background import post_policy
from tgl_server.http.created import Created
from tgl_server.http.declarations import answers
from tgl_server.http.example_values import HOOK_ID
from tgl_server.http.own_origin import own_origin
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.sealing.errors import NoSecretsKey
from tgl_server.sealing.sealer import Sealer
from tgl_server.settings import Settings

HookId = Annotated[UUID, PathParameter(description="The chat's id", examples=[Example(value=str(HOOK_ID))])]


@post(
    "/",
    guards=[changes_project],
    opt=audited_as(ChatAction.CHAT_HOOK_CREATED) | answers(NoSecretsKey, TooManyChatHooks, errors.Busy),
)
async def create_chat_hook(
    target_project: NamedDependency[ProjectAccess],
    data: JSONBody[NewChatHook],
    actor: NamedDependency[Actor],
    sealer: NamedDependency[Sealer],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
) -> Created[ChatHookInfo]:
    """Tell a chat what happens to the project's repositories. Its address is never shown again."""
    async with database.transaction(target_project.id) as tx:
        made = await service.create_hook(tx, sealer, post_policy(settings), target_project.id, data, actor)
    return Created(made, "projects", target_project.slug, "chat-hooks", made.id)


@get("/", guards=[changes_project])
async def list_chat_hooks(
    target_project: NamedDependency[ProjectAccess], database: NamedDependency[Database]
) -> ChatHookList:
    """List the chats that are told, without their addresses."""
    async with database.statements() as connection:
        return await service.list_hooks(connection, target_project.id)


@delete(
    "/{hook_id:uuid}",
    guards=[changes_project],
    status_code=200,
    opt=audited_as(ChatAction.CHAT_HOOK_DELETED) | answers(errors.NotFound, errors.Busy),
)
async def delete_chat_hook(
    hook_id: HookId,
    target_project: NamedDependency[ProjectAccess],
    actor: NamedDependency[Actor],
    database: NamedDependency[Database],
) -> ChatHookDeleted:
    """Tell a chat no more."""
    async with database.transaction(target_project.id) as tx:
        return await service.delete_hook(tx, target_project.id, hook_id, actor)


@post(
    "/{hook_id:uuid}/test",
    guards=[changes_project],
    status_code=200,
    opt=audited_as(ChatAction.CHAT_HOOK_TESTED)
    | limited_as(RateGroup.LOGIN)
    | answers(NoSecretsKey, errors.NotFound, errors.Busy),
)
async def test_chat_hook(
    hook_id: HookId,
    request: Request[Any, Any, Any],
    target_project: NamedDependency[ProjectAccess],
    actor: NamedDependency[Actor],
    sealer: NamedDependency[Sealer],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
) -> ChatTest:
    """Send a test message now, and say what came of it."""
    async with database.transaction(target_project.id) as tx:
        room = await service.find_room(tx, sealer, target_project.id, hook_id, actor)
    page = f"{own_origin(request, settings)}/projects/{target_project.slug}"
    return await service.send_test(room, post_policy(settings), page)


chat_router = Router(
    "/projects/{project:str}/chat-hooks",
    route_handlers=[create_chat_hook, list_chat_hooks, delete_chat_hook, test_chat_hook],
    cache_control=CacheControlHeader(no_store=True),
    tags=["chat"],
)
