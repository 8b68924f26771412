"""The accounts feature as the application sees it: routes, constraints, audit actions, examples."""

from tgl_server.accounts.actions import AccountAction
from tgl_server.accounts.examples import EXAMPLES
from tgl_server.accounts.routes import auth_router, users_router
from tgl_server.errors import Conflict
from tgl_server.http.feature import Feature

accounts = Feature(
    routers=(auth_router, users_router),
    tags={
        "auth": "Signing in, and the caller's own account",
        "users": "A commissioner's view of everybody",
    },
    constraints={"uq_users_email": Conflict("There is an account with this e-mail address already.")},
    actions=AccountAction,
    examples=EXAMPLES,
)
