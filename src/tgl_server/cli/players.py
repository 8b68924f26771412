"""`tgl-server players`: whose the addresses of commits are, on the command line of the server's machine.

People who are hidden or have a pseudonym are not shown here either; their ids are.
"""

import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from tgl_protocol.joining import Dismissal, DismissedSuggestion, Mailmap, MailmapDiff, Suggestion
from tgl_protocol.players import ClaimInfo, ClaimState, PlayerErased, PlayerInfo, PlayerState, Split
from tgl_server.accounts.service import COMMAND_LINE
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.context import run_with_database
from tgl_server.cli.output import say
from tgl_server.cli.pages import PAGE, AsJson, all_pages, say_json, say_rows
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.players import claims, erasing, moving, reading, suggestions
from tgl_server.players.importing import import_mailmap

app = typer.Typer(help="Players, whose the addresses of commits are, and claims to addresses.", no_args_is_help=True)

Id = Annotated[UUID, typer.Argument(metavar="PLAYER", help="The player's id.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept, and shown to whom it concerns.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("list")
def list_(
    state: Annotated[PlayerState | None, typer.Option(help="Only players in this state.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the players who have an identity or an account, the newest first."""

    async def act(database: Database, _: Argon2) -> list[PlayerInfo]:
        async with database.statements() as reader:
            return await all_pages(
                lambda cursor: reading.list_players(reader, None, state=state, limit=PAGE, cursor=cursor)
            )

    found = run_with_database(act)
    if as_json:
        say_json(players=found)
        return
    say_rows([(str(each.id), each.state, each.kind, f"identities {each.identities}", each.name) for each in found])


@app.command("claims")
def claims_(
    approve: Annotated[UUID | None, typer.Option(metavar="CLAIM", help="Approve this claim.")] = None,
    refuse: Annotated[UUID | None, typer.Option(metavar="CLAIM", help="Refuse this claim.")] = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """List the claims that wait, the newest first; or approve or refuse one, with a reason."""
    if approve is not None and refuse is not None:
        raise ServerError("give --approve or --refuse, not both")
    if approve is None and refuse is None:
        _list_claims(as_json)
        return
    _check(reason)

    async def act(database: Database, _: Argon2) -> None:
        async with database.transaction() as tx:
            if approve is not None:
                await claims.approve(tx, approve, reason, COMMAND_LINE)
            elif refuse is not None:
                await claims.refuse(tx, refuse, reason, COMMAND_LINE)

    run_with_database(act)
    say("Approved: the address is theirs" if approve else "Refused: everything stays as it is")


def _list_claims(as_json: bool) -> None:
    async def act(database: Database, _: Argon2) -> list[ClaimInfo]:
        async with database.statements() as reader:
            return await all_pages(
                lambda cursor: reading.list_claims(reader, None, state=ClaimState.WAITING, limit=PAGE, cursor=cursor)
            )

    found = run_with_database(act)
    if as_json:
        say_json(claims=found)
        return
    say_rows([(str(each.id), each.user, each.email, each.name, each.evidence) for each in found])


@app.command("suggestions")
def suggestions_(
    dismiss: Annotated[
        list[UUID] | None,
        typer.Option(metavar="PLAYER", help="Say that these players are several people; repeat it for each."),
    ] = None,
    reason: Reason = "",
    dismissed: Annotated[bool, typer.Option("--dismissed", help="List what was dismissed, with its ids.")] = False,
    take_back: Annotated[
        UUID | None, typer.Option(metavar="ID", help="Take back what was dismissed, so that it may be suggested again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List players that look like one person; or say, with a reason, that some are several, who are listed no more."""
    if dismiss:
        _check(reason)
        _dismiss(dismiss, reason)
        return
    if take_back is not None:
        _take_back(take_back)
        return
    if dismissed:
        _list_dismissed(as_json=as_json)
        return

    async def act(database: Database, _: Argon2) -> list[Suggestion]:
        async with database.statements() as reader:
            return (await suggestions.list_suggestions(reader, None)).items

    found = run_with_database(act)
    if as_json:
        say_json(suggestions=found)
        return
    say_rows(
        [
            (each.reason, each.value, str(player.id), f"identities {player.identities}", player.name)
            for each in found
            for player in each.players
        ]
    )


def _dismiss(players: list[UUID], reason: str) -> None:
    async def act(database: Database, _: Argon2) -> None:
        async with database.transaction() as tx:
            await suggestions.dismiss(tx, Dismissal(players=players, reason=reason), COMMAND_LINE)

    run_with_database(act)
    say("Dismissed: they are several people")


def _take_back(id_: UUID) -> None:
    async def act(database: Database, _: Argon2) -> None:
        async with database.transaction() as tx:
            await suggestions.take_back(tx, id_, COMMAND_LINE)

    run_with_database(act)
    say("Taken back: they may be suggested again")


def _list_dismissed(*, as_json: bool) -> None:
    async def act(database: Database, _: Argon2) -> list[DismissedSuggestion]:
        async with database.statements() as reader:
            return await all_pages(lambda cursor: suggestions.list_dismissed(reader, None, limit=PAGE, cursor=cursor))

    found = run_with_database(act)
    if as_json:
        say_json(dismissed=found)
        return
    say_rows([(str(each.id), str(player.id), player.name, each.reason) for each in found for player in each.players])


@app.command()
def merge(
    player: Id,
    others: Annotated[list[UUID], typer.Argument(metavar="OTHER...", help="Players who are the same person.")],
    reason: Reason,
) -> None:
    """Give a player all identities of others, who have no account."""
    _check(reason)

    async def act(database: Database, _: Argon2) -> int:
        async with database.transaction() as tx:
            return await moving.merge(tx, player, others, COMMAND_LINE, reason=reason)

    say(f"Merged by event {run_with_database(act)}; `tgl-server players split {player} --event` undoes it")


@app.command()
def split(
    player: Id,
    reason: Reason,
    event: Annotated[int | None, typer.Option(help="Undo this event, exactly.")] = None,
    identity: Annotated[list[UUID] | None, typer.Option(help="Take this identity away; repeatable.")] = None,
) -> None:
    """Undo an event, or take identities away from a player."""
    _check(reason)
    wish = Split(identities=identity or [], event=event, reason=reason)

    async def act(database: Database, _: Argon2) -> int:
        async with database.transaction() as tx:
            return await moving.split(tx, player, wish, COMMAND_LINE)

    say(f"Split by event {run_with_database(act)}")


@app.command()
def mailmap(
    file: Annotated[Path, typer.Argument(help="The .mailmap.", exists=True, dir_okay=False, readable=True)],
    yes: Yes = False,
) -> None:
    """Show what a .mailmap changes, and apply exactly that after a question."""
    content = file.read_text(encoding="utf-8", errors="replace")
    diff = _import(Mailmap(text=content))
    for line in diff.unreadable:
        say(f"line {line} is no entry", err=True)
    say_rows(
        [
            (f"line {each.line}", each.email, each.name, f"{each.from_player} -> {each.to_player}", each.problem or "")
            for each in diff.moves
        ]
    )
    if all(each.problem for each in diff.moves):
        say("Nothing would move")
        return
    _confirm("mailmap", "Apply this?", yes)
    say(f"Applied by event {_import(Mailmap(text=content, digest=diff.digest)).event}")


@app.command()
def erase(player: Id, yes: Yes = False) -> None:
    """Replace a person's names and addresses in all stored commits, for good; an account stays."""
    _confirm("erase", "This replaces the person's names and addresses in all commits. Go on?", yes)

    async def act(database: Database, _: Argon2) -> PlayerErased:
        async with database.transaction() as tx:
            return await erasing.erase(tx, player, COMMAND_LINE)

    done = run_with_database(act)
    say(f"Erased {done.identities} identities, with {done.commits:,} changes in commits")


def _import(given: Mailmap) -> MailmapDiff:
    async def act(database: Database, _: Argon2) -> MailmapDiff:
        async with database.transaction() as tx:
            return await import_mailmap(tx, given, COMMAND_LINE)

    return run_with_database(act)


def _check(reason: str) -> None:
    if not reason.strip():
        raise ServerError("--reason says why, and is kept")


def _confirm(command: str, question: str, yes: bool) -> None:
    """Ask, and refuse without a terminal to ask on."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise ServerError(f"`players {command}` changes what is listed above; add --yes to do it")
    typer.confirm(question, abort=True)
