"""The page `/projects/{slug}/chats`: the chats that a project tells, and a form for another one."""

from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from tgl_protocol.chat import MAX_CHAT_URL_LENGTH, ChatKind, NewChatHook
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.access.guards import changes_project
from tgl_server.access.refusals import audited_as
from tgl_server.chat import service
from tgl_server.chat.actions import ChatAction
from tgl_server.endpoints.background import post_policy
from tgl_server.http.own_origin import own_origin
from tgl_server.limits.groups import RateGroup, limited_as
from tgl_server.sealing.sealer import Sealer
from tgl_server.web.forms import Form, form_of_query
from tgl_server.web.projects.header import ProjectView
from tgl_server.web.submitting import submit

CHATS: Final = "/projects/{project:str}/chats"
_KINDS: Final = {
    ChatKind.SLACK: "Slack",
    ChatKind.TEAMS: "Microsoft Teams",
    ChatKind.MATTERMOST: "Mattermost",
    ChatKind.DISCORD: "Discord",
}
_ABOUT: Final = {"both": "Failing and late ones", "failing": "Failing ones alone", "stale": "Late ones alone"}


class _ChatForm(Struct, frozen=True):
    """The form of a chat."""

    kind: ChatKind
    url: Annotated[str, Meta(min_length=1, max_length=MAX_CHAT_URL_LENGTH)]
    about: str = "both"


@get(CHATS, guards=[changes_project])
async def show_chats(project_view: NamedDependency[ProjectView], sealer: NamedDependency[Sealer]) -> Response[str]:
    """The chats of a project, and the form for another one."""
    return await _show(project_view, sealer, form_of_query(project_view.request))


async def _show(
    project_view: ProjectView, sealer: Sealer, form: Form, status: int = 200, tested: str | None = None
) -> Response[str]:
    async with project_view.database.statements() as connection:
        found = await service.list_hooks(connection, project_view.access.id)
    # The address is a secret: it is typed anew rather than shown.
    form.fields.pop("url", None)
    return await project_view.show(
        "project_chats.html",
        status=status,
        form=form,
        chats=found.items,
        kinds=_KINDS,
        about=_ABOUT,
        has_key=sealer.has_key,
        tested=tested,
    )


@post(CHATS, guards=[changes_project], status_code=303, opt=audited_as(ChatAction.CHAT_HOOK_CREATED))
async def make_chat(project_view: NamedDependency[ProjectView], sealer: NamedDependency[Sealer]) -> Response[Any]:
    """Tell one more chat."""

    async def make(form: Form) -> Response[Any]:
        wanted = form.read(_ChatForm)
        if wanted.about not in _ABOUT:
            raise errors.InvalidBody(errors=[FieldError("Choose one of these", field="about")])
        new = NewChatHook(
            kind=wanted.kind, url=wanted.url, failing=wanted.about != "stale", stale=wanted.about != "failing"
        )
        policy, project_id = post_policy(project_view.settings), project_view.access.id
        async with project_view.database.transaction(project_id) as tx:
            made = await service.create_hook(tx, sealer, policy, project_id, new, project_view.actor)
        return project_view.go_on(f"{project_view.path}/chats", "chat-made", made.shown)

    return await submit(project_view.request, make, partial(_show, project_view, sealer))


@post(
    f"{CHATS}/{{hook_id:uuid}}/delete",
    guards=[changes_project],
    status_code=303,
    opt=audited_as(ChatAction.CHAT_HOOK_DELETED),
)
async def delete_chat(hook_id: FromPath[UUID], project_view: NamedDependency[ProjectView]) -> Response[Any]:
    """Tell a chat no more."""
    project_id = project_view.access.id
    async with project_view.database.transaction(project_id) as tx:
        await service.delete_hook(tx, project_id, hook_id, project_view.actor)
    return project_view.go_on(f"{project_view.path}/chats", "chat-deleted", "")


@post(
    f"{CHATS}/{{hook_id:uuid}}/test",
    guards=[changes_project],
    status_code=200,
    opt=audited_as(ChatAction.CHAT_HOOK_TESTED) | limited_as(RateGroup.LOGIN),
)
async def test_chat(
    hook_id: FromPath[UUID], project_view: NamedDependency[ProjectView], sealer: NamedDependency[Sealer]
) -> Response[str]:
    """Send a test message, and say what came of it."""
    project_id = project_view.access.id
    async with project_view.database.transaction(project_id) as tx:
        room = await service.find_room(tx, sealer, project_id, hook_id, project_view.actor)
    page = f"{own_origin(project_view.request, project_view.settings)}/projects/{project_view.access.slug}"
    result = await service.send_test(room, post_policy(project_view.settings), page)
    return await _show(project_view, sealer, Form(), tested=result.error or "")


ROUTES = (show_chats, make_chat, delete_chat, test_chat)
