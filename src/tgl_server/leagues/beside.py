"""What is beside the table in a season, in sentences: awards, matches and the document itself. Pure."""

from collections.abc import Iterator

from tgl_server.leagues.awarding import LEAST_PLAYERS
from tgl_server.leagues.matches import DRAW, MARGIN, WIN
from tgl_server.leagues.rules import Dates, Fixtures, Rules

_Worded = tuple[tuple[str, ...], str]


def beside(rules: Rules) -> Iterator[_Worded]:
    """The parameters and their sentences."""
    yield from _matches(rules)
    yield ("divisions",), "There are no divisions in this season."
    yield from _awards(rules)
    said = f"The rules are a document with a hash, in form {rules.schema}, computed by engine {rules.engine}."
    yield ("schema", "engine"), f"{said} Those of an open season do not change."


def _matches(rules: Rules) -> Iterator[_Worded]:
    if rules.fixtures is Fixtures.OFF:
        yield ("fixtures",), "There are no matches in this season."
        return
    yield (
        ("fixtures",),
        "Players meet in matches, one a week; who meets whom is drawn when the season opens, of three or more.",
    )
    said = f"Whoever has more than {MARGIN} points of the week more wins: {WIN} points, and {DRAW} each otherwise."
    yield (), f"{said} Nobody gets any in a week in which neither has points."
    said = "Beside that everybody plays the median of each week's players, and wins if more than half that ahead."
    yield (
        (),
        f"{said} The table goes by points, difference, points scored, and the matches between those who are equal.",
    )
    said = "Matches are a competition of their own: they give no points for the season."
    yield (), f"{said} Whoever hides takes no part, and a player without an opponent plays the median alone."


def _awards(rules: Rules) -> Iterator[_Worded]:
    if not rules.awards:
        yield ("awards",), "There are no awards in this season."
    elif rules.dates is Dates.WITNESSED:
        said = (
            "Awards are given when their week is sealed, to players whose address somebody has claimed and who have "
            "not retired; equal players share them."
        )
        yield ("awards",), f"{said} None is given for a time in which fewer than {LEAST_PLAYERS} players have points."
    else:
        yield ("awards",), "Awards are given when their week is over, and are not official. Equal players share them."
    for award in rules.awards:
        yield (), f"{award.words}: {award.sentence}"
