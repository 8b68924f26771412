"""Which names of authors a caller is shown: every reader of commits, sums and players asks here.

| the player of the author | their own account is shown | everybody else is shown |
|---|---|---|
| is shown | name and address | name and address |
| has a pseudonym | name and address | the pseudonym, no address |
| is hidden | name and address | "somebody hidden", no address |
| is erased | | "a former player", no address |

Everybody else means every role, commissioners included. The names of accounts, as in the members of a project, are not
those of authors, and not decided here.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tgl_protocol.players import PlayerState, Visibility
from tgl_protocol.stored_commits import StoredCommit
from tgl_server.auth.principal import Principal
from tgl_server.db.engine import Database

#: What stands for the name of those who have none to show.
HIDDEN_NAME: Final = "somebody hidden"
FORMER_NAME: Final = "a former player"
#: What the address of an erased person ends with.
ERASED_DOMAIN: Final = "@erased.invalid"

# The players whose names need care, but the caller's own; few, and found by an index of their own. Without an account
# nobody is one's own, and one who has none is no less hidden.
UNSEEN = """
    SELECT i.email, i.name, i.player_id, p.state, p.visibility, p.shown_name
    FROM players p JOIN identities i ON i.player_id = p.id
    WHERE (p.visibility <> 'shown' OR p.state = 'erased')
      AND (CAST(:viewer AS uuid) IS NULL OR p.user_id IS DISTINCT FROM CAST(:viewer AS uuid))
"""
_UNSEEN = text(UNSEEN)


def name_for_others(state: str, visibility: str, shown_name: str | None) -> str | None:
    """The name under which others see a player; None for one who is shown as they are."""
    if state == PlayerState.ERASED:
        return FORMER_NAME
    if visibility == Visibility.SHOWN:
        return None
    return shown_name if visibility == Visibility.PSEUDONYM and shown_name else HIDDEN_NAME


class Names(Struct, frozen=True):
    """The names that replace those of some authors, for one caller: by address and name, an empty name being any."""

    others: Mapping[tuple[str, str], str] = {}

    def other_than(self, email: str, name: str) -> str | None:
        """The name to show instead of an author's, without the address; None to show both as they are."""
        return self.others.get((email, name)) or self.others.get((email, ""))

    def is_unseen(self, email: str) -> bool:
        """True for an address by which nobody but its owner finds anything."""
        return email in self._addresses

    def text(self, words: str) -> str:
        """A commit's text with other names for those people in it who have one, such as in `Co-authored-by:`."""
        if "@" not in words:
            return words
        for email in self._addresses:
            if email and email in words.lower():
                other = self.others.get((email, "")) or HIDDEN_NAME
                words = _written(email).sub(partial(_instead, other), words)
        return words

    def commit(self, commit: StoredCommit) -> StoredCommit:
        """A commit as the caller is shown it."""
        if not self.others:
            return commit
        author = self.other_than(commit.author_email, commit.author_name)
        committer = self.other_than(commit.committer_email, commit.committer_name)
        body = commit.message_body
        return replace(
            commit,
            author_name=commit.author_name if author is None else author,
            author_email=commit.author_email if author is None else "",
            committer_name=commit.committer_name if committer is None else committer,
            committer_email=commit.committer_email if committer is None else "",
            message_title=self.text(commit.message_title),
            message_body=None if body is None else self.text(body),
        )

    @property
    def _addresses(self) -> frozenset[str]:
        return frozenset(email for email, _ in self.others)


async def names_for(reader: AsyncConnection | AsyncSession, viewer: Principal | UUID | None) -> Names:
    """The names that a caller is shown instead of others; None is somebody without an account."""
    user_id = viewer.user_id if isinstance(viewer, Principal) else viewer
    return names_of((await reader.execute(_UNSEEN, {"viewer": user_id})).all())


def names_of(rows: Iterable[Row[Any]]) -> Names:
    """The names that rows of `UNSEEN` tell, for a statement that reads them beside something else."""
    others = {(row.email, row.name): name_for_others(row.state, row.visibility, row.shown_name) for row in rows}
    return Names({key: name for key, name in others.items() if name is not None})


@asynccontextmanager
async def lagging_names(database: Database, viewer: UUID) -> AsyncIterator[AsyncConnection]:
    """A connection for what may be some seconds old and shows names: of the standby, if one is used.

    Who is hidden is decided on the primary: the standby answers only while it knows the same of everybody.
    """
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(database.lagging_statements())
        if not database.is_primary(connection):
            primary = await stack.enter_async_context(database.statements())
            asked = {"viewer": viewer}
            known = [set((await each.execute(_UNSEEN, asked)).all()) for each in (primary, connection)]
            connection = connection if known[0] == known[1] else primary
        yield connection


def _written(email: str) -> re.Pattern[str]:
    """An address with the name before it, as trailers have it: `Ada Lovelace <ada@example.com>`."""
    return re.compile(rf"(?P<name>[^<>:\n]*)<{re.escape(email)}>|{re.escape(email)}", re.IGNORECASE)


def _instead(other: str, found: re.Match[str]) -> str:
    before = found["name"] or ""
    return f" {other}" if before.startswith(" ") else other
