"""Digests as an Atom feed (RFC 4287), told like everything to one reader."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID, uuid5

from markupsafe import Markup

from tgl_protocol.league_digest import WeekDigest
from tgl_protocol.leagues import LeagueInfo
from tgl_protocol.visible import visible

MEDIA_TYPE = "application/atom+xml"
_ENTRY = Markup(
    "<entry><id>urn:uuid:{id}</id><title>{title}</title><updated>{at}</updated>"
    '<link rel="alternate" href="{path}"/><content type="text">{content}</content></entry>'
)
_FEED = Markup(
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:uuid:{id}</id><title>{title}</title><updated>{at}</updated>'
    "<author><name>{author}</name></author>{entries}</feed>"
)


def atom(league: LeagueInfo, digests: Sequence[WeekDigest]) -> str:
    """The feed of a league, its newest week first; ids stay the same, whoever reads and whatever is amended."""
    title = visible(league.name)
    entries = Markup("").join(_entry(league, digest) for digest in digests)
    at = max((digest.sealed_at for digest in digests), default=datetime.fromtimestamp(0, UTC))
    return str(_FEED.format(id=league.id, title=title, at=_moment(at), author=title, entries=entries))


def _entry(league: LeagueInfo, digest: WeekDigest) -> Markup:
    number, week = digest.season.number, digest.week
    return _ENTRY.format(
        id=_id(league.id, number, week),
        title=f"{visible(digest.season.name)}, week {week}",
        at=_moment(digest.sealed_at),
        path=f"/leagues/{quote(league.slug, safe='')}/seasons/{number}/weeks/{week}",
        content="\n".join(visible(line.sentence) for line in digest.lines),
    )


def _id(league_id: UUID, number: int, week: int) -> UUID:
    return uuid5(league_id, f"season {number}, week {week}")


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
