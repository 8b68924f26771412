"""What `tgl league` does: finds the league and the season, and prints what of it was asked for."""

from msgspec import Struct

from tgl_client import errors
from tgl_client.cli.connect import reading_client
from tgl_client.cli.league.view import View
from tgl_client.cli.league.words import described_me, described_table
from tgl_client.cli.running import run_command
from tgl_client.client import Client
from tgl_client.exit_codes import ExitCode
from tgl_client.settings.flags import Flags
from tgl_client.settings.load import load
from tgl_client.settings.settings import Settings
from tgl_client.terminal.output import print_json
from tgl_protocol.leagues import LeagueInfo, OwnStanding, SeasonTable


class Choices(Struct, frozen=True, kw_only=True):
    """What to show of which league."""

    view: View
    league: str | None = None
    season: int | None = None
    everybody: bool = False
    as_json: bool = False


class LeagueDocument(Struct, frozen=True, kw_only=True):
    """The JSON of `tgl league`: the table of a season, or the key's owner. Fields are added, never renamed."""

    league: LeagueInfo
    table: SeasonTable | None = None
    me: OwnStanding | None = None


def show_league(flags: Flags, choices: Choices) -> ExitCode:
    """Print it."""
    settings = load(flags, needs_repository=False)
    document = run_command(_ask(settings, choices))
    if choices.as_json:
        print_json(document)
    elif document.me is not None:
        print("\n".join(described_me(document.me)))
    elif document.table is not None:
        is_week = choices.view is View.WEEK
        print("\n".join(described_table(document.league, document.table, is_week=is_week, whole=choices.everybody)))
    return ExitCode.DONE


async def _ask(settings: Settings, choices: Choices) -> LeagueDocument:
    async with reading_client(settings) as client:
        league = await _league(client, choices.league)
        if choices.view is View.ME:
            return LeagueDocument(league=league, me=await client.api.own_standing(league.slug))
        number = choices.season if choices.season is not None else await _newest(client, league)
        return LeagueDocument(league=league, table=await client.api.season_table(league.slug, number))


async def _league(client: Client, slug: str | None) -> LeagueInfo:
    """The league of this slug, or the only one; raises `UsageError`."""
    try:
        leagues = await client.api.leagues()
    except errors.UnknownTargetError as unknown:
        raise errors.UsageError("this server has no leagues yet", hint="ask for a newer one") from unknown
    found = [league for league in leagues if slug in (None, league.slug)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(league.slug for league in leagues)
    if not leagues:
        raise errors.UsageError("this key sees no league", hint="a commissioner makes one over your repositories")
    what = f"there is no league {slug!r}" if slug else "there are several leagues"
    raise errors.UsageError(f"{what}: {names}", hint="name one with --league")


async def _newest(client: Client, league: LeagueInfo) -> int:
    begun = [season.number for season in await client.api.seasons(league.slug) if season.begun]
    if not begun:
        raise errors.UsageError(f"no season of {league.slug} has begun yet")
    return begun[0]
