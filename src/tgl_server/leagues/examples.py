"""Examples of leagues for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import date, timedelta

import msgspec
from msgspec import Struct

from tgl_protocol import league_changes as changes
from tgl_protocol import leagues, seals
from tgl_server.http.example_values import AT, PROJECT_ID, REPO_ID, SHA, USER_ID
from tgl_server.leagues.rules import CoAuthors, Rules, rules_hash, rules_json

_LEAGUE = leagues.LeagueInfo(id=PROJECT_ID, slug="premier", name="Premier League", repos=3, created_at=AT)
_SEASON = leagues.SeasonInfo(
    number=1,
    name="Season 1",
    state=leagues.SeasonState.OPEN,
    starts=date(2026, 1, 5),
    weeks=12,
    begun=2,
    rules_version=1,
    is_official=True,
    opened_at=AT,
    closed_at=None,
)
_PLACE = leagues.Place(
    rank=1,
    is_tied=False,
    player_id=USER_ID,
    name="Ada Lovelace",
    is_provisional=False,
    points=71,
    week_points=[39, 32],
    weeks=2,
    days=8,
    best_week=39,
)
_COPY = leagues.ScoredCopy(
    season=1,
    project="platform-team",
    repo="linux",
    sha=SHA,
    player="Ada Lovelace",
    verdict=leagues.CommitVerdict.COUNTED,
    sentence=leagues.VERDICT_SENTENCES[leagues.CommitVerdict.COUNTED],
    reason=None,
    arrived_at=AT + timedelta(minutes=1),
    day=date(2026, 1, 6),
    value=42,
    day_points=13,
    day_points_without=8,
    rule="line_cap",
    rule_value="320",
)

_REPO = changes.LeagueRepoInfo(
    repo_id=REPO_ID,
    project="platform-team",
    repo="linux",
    counts_from=date(2026, 1, 5),
    taken_in=AT,
    dates_trusted_until=None,
)
_MOVED = changes.Moved(
    player_id=USER_ID, name="Ada Lovelace", rank_before=2, rank_after=1, points_before=71, points_after=84
)
_STRIKE = changes.StrikeInfo(sha=SHA, reason="Written by a generator", struck_by=USER_ID, at=AT)

_CHANGED = seals.PointsChanged(player_id=USER_ID, name="Ada Lovelace", points_before=71, points_after=84)
_SEAL = seals.SealInfo(
    seq=4,
    kind=seals.SealKind.AMEND,
    week=3,
    sha256="7b" * 32,
    previous="5a" * 32,
    at=AT,
    actor_id=USER_ID,
    reason="Identities have moved: claim, event 12",
    changes=[_CHANGED],
)

_DAY = leagues.LeagueDay(
    league="premier",
    season=1,
    day=date(2026, 1, 6),
    points=16,
    most=25,
    changes=2,
    value=90,
    changes_to_go=1,
    lines_to_go=70,
    is_behind=False,
    sentence="today 16 of 25 points, 1 change or 70 lines to go for the next step",
)

EXAMPLES: list[Struct] = [
    _LEAGUE,
    leagues.LeagueList([_LEAGUE]),
    leagues.RulesInfo(
        version=1,
        sha256=rules_hash(Rules()).hex(),
        note="The rules of the beginning",
        created_at=AT,
        document=msgspec.json.decode(rules_json(Rules())),
    ),
    _SEASON,
    leagues.SeasonList([_SEASON]),
    leagues.SeasonTable(_SEASON, [_PLACE], None),
    leagues.LeagueExplanation(SHA[:7], _COPY.sentence, [_COPY]),
    changes.NewLeague(slug="premier", name="Premier League"),
    changes.LeagueChange(name="Premier League"),
    changes.RepoWishes([changes.RepoWish(repo_id=REPO_ID, counts_from=date(2026, 1, 5))]),
    changes.LeagueRepoList([_REPO]),
    changes.NewRules(document={"coauthors": "off", "best_days": 4}, note="Four days of a week count"),
    changes.RulesWish(document={"coauthors": "off", "best_days": 4}, season=1),
    changes.RulesPreview(
        sha256=rules_hash(Rules(coauthors=CoAuthors.OFF, best_days=4)).hex(),
        season=1,
        starts=date(2026, 1, 5),
        weeks=12,
        commits=1204,
        players=12,
        late_percent=7,
        proposed_grace_days=None,
        moved=[_MOVED],
    ),
    changes.NewSeason(starts=date(2026, 1, 5)),
    changes.NewStrike(sha=SHA, reason="Written by a generator"),
    changes.StrikeList([_STRIKE]),
    changes.StrikeGone(1),
    _SEAL,
    seals.SealList([_SEAL]),
    seals.SealText(
        seq=4,
        sha256="7b" * 32,
        previous="5a" * 32,
        rules_sha256=rules_hash(Rules()).hex(),
        payload=f"player_days\t{USER_ID}\t20459\t2\t60\t13\n",
    ),
    seals.AmendmentWish(reason="Grace showed that the address is hers"),
    seals.Amendment(is_done=False, token="9c" * 16, week=3, changes=[_CHANGED]),
    leagues.LeagueDays([_DAY]),
    leagues.OwnStanding(league=_LEAGUE, season=_SEASON, place=_PLACE, today=_DAY),
]
