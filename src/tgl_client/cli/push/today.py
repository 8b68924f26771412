"""What a push that sent something ends with: the day of whoever pushed, where a league counts the repository."""

from tgl_client.client import Client
from tgl_client.http.address import Target
from tgl_client.http.leagues import today
from tgl_client.report import PushReport
from tgl_protocol.http import LEAGUE_DAYS


async def tell_today(client: Client, report: PushReport) -> None:
    """Print a line for each such league; it never fails, and a server that offers none is not asked."""
    if not report.sent or report.project is None or report.repo is None or LEAGUE_DAYS not in client.features:
        return
    for day in await today(client.api, Target(report.project, report.repo)):
        counting = " (the rest is being scored)" if day.is_behind else ""
        print(f"{day.league}: {day.sentence}{counting}", flush=True)
