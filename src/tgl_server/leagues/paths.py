"""The names in the addresses of leagues, and who may read or make them."""

from typing import Annotated

from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import Example
from litestar.params import PathParameter

from tgl_server import errors
from tgl_server.access.callers import admits_keys, authenticate
from tgl_server.auth.principal import Scope
from tgl_server.http.client_address import AnyConnection

Slug = Annotated[str, PathParameter(description="The league's slug", examples=[Example(value="premier")])]
Number = Annotated[
    int, PathParameter(ge=1, le=1_000_000, description="The number of the season", examples=[Example(value=1)])
]
Version = Annotated[
    int, PathParameter(ge=1, le=1_000_000, description="The version of the rules", examples=[Example(value=1)])
]


@admits_keys(Scope.READ_REPOS, Scope.READ_LEAGUE, refuses=(errors.Forbidden,))
async def reads_leagues(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Anyone active; a key needs `read:league` or `read:repos`, and one restricted to repositories shows no people."""
    if (await authenticate(connection)).repo_ids is not None:
        raise errors.Forbidden("This API key is restricted to some repositories; it does not show players.")
