"""The form of a new key: what it can be prefilled with, and what it asks the use case for."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final, Literal

import msgspec
from msgspec import Struct
from uuid_utils.compat import uuid7

from tgl_protocol.api_keys import MAX_KEY_NETWORKS, KeyName, NewKey, RepoIds, ScopeList
from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.api_keys.once import Once
from tgl_server.api_keys.rules import parse_networks
from tgl_server.auth.principal import USUAL_SCOPES, Scope
from tgl_server.http.plain_words import REQUIRED
from tgl_server.web.forms import Form
from tgl_server.web.keys.rows import SCOPE_WORDS

Expiry = Literal["30", "90", "365", "never"]

NEVER: Final = "never"
_DEFAULT_EXPIRY: Final = "90"
_SOME: Final = "some"
_ALL: Final = "all"


class Purpose(Struct, frozen=True, kw_only=True):
    """What a key is made for: the rights and the expiry that fit, and a name as an example."""

    code: str
    title: str
    more: str
    scopes: tuple[Scope, ...]
    expires: Expiry
    example: str


PURPOSES: Final = (
    Purpose(
        code="laptop",
        title="Laptop",
        more="push, read, 90 days",
        scopes=(Scope.SYNC_COMMITS, Scope.READ_REPOS),
        expires="90",
        example="laptop of Ada",
    ),
    Purpose(
        code="cron",
        title="Cron job",
        more="push only, 365 days",
        scopes=(Scope.SYNC_COMMITS,),
        expires="365",
        example="cron on git.example.com",
    ),
    Purpose(
        code="ci",
        title="CI job",
        more="push only, 90 days",
        scopes=(Scope.SYNC_COMMITS,),
        expires="90",
        example="GitHub Actions of web-shop",
    ),
    Purpose(
        code="read",
        title="Read only",
        more="no pushing, 90 days",
        scopes=(Scope.READ_REPOS,),
        expires="90",
        example="dashboard",
    ),
)

SCOPES: Final = (
    (Scope.SYNC_COMMITS, SCOPE_WORDS[Scope.SYNC_COMMITS].capitalize(), "and see what the server has of them"),
    (Scope.READ_REPOS, SCOPE_WORDS[Scope.READ_REPOS].capitalize(), "projects, commits, runs, people"),
    (Scope.READ_LEAGUE, SCOPE_WORDS[Scope.READ_LEAGUE].capitalize(), "tables and players, and no repository"),
)
EXPIRIES: Final = (
    ("30", "30 days", ""),
    (_DEFAULT_EXPIRY, "90 days", "as most need"),
    ("365", "365 days", ""),
    (NEVER, "Never", "until somebody revokes it"),
)


class _Wish(Struct, frozen=True, kw_only=True):
    """The fields as the form has them."""

    name: KeyName
    scopes: ScopeList
    expires: Expiry
    reach: Literal["all", "some"] = "all"
    repo_ids: RepoIds | None = None


def prefilled(form: Form) -> Form:
    """The form as its address asks for it: fields of the query, and the rights and expiry of a chosen purpose."""
    purpose = purpose_of(form)
    if purpose is not None:
        form.fields |= {"scopes": list(purpose.scopes), "expires": [purpose.expires]}
    form.fields["scopes"] = [word.strip() for text in form.all("scopes") for word in text.split(",")]
    form.fields.setdefault("expires", [_DEFAULT_EXPIRY])
    form.fields.setdefault("reach", [_SOME if form.all("repo_ids") else _ALL])
    form.fields["once"] = [str(uuid7())]
    if not any(form.all("scopes")) and not form.text("restored"):
        form.fields["scopes"] = list(USUAL_SCOPES)
    return form


def purpose_of(form: Form) -> Purpose | None:
    """The purpose that was chosen; None for none."""
    return next((purpose for purpose in PURPOSES if purpose.code == form.text("purpose")), None)


def once_of(form: Form, new: NewKey) -> Once | None:
    """The form's hidden id with what it asks for, so that it makes one key however often it is sent; None without."""
    id_ = form.text("once")
    return Once(sha256(id_.encode()).digest(), sha256(msgspec.json.encode(new)).digest()) if id_ else None


def new_key(form: Form) -> NewKey:
    """What the form asks for; raises `InvalidBody` with every fault at its field."""
    networks = [line.strip() for line in form.text("networks").splitlines() if line.strip()]
    faults = [*_own_faults(form), *_network_faults(networks)]
    try:
        wish = form.read(_Wish)
    except errors.InvalidBody as refusal:
        raise errors.InvalidBody(errors=[*refusal.errors, *faults]) from None
    if faults:
        raise errors.InvalidBody(errors=faults)
    return NewKey(
        name=wish.name,
        scopes=wish.scopes,
        expires_in_days=None if wish.expires == NEVER else int(wish.expires),
        repo_ids=wish.repo_ids if wish.reach == _SOME else None,
        networks=networks or None,
    )


def _own_faults(form: Form) -> Iterator[FieldError]:
    """What no type of a single field says."""
    if form.text("name") and not form.text("name").strip():
        yield FieldError(REQUIRED, field="name")
    if form.text("reach") == _SOME and not form.all("repo_ids"):
        yield FieldError("Tick at least one repository", field="repo_ids")


def _network_faults(networks: list[str]) -> Iterator[FieldError]:
    if len(networks) > MAX_KEY_NETWORKS:
        yield FieldError(f"At most {MAX_KEY_NETWORKS} networks", field="networks")
        return
    for text in networks:
        try:
            parse_networks([text])
        except errors.InvalidBody as refusal:
            yield FieldError(f"“{text[:60]}”: {refusal.errors[0].message}", field="networks")
