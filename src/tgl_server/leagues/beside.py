"""What is beside the table in a season, in sentences: awards, matches and the document itself. Pure."""

from collections.abc import Iterator

from tgl_server.leagues.awarding import LEAST_PLAYERS
from tgl_server.leagues.rules import Dates, Rules

_Worded = tuple[tuple[str, ...], str]


def beside(rules: Rules) -> Iterator[_Worded]:
    """The parameters and their sentences."""
    yield ("fixtures", "divisions"), "There are no matches and no divisions in this season."
    yield from _awards(rules)
    said = f"The rules are a document with a hash, in form {rules.schema}, computed by engine {rules.engine}."
    yield ("schema", "engine"), f"{said} Those of an open season do not change."


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
