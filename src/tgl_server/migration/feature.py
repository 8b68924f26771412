"""The migration feature as the application sees it: routes, audit actions, examples."""

from tgl_server.http.feature import Feature
from tgl_server.migration.actions import MigrationAction
from tgl_server.migration.examples import EXAMPLES
from tgl_server.migration.routes import migration_router

migration = Feature(
    routers=(migration_router,),
    tags={"migration": "Moving repositories between pulling and pushing, with the proof that both sides are equal"},
    actions=MigrationAction,
    examples=EXAMPLES,
)
