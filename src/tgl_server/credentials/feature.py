"""The credentials feature as the application sees it: routes, audit actions, examples."""

from tgl_server.credentials.actions import CredentialAction
from tgl_server.credentials.examples import EXAMPLES
from tgl_server.credentials.routes import credentials_router
from tgl_server.http.feature import Feature
from tgl_server.sealing.columns import SealedColumn

credentials = Feature(
    routers=(credentials_router,),
    tags={"credentials": "What opens the remote of a pulled repository; written, and never read again"},
    actions=CredentialAction,
    sealed=(SealedColumn("repo_credentials", "sealed", "repo_id"),),
    examples=EXAMPLES,
)
