"""What each guard admits and refuses: the one thing about a guard that its signature does not say."""

from typing import Any

from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from tgl_server import errors
from tgl_server.auth.principal import Scope
from tgl_server.errors import ApiError

KEY, SESSION, METRICS = "apiKey", "session", "metricsToken"

SECURITY_SCHEMES: dict[str, Any] = {
    KEY: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "tgl_<8 characters>_<secret>",
        "description": "An API key, sent as `Authorization: Bearer tgl_...`. The words beside it are its scopes.",
    },
    SESSION: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access_token` of `login`, sent as `Authorization: Bearer ...`.",
    },
    METRICS: {
        "type": "http",
        "scheme": "bearer",
        "description": "The setting METRICS_TOKEN, where it is set.",
    },
}

ErrorTypes = tuple[type[ApiError], ...]

# A token is looked at before it is known to be of a kind that the endpoint takes.
_WHOEVER_ASKS: ErrorTypes = (
    errors.MissingCredentials,
    errors.InvalidCredentials,
    errors.ExpiredToken,
    errors.SessionEnded,
    errors.MalformedApiKey,
    errors.InvalidApiKey,
    errors.InactiveApiKey,
    errors.ExpiredApiKey,
    errors.RevokedApiKey,
    errors.NetworkNotAllowed,
    errors.AccountNotActive,
)


class Access(Struct, frozen=True):
    """`scopes` None: no key is let in; empty: any key; else a key with one of them."""

    refuses: ErrorTypes = ()
    scopes: tuple[Scope, ...] | None = None


_READ, _SYNC = Scope.READ_REPOS, Scope.SYNC_COMMITS
# By the guard's name.
_GUARDS: dict[str, Access] = {
    "known_user": Access(scopes=()),
    "known_session": Access(),
    "signed_in": Access(scopes=()),
    "web_user": Access(),
    "commissioner": Access((errors.Forbidden,)),
    "may_read": Access(scopes=(_READ, _SYNC)),
    "may_push": Access((errors.Forbidden, errors.NotAPushRepository), (_SYNC,)),
    "sees_repo": Access(scopes=(_READ,)),
    "changes_repo": Access((errors.Forbidden,)),
    "reads_repos": Access(scopes=(_READ,)),
    "sees_project": Access(scopes=(_READ,)),
    "sees_members": Access((errors.Forbidden,), (_READ,)),
    "signed_in_sees_project": Access(),
    "changes_project": Access((errors.Forbidden,)),
    "owns_project": Access((errors.Forbidden,)),
    "registers_repos": Access((errors.Forbidden,), (_SYNC,)),
    "creates_projects": Access((errors.Forbidden,)),
}
# They let in whoever is not known: METRICS_TOKEN is no user's.
_OPEN_GUARDS: dict[str, ErrorTypes] = {
    "limit_rate": (),
    "registration_open": (errors.Forbidden,),
    "may_scrape": (errors.NotFound, errors.MissingCredentials),
}


def security_of(handler: HTTPRouteHandler) -> list[dict[str, list[str]]]:
    """The operation's `security`: an empty list lets everybody in."""
    if "may_scrape" in _names(handler):
        return [{}, {METRICS: []}]
    found = [_GUARDS[name] for name in _authenticating(handler)]
    if not found:
        return []
    scopes = found[-1].scopes
    if scopes is None:
        return [{SESSION: []}]
    by_key: list[dict[str, list[str]]] = [{KEY: [str(scope)]} for scope in scopes] or [{KEY: []}]
    return [*by_key, {SESSION: []}]


def access_errors(handler: HTTPRouteHandler) -> list[type[ApiError]]:
    """What the guards refuse a caller for."""
    refused = [error for name in _names(handler) for error in _OPEN_GUARDS.get(name, ())]
    for name in _authenticating(handler):
        found = _GUARDS[name]
        refused += [*_WHOEVER_ASKS, *found.refuses]
        if found.scopes is None:
            refused.append(errors.SessionRequired)
        elif found.scopes:
            refused.append(errors.InsufficientScope)
    return refused


def who_may(handler: HTTPRouteHandler) -> str:
    """From the docstring of the guard that decides."""
    deciding = [guard for guard in handler.resolve_guards() if getattr(guard, "__name__", "") != "limit_rate"]
    if not deciding:
        return "Anyone."
    text = (deciding[-1].__doc__ or "").removeprefix("A guard: ").strip()
    return text[:1].upper() + text[1:]


def _authenticating(handler: HTTPRouteHandler) -> list[str]:
    """The names of the guards that ask who the caller is; raises for one that no table knows."""
    names = [name for name in _names(handler) if name not in _OPEN_GUARDS]
    unknown = set(names) - _GUARDS.keys()
    if unknown:
        raise LookupError(f"tgl_server.openapi.access does not say what {', '.join(unknown)} admits and refuses")
    return names


def _names(handler: HTTPRouteHandler) -> list[str]:
    return [str(getattr(guard, "__name__", guard)) for guard in handler.resolve_guards()]
