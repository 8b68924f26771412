"""`tgl-server repos compare`: what the server has stored, beside its mirror or a clone on this machine."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from tgl_protocol.comparison import Comparison, DifferentCommit
from tgl_server.access.ids import RepoId
from tgl_server.auth.argon2 import Argon2
from tgl_server.cli.choosing import Everything, InProject, Names, chosen_by, chosen_repos
from tgl_server.cli.context import process_settings, run_with_database, with_database
from tgl_server.cli.legacy_comparison import compare_legacy
from tgl_server.cli.output import say
from tgl_server.cli.pages import AsJson, say_json
from tgl_server.cli.parent import stop_with
from tgl_server.db.engine import Database
from tgl_server.errors import ServerError
from tgl_server.migration.choosing import Choice, Chosen
from tgl_server.migration.comparing import Copy, compare
from tgl_server.migration.moving import Prove
from tgl_server.pull.child import bound_memory
from tgl_server.pull.mirrors import mirror_of
from tgl_server.settings import Settings

_LONGEST = 60


class Compared(Struct, frozen=True, kw_only=True):
    """The comparison of one repository, or the reason why there is none."""

    project: str
    name: str
    comparison: Comparison | None = None
    error: str | None = None


def compare_repos(
    names: Names = None,
    everything: Everything = False,
    project: InProject = None,
    with_: Annotated[
        Path | None, typer.Option("--with", metavar="PATH", help="Compare one repository with this clone of it.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Compare the columns of so many commits, chosen at random.")
    ] = None,
    legacy: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Compare with the older system's PostgreSQL, and say why it differs."),
    ] = None,
    as_json: AsJson = False,
    parent: Annotated[int, typer.Option("--stop-with", hidden=True, help="Be bounded, and stop with this parent.")] = 0,
) -> None:
    """Compare stored commits with the server's mirrors, or with a clone: which there are, their columns, and tips.

    Ends with status 1 unless the server has all that the other side has, without a difference.
    """
    if parent:  # a worker, which keeps a history that others wrote from taking the machine's memory
        stop_with(parent)
        bound_memory()
    choice = chosen_by(names, everything=everything, project=project)
    if legacy is not None:
        compare_legacy(choice, legacy, as_json=as_json)
    else:
        _compare_copies(choice, with_, sample, as_json=as_json)


def _compare_copies(choice: Choice, clone: Path | None, sample: int | None, *, as_json: bool) -> None:
    with with_database(process_settings()) as settings:

        async def act(database: Database, _: Argon2) -> list[Compared]:
            chosen = await chosen_repos(database, choice)
            if clone is not None and len(chosen) != 1:
                raise ServerError(f"--with is the clone of one repository, and {len(chosen)} are chosen")
            return [await _compare(database, settings, each, clone, sample) for each in chosen]

        done = run_with_database(act, settings)
    if as_json:
        say_json(repos=done)
    else:
        for each in done:
            _say(each)
    if any(each.comparison is None or not each.comparison.is_covered for each in done):
        raise typer.Exit(1)


def prove_with_mirror(database: Database, settings: Settings) -> Prove:
    """The comparison with the server's mirror that comes before a switch."""

    async def prove(repo_id: RepoId) -> Comparison:
        return await compare(database, repo_id, _copy(settings, repo_id, None))

    return prove


async def _compare(
    database: Database, settings: Settings, chosen: Chosen, path: Path | None, sample: int | None
) -> Compared:
    try:
        found = await compare(database, chosen.id, _copy(settings, chosen.id, path), sample=sample)
    except ServerError as error:
        return Compared(project=chosen.project, name=chosen.name, error=str(error).rstrip("."))
    return Compared(project=chosen.project, name=chosen.name, comparison=found)


def _copy(settings: Settings, repo_id: RepoId, path: Path | None) -> Copy:
    """The clone at the path, or the mirror on this machine; raises `ServerError` without one."""
    if path is not None:
        return Copy(path=path.expanduser(), is_clone=True)
    mirror = mirror_of(settings, repo_id)
    if not mirror.is_dir():
        raise ServerError(
            "there is no mirror of it on this machine; ask for a pull first, run this where its worker runs, or name a "
            "clone with --with PATH"
        )
    return Copy(path=mirror, is_clone=False)


def _say(compared: Compared) -> None:
    path = f"{compared.project}/{compared.name}"
    if compared.comparison is None:
        say(f"{path}: not compared: {compared.error}")
    else:
        say_comparison(path, compared.comparison)


def say_comparison(path: str, found: Comparison) -> None:
    """Print a comparison: one line where both sides are equal."""
    say(f"{path}: {_verdict(found)}")
    _say_shas("only here", found.only_here, found.only_here_shas)
    _say_shas("only there", found.only_there, found.only_there_shas)
    for column, number in found.columns.items():
        say(f"  {column} differs in {number:,} commits")
    for example in found.examples:
        _say_example(example)
    for tip in found.tips:
        say(f"  tip {tip.name}: {_short(tip.here)} here, {_short(tip.there)} there")
    if found.tips_differ > len(found.tips):
        say(f"  and {found.tips_differ - len(found.tips):,} more tips")
    if found.unreadable:
        say(f"  {found.unreadable:,} commits or branches there cannot be read; `git fsck` names them")


def _verdict(found: Comparison) -> str:
    looked_at = "" if found.sampled is None else f"; the columns of {found.sampled:,} were compared"
    if found.is_equal:
        proof = f", fingerprint {found.fingerprint_here}" if found.fingerprint_here else looked_at
        return f"equal, {found.here:,} commits{proof}"
    sides = f"{found.here:,} commits here, {found.there:,} there"
    if found.is_covered:
        return f"the server has everything: {sides}{looked_at}"
    return f"different: {sides}, {found.different:,} differ{looked_at}"


def _say_shas(where: str, number: int, shas: list[str]) -> None:
    if number:
        more = f" and {number - len(shas):,} more" if number > len(shas) else ""
        say(f"  {where}: {number:,} commits: {', '.join(sha[:12] for sha in shas)}{more}")


def _say_example(example: DifferentCommit) -> None:
    for column, pair in example.columns.items():
        say(f"  {example.sha[:12]} {column}: {_cut(pair.here)} here, {_cut(pair.there)} there")


def _short(sha: str | None) -> str:
    return sha[:12] if sha else "none"


def _cut(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
