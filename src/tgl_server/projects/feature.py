"""The projects feature as the application sees it: routes, constraints, audit actions, examples."""

from tgl_server.errors import Conflict, NotFound
from tgl_server.http.feature import Feature
from tgl_server.projects.actions import ProjectAction
from tgl_server.projects.examples import EXAMPLES
from tgl_server.projects.routes import projects_router

projects = Feature(
    routers=(projects_router,),
    tags={"projects": "Projects, their members and their repositories"},
    constraints={
        "uq_projects_slug": Conflict("A project with this slug exists already."),
        "uq_repos_project_id_name": Conflict("The project has a repository of this name already."),
        "pk_project_members": Conflict("This user is in the project already."),
        "fk_repos_project_id": NotFound("The project was deleted meanwhile."),
    },
    actions=ProjectAction,
    examples=EXAMPLES,
)
