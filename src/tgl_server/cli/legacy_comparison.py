"""`tgl-server repos compare --legacy`: what came anew, beside what the older system has of the same repositories."""

from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.choosing import chosen_repos
from tgl_server.cli.context import run_with_database
from tgl_server.cli.output import say
from tgl_server.cli.pages import say_json
from tgl_server.db.engine import Database
from tgl_server.legacy.commits import LegacyComparison, compare_with_legacy
from tgl_server.migration.choosing import Choice
from tgl_server.migration.comparing import stored_digests


def compare_legacy(choice: Choice, url: str, *, as_json: bool) -> None:
    """Print the comparison of each repository; what differs has its reasons, and is no failure."""

    async def act(database: Database, _: Argon2) -> list[LegacyComparison]:
        done = []
        for each in await chosen_repos(database, choice):
            here = set(await stored_digests(database, each.id))
            found = LegacyComparison(project=each.project, name=each.name)
            done.append(await compare_with_legacy(database, url, each.id, here, found))
        return done

    done = run_with_database(act)
    if as_json:
        say_json(repos=done)
        return
    for each in done:
        _say(each)


def _say(found: LegacyComparison) -> None:
    say(f"{found.project}/{found.name}: {found.here:,} commits here, {found.there:,} there, {found.different:,} differ")
    for reason, number in sorted(found.reasons.items()):
        say(f"  {number:,}: {reason}")
    if found.only_here:
        say(f"  only here: {found.only_here:,}; the older system has {found.elsewhere_there:,} of them elsewhere")
    if found.only_there:
        say(f"  only there: {found.only_there:,}; their branches may be gone, or were not fetched yet")
