"""Importing accounts, the addresses that they claim, and the log of what they did."""

from ipaddress import ip_address
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_protocol.accounts import Role, UserState
from tgl_protocol.http import MAX_NAME_LENGTH
from tgl_server.accounts.service import checked_email
from tgl_server.errors import InvalidBody
from tgl_server.legacy import queries
from tgl_server.legacy.report import Report
from tgl_server.legacy.source import Source, as_id, as_instant, word
from tgl_server.players.identifying import Author, identify_authors

#: Their ids, and whose account that is here.
People = dict[str, UUID]

_STATES: Final = {"approved": UserState.ACTIVE, "pending": UserState.PENDING, "retired": UserState.RETIRED}
_EVIDENCE: Final = "The older system had this address as theirs."


async def import_users(tx: AsyncSession, source: Source, report: Report) -> People:
    """Import accounts, none with a password; one whose address has an account here already is that one."""
    people: People = {}
    for row in await source.rows("users"):
        id_, email = as_id(row["id"]), _email(row["email"])
        if id_ is None or email is None or word(row["role"]) not in list(Role) or word(row["status"]) not in _STATES:
            report.miss(f"user {row['email']}", "its id, address, role or status is none that can be")
            continue
        people[row["id"]] = await _add_user(tx, id_, email, row, report)
    return people


async def _add_user(tx: AsyncSession, id_: UUID, email: str, row: dict[str, Any], report: Report) -> UUID:
    there: UUID | None = await tx.scalar(queries.USER_OF_EMAIL, {"email": email})
    if there is not None and there != id_:
        report.count("users", is_new=False)
        return there
    values = {
        "id": id_,
        "email": email,
        "display_name": _line(row["display_name"]) or email,
        "role": word(row["role"]),
        "state": _STATES[word(row["status"])],
        "created_at": as_instant(row["created_at"]),
    }
    is_new = await tx.scalar(queries.ADD_USER, values) is not None
    report.count("users", is_new=is_new)
    if is_new and values["state"] is UserState.ACTIVE:
        report.to_invite.append(email)
    return id_


async def import_identities(tx: AsyncSession, source: Source, people: People, report: Report) -> None:
    """Import the addresses of commits that people had named as theirs: as claims, since nobody has proved them."""
    for row in await source.rows("git_identities"):
        id_, email, user_id = as_id(row["id"]), _email(row["git_email"]), people.get(row["user_id"])
        if id_ is None or email is None or user_id is None:
            report.miss(f"git identity {row['git_email']}", "its address is none, or its account was not imported")
            continue
        author = Author(email, _line(row["git_name"]))
        found = (await identify_authors(tx, [author]))[author]
        claim = {"id": id_, "user_id": user_id, "identity_id": found.identity_id, "evidence": _EVIDENCE}
        report.count("claimed addresses", is_new=await tx.scalar(queries.ADD_CLAIM, claim) is not None)


async def import_log(tx: AsyncSession, source: Source, people: People, report: Report) -> None:
    """Import what was logged, with the original time; each action as `legacy.` and its word."""
    async for page in source.pages("audit_logs"):
        rows = [row for row in page if as_id(row["id"]) is not None]
        if len(rows) < len(page):
            report.miss(f"{len(page) - len(rows)} entries of the audit log", "their ids are no UUIDs")
        added = set(await tx.scalars(queries.ADD_AUDIT_ENTRIES, _entries(rows, people)))
        for row in rows:
            report.count("audit entries", is_new=as_id(row["id"]) in added)


def _entries(rows: list[dict[str, Any]], people: People) -> dict[str, list[Any]]:
    details = [{"text": row["details"]} if row["details"] else {} for row in rows]
    return {
        "ids": [as_id(row["id"]) for row in rows],
        "ats": [as_instant(row["created_at"]) for row in rows],
        "actions": [f"legacy.{row['action']}" for row in rows],
        "actors": [people.get(row["user_id"]) for row in rows],
        "resource_types": [row["resource_type"] for row in rows],
        "resource_ids": [row["resource_id"] for row in rows],
        "ips": [_ip(row["ip_address"]) for row in rows],
        "details": [msgspec.json.encode(each).decode() for each in details],
    }


def _email(text: str) -> str | None:
    try:
        return checked_email(text)
    except InvalidBody:
        return None


def _line(text: str | None) -> str:
    """A name on one line, as long as one may be, without what cannot be seen."""
    return "".join(sign for sign in text or "" if sign.isprintable()).strip()[:MAX_NAME_LENGTH]


def _ip(text: str | None) -> str | None:
    try:
        return str(ip_address(text)) if text else None
    except ValueError:
        return None
