"""The options of `tgl explain`."""

from typing import Annotated, Final

import typer

from tgl_client.cli import options
from tgl_client.cli.preload import preload

EXAMPLES: Final = options.examples(
    ("tgl explain HEAD", "say whether the newest commit here is on the server, and why not"),
    ("tgl explain 4f1a9c0 --branch main", "look at it as a push of one branch would"),
)


def explain(
    commit: Annotated[
        str, typer.Argument(metavar="COMMIT", help="A sha or its beginning; in a clone also HEAD, main~2, a tag.")
    ],
    paths: options.Paths = None,
    config: options.Config = None,
    url: options.Url = None,
    project: options.Project = None,
    repo: options.Repo = None,
    branch: options.Branch = None,
    since: options.Since = None,
    remotes: options.Remotes = False,
    as_json: options.Json = False,
) -> None:
    """Explain why a commit is not on the server, and what to run; ends with 0 if it is there, and with 1 if not.

    The server says what it knows, and the clone what only it can: which branches have the commit, and whether a
    push leaves them out. Give --branch, --since and --remotes as the push has them. Of a commit that is there it
    also says whether it counts in the seasons of leagues, by which rule, and the points of that day.
    """
    preload("tgl_history")
    from tgl_client.cli.explain.act import Choices, explain_commit  # noqa: PLC0415 -- only this command pays for it
    from tgl_client.settings.flags import Flags  # noqa: PLC0415

    flags = Flags(
        paths=tuple(paths or ()), config=config, url=url, project=project, repo=repo, branches=tuple(branch or ())
    )
    raise typer.Exit(explain_commit(flags, commit, Choices(since=since, remotes=remotes, as_json=as_json)))
