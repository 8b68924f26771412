"""Who may listen to events: whoever reads the project that the query names, which these requests do not."""

from tests.support.access import OUTSIDERS, Rows, keys, known, members

_LET_IN = 422

ROWS: Rows = {
    "GET /api/v1/events": known(
        **dict.fromkeys(OUTSIDERS, _LET_IN),
        **members(_LET_IN),
        commissioner=_LET_IN,
        **(keys(_LET_IN) | {"pushing_key": 403}),
    ),
}
