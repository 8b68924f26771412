"""The notifications feature as the application sees it: routes, constraints, audit actions, examples."""

from tgl_server.errors import NotFound
from tgl_server.http.feature import Feature
from tgl_server.notifications.actions import NotificationAction
from tgl_server.notifications.examples import EXAMPLES
from tgl_server.notifications.routes import notifications_router

notifications = Feature(
    routers=(notifications_router,),
    tags={"notifications": "What people are told by mail"},
    constraints={
        "fk_project_notification_choices_project_id": NotFound("The project was deleted meanwhile."),
    },
    actions=NotificationAction,
    examples=EXAMPLES,
)
