"""What a handler answers and reads that neither its signature nor its guards show."""

from typing import Any

from tgl_protocol.commits import Commit, MissingRequest, PushBatch, RefsUpdate
from tgl_protocol.http import JSON_MEDIA_TYPE
from tgl_server import errors
from tgl_server.audit.routes import MEDIA_TYPES
from tgl_server.openapi.access import ErrorTypes

# By operation; a body, a parameter, a path and a guard bring theirs along.
OWN_ERRORS: dict[str, ErrorTypes] = {
    "register": (errors.Conflict,),
    "login": (errors.InvalidCredentials, errors.AccountNotActive),
    "refresh": (errors.InvalidCredentials, errors.SessionEnded),
    "change_password": (errors.WrongPassword,),
    "change_user": (errors.Conflict,),
    "change_key": (errors.Conflict,),
    "rotate_key": (errors.Conflict,),
    "create_project": (errors.Conflict,),
    "change_project": (errors.Forbidden, errors.Conflict),
    "add_member": (errors.Conflict,),
    "remove_member": (errors.Forbidden,),
    "register_repo": (errors.Conflict,),
    "change_repo": (errors.Conflict,),
    "push_commits": (errors.InvalidCommits,),
    "update_refs": (errors.UnknownCommits,),
}

# They read large bodies themselves, after their guards.
RAW_BODIES: dict[str, Any] = {
    "push_commits": PushBatch,
    "stream_commits": Commit,
    "missing_shas": MissingRequest,
    "update_refs": RefsUpdate,
}
# Their bodies hold one object a line, of any number.
STREAMS = {"stream_commits"}

# Beside JSON or instead of it, as the Accept header wants.
TEXTS: dict[str, list[str]] = {
    "list_audit_logs": [name for name in MEDIA_TYPES if name != JSON_MEDIA_TYPE],
    "metrics": ["text/plain", "application/openmetrics-text"],
}

TAGS: dict[str, str] = {
    "system": "Alive, ready, measured, and what this server can do",
    "auth": "Signing in, and the caller's own account",
    "users": "A commissioner's view of everybody",
    "api-keys": "The caller's own API keys; a key can never make or change keys",
    "projects": "Projects, their members and their repositories",
    "commits": "The commits that a repository has",
    "sync": "Pushing commits: what `tgl push` talks to",
    "audit": "Who did what, from where, when",
}

# Where the handler does not describe them itself.
PARAMETERS: dict[str, str] = {
    "project": "The project's id or its slug",
    "repo": "The repository's id or its name",
    "user_id": "The user's id",
    "key_id": "The API key's id",
    "on_error": "`refuse` stores nothing where one commit is invalid; `skip` stores the others and reports it",
    "cursor": "The `next_cursor` of the page before; without it the list starts anew",
    "action": "What was done, or tried",
    "outcome": "Whether it was done or refused",
    "resource_id": "The id of what it was done to",
    "actor_user_id": "Who did it",
    "actor_key_id": "The API key that it was done with",
}

PATH_EXAMPLES: dict[str, str] = {
    "project": "platform-team",
    "repo": "linux",
    "user_id": "019c2f6e-7b1a-7c3d-9e4f-0a1b2c3d4e5f",
    "key_id": "019c2f6e-8c2b-7d4e-8f50-1b2c3d4e5f60",
}
