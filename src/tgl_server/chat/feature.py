"""The chat feature as the application sees it: routes, constraints, audit actions, sealed addresses, examples."""

from tgl_server.chat.actions import ChatAction
from tgl_server.chat.examples import EXAMPLES
from tgl_server.chat.routes import chat_router
from tgl_server.http.feature import Feature
from tgl_server.sealing.columns import SealedColumn

chat = Feature(
    routers=(chat_router,),
    tags={"chat": "Chats that are told what happens to a project's repositories"},
    actions=ChatAction,
    sealed=(SealedColumn("chat_hooks", "sealed", "id"),),
    examples=EXAMPLES,
)
