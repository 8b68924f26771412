"""Examples of leagues for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import date, timedelta

import msgspec
from msgspec import Struct

from tgl_protocol import awards, league_digest, league_players, leagues, matches, seals
from tgl_protocol import league_changes as changes
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
    change=2,
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
_PLAYER_DAY = league_players.PlayerDay(day=date(2026, 1, 6), week=1, points=13, changes=2, value=60, is_kept=True)
_WEEK = league_players.PlayerWeek(
    week=1, starts=date(2026, 1, 5), points=39, days=5, changes=10, value=300, is_kept=True
)
_WEEK_PLACE = league_players.WeekPlace(
    rank=1,
    is_tied=False,
    player_id=USER_ID,
    name="Ada Lovelace",
    is_provisional=False,
    is_me=False,
    points=39,
    days=5,
    changes=10,
    value=300,
)
_AWARD = awards.Award(
    name=awards.AwardName.PLAYER_OF_THE_WEEK,
    title=awards.AwardName.PLAYER_OF_THE_WEEK.words,
    period=awards.AwardPeriod.WEEK,
    week=1,
    month=None,
    player_id=USER_ID,
    player="Ada Lovelace",
    is_me=False,
    is_shared=False,
    value=39,
    evidence="39 points",
)
_RECORD = awards.Record(
    name=awards.RecordName.BEST_WEEK,
    value=39,
    evidence="39 points in week 1",
    season=1,
    player_id=USER_ID,
    player="Ada Lovelace",
    is_me=False,
)
_CAREER = awards.Career(
    player_id=USER_ID, player="Ada Lovelace", is_me=False, is_retired=False, titles=1, points=410, seasons=1
)
_MATCH = matches.Match(
    week=1,
    home_id=USER_ID,
    home="Ada Lovelace",
    away_id=PROJECT_ID,
    away="Grace Hopper",
    home_score=39,
    away_score=32,
    result=matches.MatchResult.HOME,
    is_mine=False,
)
_MATCH_PLACE = matches.MatchPlace(
    rank=1,
    is_tied=False,
    player_id=USER_ID,
    name="Ada Lovelace",
    is_me=False,
    won=1,
    drawn=0,
    lost=0,
    median_points=3,
    points=6,
    difference=7,
    scored=39,
)
_DAY_COMMIT = league_players.DayCommit(
    sha=SHA,
    project="platform-team",
    repo="linux",
    verdict=leagues.CommitVerdict.COUNTED,
    sentence=leagues.VERDICT_SENTENCES[leagues.CommitVerdict.COUNTED],
    additions=30,
    deletions=12,
    value=42,
    arrived_at=AT + timedelta(minutes=1),
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
        words=["A day runs from midnight to midnight of UTC."],
    ),
    _SEASON,
    leagues.SeasonList([_SEASON]),
    leagues.SeasonTable(_SEASON, [_PLACE], None, 1),
    league_players.WeekTable(
        season=_SEASON,
        week=1,
        starts=date(2026, 1, 5),
        ends=date(2026, 1, 11),
        closes_at=AT + timedelta(days=16),
        is_closed=False,
        players=1,
        items=[_WEEK_PLACE],
        awards=[_AWARD],
    ),
    league_digest.WeekDigest(
        season=_SEASON,
        week=1,
        starts=date(2026, 1, 5),
        ends=date(2026, 1, 11),
        sealed_at=AT + timedelta(days=16),
        lines=[
            league_digest.DigestLine(
                kind=league_digest.DigestKind.BEST,
                sentence="The best week was that of Ada Lovelace: 39 points.",
                player_ids=[USER_ID],
            )
        ],
    ),
    league_players.LeaguePlayer(
        player_id=USER_ID,
        name="Ada Lovelace",
        is_me=False,
        is_provisional=False,
        season=_SEASON,
        place=_PLACE,
        median_week=32,
        weeks=[_WEEK],
        totals=league_players.PlayerTotals(commits=24, changes=20, additions=700, deletions=81, repos=2),
        awards=[_AWARD],
    ),
    awards.AwardList([_AWARD]),
    matches.FixtureList(season=_SEASON, table=[_MATCH_PLACE], matches=[_MATCH]),
    awards.SeasonRecords(season=[_RECORD], league=[_RECORD], hall_of_fame=[_CAREER]),
    league_players.PlayerDays(_SEASON, [_PLAYER_DAY]),
    league_players.OwnEntryChange(badge=True),
    league_players.OwnEntry(USER_ID, True, f"/api/v1/leagues/premier/players/{USER_ID}/badge.svg"),
    league_players.DayExplained(
        season=_SEASON,
        player_id=USER_ID,
        name="Ada Lovelace",
        day=_PLAYER_DAY,
        line_points=10,
        change_points=3,
        sentence="60 lines are worth 10, and 2 changes 3: together 13 points. The day is among the best 3 of its week.",
        commits=[_DAY_COMMIT],
        elsewhere=1,
    ),
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
