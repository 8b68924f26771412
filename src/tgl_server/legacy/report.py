"""What an import has done, and what is left for people to do."""

from msgspec import Struct


class Problem(Struct, frozen=True):
    """Something that was not taken over, or not as it was, and why."""

    what: str
    reason: str


class OldKey(Struct, frozen=True, kw_only=True):
    """An API key of the older system, which works nowhere else: its owner makes a new one."""

    owner: str
    name: str
    scopes: str
    expires_at: str


class Report(Struct, kw_only=True):
    """The counts of an import: what is new, and what was there from an import before, by kind."""

    #: True if nothing was changed.
    dry_run: bool
    imported: dict[str, int] = {}
    there_already: dict[str, int] = {}
    #: Rows of tables that are not taken over, by table.
    left: dict[str, int] = {}
    problems: list[Problem] = []
    #: Repositories whose credentials have to be entered again, with the reason.
    credentials_to_enter: list[Problem] = []
    keys_to_reissue: list[OldKey] = []
    #: The addresses of new active accounts, none of which has a password.
    to_invite: list[str] = []

    def count(self, kind: str, *, is_new: bool) -> None:
        """Count one row."""
        counts = self.imported if is_new else self.there_already
        counts[kind] = counts.get(kind, 0) + 1

    def miss(self, what: str, reason: str) -> None:
        """Note what was not taken over."""
        self.problems.append(Problem(what, reason))
