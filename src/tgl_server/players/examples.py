"""Examples of players for the OpenAPI document: a type checker sees when one is outdated."""

from datetime import timedelta

from msgspec import Struct

from tgl_protocol import joining, players
from tgl_server.http.example_values import AT, KEY_ID, OTHER_USER_ID, RUN_ID, USER_ID

_REASON = "Ada told me so at the coffee machine"
_IDENTITY = players.IdentityInfo(
    id=KEY_ID,
    email="ada@example.com",
    name="",
    names=["Ada", "Ada Lovelace"],
    kind=players.IdentityKind.UNKNOWN,
    is_bot=False,
    source=players.IdentitySource.CLAIM,
    player_id=USER_ID,
    player="Ada Lovelace",
    is_claimed=True,
)
_CLAIM = players.ClaimInfo(
    id=KEY_ID,
    email="ada@example.com",
    name="",
    evidence="My laptop's address until March",
    state=players.ClaimState.APPROVED,
    created_at=AT - timedelta(days=1),
    user_id=USER_ID,
    user="Ada Lovelace",
    belongs_to=None,
    decided_at=AT,
    reason=_REASON,
)
_PLAYER = players.PlayerInfo(
    id=USER_ID,
    name="Ada Lovelace",
    kind=players.PlayerKind.PERSON,
    state=players.PlayerState.ACTIVE,
    visibility=players.Visibility.SHOWN,
    has_account=True,
    identities=2,
)
_DISMISSED = joining.DismissedSuggestion(
    id=KEY_ID, players=[_PLAYER], reason=_REASON, dismissed_at=AT, dismissed_by=USER_ID
)
_MOVE = joining.MailmapMove(
    line=3, email="ada@old.example", name="", from_player="ada", to_player="Ada Lovelace", problem=None
)
_DIGEST = "0f" * 32
_EVENT = players.IdentityEventInfo(
    id=7,
    at=AT,
    kind=players.IdentitySource.MERGE,
    identities=[RUN_ID],
    from_players=[RUN_ID],
    to_players=[USER_ID],
    reason=_REASON,
    undoes=None,
)

EXAMPLES: list[Struct] = [
    players.IdentityPage([_IDENTITY], None),
    _IDENTITY,
    players.IdentityChange(kind=players.IdentityKind.BOT),
    players.NewClaim(email="ada@example.com", evidence="My laptop's address until March"),
    players.Decision(reason=_REASON),
    _CLAIM,
    players.ClaimPage([_CLAIM], None),
    _PLAYER,
    players.PlayerPage([_PLAYER], None),
    players.OwnPlayer(
        id=USER_ID,
        name="Ada Lovelace",
        visibility=players.Visibility.PSEUDONYM,
        shown_name="Enchantress",
        identities=[_IDENTITY],
        claims=[_CLAIM],
    ),
    players.OwnPlayerChange(visibility=players.Visibility.PSEUDONYM, shown_name="Enchantress"),
    players.PlayerChange(name="Ada Lovelace"),
    players.Merge(players=[OTHER_USER_ID], reason=_REASON),
    players.Split(event=7, reason=_REASON),
    players.EventDone(8),
    players.IdentityEventList([_EVENT]),
    players.PlayerErased(USER_ID, 2, 120),
    joining.SuggestionList(
        [joining.Suggestion(reason=joining.SuggestionReason.NAME, value="ada lovelace", players=[_PLAYER])]
    ),
    joining.Dismissal(players=[USER_ID, OTHER_USER_ID], reason=_REASON),
    joining.Dismissed(players=[USER_ID, OTHER_USER_ID]),
    joining.DismissedPage([_DISMISSED], None),
    _DISMISSED,
    joining.Mailmap(text="Ada Lovelace <ada@example.com> <ada@old.example>\n"),
    joining.MailmapDiff(digest=_DIGEST, moves=[_MOVE], unreadable=[], event=None),
]
