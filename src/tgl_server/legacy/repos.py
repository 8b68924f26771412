"""Importing projects and repositories, with their schedules and credentials."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.credentials import CredentialKind, NewCredential
from tgl_protocol.projects import SyncMethod
from tgl_server.access.ids import RepoId
from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.commits.service import create_state
from tgl_server.credentials.service import set_credential
from tgl_server.errors import Invalid, ServerError
from tgl_server.followers.follower import Followers
from tgl_server.followers.service import create_marks
from tgl_server.legacy import queries
from tgl_server.legacy.addresses import Address, cut_credentials
from tgl_server.legacy.people import People
from tgl_server.legacy.report import Problem, Report
from tgl_server.legacy.source import Source, as_id, as_instant, word
from tgl_server.projects import names
from tgl_server.pull.schedule import cron_fault, next_moment
from tgl_server.remotes import RemotePolicy
from tgl_server.sealing.sealer import Sealer

_MOST_NAME: Final = 200
_MOST_DESCRIPTION: Final = 2000


class Keys(Struct, frozen=True):
    """What opens their credentials, and what seals ours; either may be missing."""

    theirs: Fernet | None
    ours: Sealer
    policy: RemotePolicy


def read_key(file: Path) -> Fernet:
    """Their FERNET_KEY from a file; raises `ServerError` for what is none."""
    try:
        return Fernet(file.read_text().strip())
    except OSError as error:
        raise ServerError(f"{file} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ServerError(f"{file} does not hold a FERNET_KEY: 32 bytes in URL-safe base64") from None


async def import_projects(tx: AsyncSession, source: Source, people: People, report: Report) -> dict[str, UUID]:
    """Import projects, whose creators become their owners; the ids of those that are here now, by theirs."""
    found: dict[str, UUID] = {}
    for row in await source.rows("projects"):
        reason = await _project_fault(tx, row, people)
        if reason is not None:
            report.miss(f"project {row['slug']} with its repositories", reason)
            continue
        found[row["id"]] = UUID(row["id"])
        values = {
            "id": found[row["id"]],
            "slug": row["slug"],
            "name": _visible(row["name"]).replace("\n", " ")[:_MOST_NAME] or row["slug"],
            "description": _visible(row["description"] or "")[:_MOST_DESCRIPTION],
            "owner_id": people[row["created_by"]],
            "created_at": as_instant(row["created_at"]),
        }
        report.count("projects", is_new=await tx.scalar(queries.ADD_PROJECT, values) is not None)
    return found


async def _project_fault(tx: AsyncSession, row: dict[str, Any], people: People) -> str | None:
    if as_id(row["id"]) is None or row["created_by"] not in people:
        return "its id is none, or its creator was not imported"
    fault = names.slug_fault(row["slug"])
    if fault is not None:
        return fault
    there = await tx.scalar(queries.PROJECT_OF_SLUG, {"slug": row["slug"]})
    return None if there in (None, UUID(row["id"])) else "there is another project of this slug here; rename one"


class RepoImport:
    """Imports repositories into the projects that were imported."""

    def __init__(
        self,
        tx: AsyncSession,
        projects: dict[str, UUID],
        keys: Keys,
        followers: Followers,
        now: datetime,
        report: Report,
    ) -> None:
        self._tx, self._projects, self._keys = tx, projects, keys
        self._followers, self._now, self._report = followers, now, report

    async def run(self, source: Source) -> None:
        """Import all; what cannot be taken over is told."""
        for row in await source.rows("repos"):
            if row["project_id"] in self._projects:
                await self._import(row)

    async def _import(self, row: dict[str, Any]) -> None:
        id_, what = as_id(row["id"]), f"repository {row['name']}"
        project_id, name = self._projects[row["project_id"]], names.as_repo_name(row["name"])
        there = await self._tx.scalar(queries.REPO_OF_NAME, {"project_id": project_id, "name": name})
        if id_ is None or there not in (None, id_):
            self._report.miss(what, "its id is none, or the project has another repository of this name")
            return
        if name != row["name"]:
            self._report.miss(what, f"it is called {name} now, as its name cannot be part of an address")
        pulled = word(row["sync_method"]) != SyncMethod.PUSH_CLIENT
        address = self._address(what, row["remote_url"], pulled)
        values = {
            "id": id_,
            "project_id": project_id,
            "name": name,
            "git_url": address.url or None,
            "sync_method": SyncMethod.PULL_CELERY if pulled else SyncMethod.PUSH_CLIENT,
            "default_branch": row["branch"] or None,
            "created_at": as_instant(row["created_at"]),
        }
        is_new = await self._tx.scalar(queries.ADD_REPO, values) is not None
        self._report.count("repositories", is_new=is_new)
        if is_new:
            await create_state(self._tx, RepoId(id_))
            await create_marks(self._tx, self._followers, RepoId(id_))
            await self._schedule(id_, what, row["sync_frequency"])
        await self._credentials(RepoId(id_), what, row["credentials_encrypted"], address)

    def _address(self, what: str, url: str | None, pulled: bool) -> Address:
        """The address without credentials; empty where the server could not have it."""
        address = cut_credentials((url or "").strip())
        if not address.url:
            return address
        is_path = address.url.startswith("/")
        find = names.pulled_url_fault if pulled else names.git_url_fault
        fault = "It is a path of that machine" if is_path else find(address.url)
        if fault is None:
            return address
        self._report.miss(what, f"its address is left out: {fault}; set its git_url, or push to it")
        return Address("", address.username, address.secret)

    async def _schedule(self, repo_id: UUID, what: str, cron: str | None) -> None:
        if not cron:
            return
        fault = cron_fault(cron)
        if fault is not None:
            self._report.miss(what, f"its schedule {cron!r} is left out: {fault}")
            return
        moment = next_moment(cron, "UTC", self._now)
        await self._tx.execute(queries.ADD_SCHEDULE, {"repo_id": repo_id, "cron": cron, "next_due_at": moment})

    async def _credentials(self, repo_id: RepoId, what: str, encrypted: str | None, address: Address) -> None:
        if not (encrypted or address.secret):
            return
        if not await self._tx.scalar(queries.WANTS_CREDENTIALS, {"repo_id": repo_id}):
            return
        try:
            new = self._opened(encrypted, address)
            async with self._tx.begin_nested():
                await set_credential(self._tx, self._keys.ours, self._keys.policy, repo_id, new, COMMAND_LINE)
        except ServerError as error:
            self._report.credentials_to_enter.append(Problem(what, _reason(error)))
        else:
            self._report.count("credentials", is_new=True)

    def _opened(self, encrypted: str | None, address: Address) -> NewCredential:
        """Their credentials; those that were encrypted win, as they did there. Raises `ServerError`."""
        if encrypted is None:
            return NewCredential(
                kind=CredentialKind.HTTPS_TOKEN, secret=address.secret or "", username=address.username
            )
        if self._keys.theirs is None:
            raise ServerError("they are encrypted, and --fernet-key-file is not given")
        try:
            content = msgspec.json.decode(self._keys.theirs.decrypt(encrypted), type=dict[str, str | None])
        except (InvalidToken, msgspec.MsgspecError, UnicodeEncodeError):
            raise ServerError("the key in --fernet-key-file does not open them") from None
        if key := content.get("private_key"):
            return NewCredential(kind=CredentialKind.SSH_KEY, secret=key, passphrase=content.get("passphrase"))
        if token := content.get("token"):
            # Beside a token, a user alone in the address is no other token.
            username = address.username or address.secret
            return NewCredential(kind=CredentialKind.HTTPS_TOKEN, secret=token, username=username)
        raise ServerError("they hold neither a token nor a private key")


def _reason(error: ServerError) -> str:
    reasons = [f"{each.field}: {each.message}" for each in error.errors] if isinstance(error, Invalid) else []
    return "; ".join(reasons) or str(error).rstrip(".")


def _visible(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() or sign == "\n").strip()
