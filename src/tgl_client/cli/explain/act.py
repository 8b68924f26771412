"""What `tgl explain` does: asks the clone, then the server, and puts both answers together."""

from pathlib import Path
from shlex import quote

from msgspec import Struct
from msgspec.structs import replace

from tgl_client import errors
from tgl_client.cli.connect import reading_client
from tgl_client.cli.explain.words import described, scored
from tgl_client.cli.running import run_command
from tgl_client.exit_codes import ExitCode
from tgl_client.http.address import Target
from tgl_client.http.leagues import explained_by_leagues
from tgl_client.pushing.locate import target_of
from tgl_client.pushing.options import PushOptions, options_from, parse_since
from tgl_client.pushing.whereabouts import Finding, Here, judge, look_if_there, sha_asked_for
from tgl_client.settings.flags import Flags
from tgl_client.settings.load import load
from tgl_client.settings.settings import Settings
from tgl_client.settings.source import Source
from tgl_client.terminal.output import print_json
from tgl_protocol.explain import Explanation, Verdict
from tgl_protocol.leagues import LeagueExplanation

_CODES = {Verdict.HERE: ExitCode.DONE, Verdict.AMBIGUOUS: ExitCode.USAGE}


class Choices(Struct, frozen=True, kw_only=True):
    """The options that no setting names."""

    since: str | None = None
    remotes: bool = False
    as_json: bool = False


class ExplainDocument(Struct, frozen=True, kw_only=True):
    """The JSON of `tgl explain`; `here` and `finding` are the clone's part. Fields are added, never renamed.

    `leagues` has what each league with the commit says of it, by the league's slug.
    """

    exit_code: ExitCode
    project: str
    repo: str
    explanation: Explanation
    here: Here | None
    finding: Finding | None
    commands: list[str]
    leagues: dict[str, LeagueExplanation]


class _Asked(Struct, frozen=True):
    """A repository of the settings, with what its clone knows of the commit."""

    source: Source
    options: PushOptions
    here: Here | None


def explain_commit(flags: Flags, name: str, choices: Choices) -> ExitCode:
    """Print where the commit is, or why it is not there."""
    settings = load(flags)
    document = run_command(_explain(settings, name, choices))
    document = replace(document, commands=[_aimed(command, flags) for command in document.commands])
    if choices.as_json:
        print_json(document)
    else:
        target = f"{document.project}/{document.repo}"
        lines = described(target, document.explanation, document.here, document.finding, document.commands)
        print("\n".join([*lines, *scored(document.leagues)]))
    return document.exit_code


def _aimed(command: str, flags: Flags) -> str:
    """A command of ours with the project and the repository that this one was given; others are as they were."""
    if not command.startswith(("tgl push", "tgl explain")):
        return command
    given = {"--project": flags.project, "--repo": flags.repo}
    options = [f"{option} {quote(value)}" for option, value in given.items() if value and option not in command]
    return " ".join([command, *options])


async def _explain(settings: Settings, name: str, choices: Choices) -> ExplainDocument:
    asked = await _choose(settings, name, choices)
    sha = sha_asked_for(name, asked.here)
    target = await _target(asked)
    async with reading_client(settings) as client:
        explanation = await client.explain(target.project, target.repo, sha)
        shas = {found.sha for found in explanation.found}
        leagues = await explained_by_leagues(client.api, shas.pop()) if len(shas) == 1 else {}
    finding = judge(explanation, asked.here, asked.options)
    return ExplainDocument(
        exit_code=_CODES.get(explanation.verdict, ExitCode.NOT_PUSHED),
        project=target.project,
        repo=target.repo,
        explanation=explanation,
        here=asked.here,
        finding=finding,
        commands=finding.commands if finding is not None else explanation.commands,
        leagues=leagues,
    )


async def _choose(settings: Settings, name: str, choices: Choices) -> _Asked:
    """Of several repositories the one whose clone has the commit, else the first: the server looks into all."""
    since = parse_since(choices.since) if choices.since else None
    first: _Asked | None = None
    for source in settings.sources:
        options = options_from(settings, source, remotes=choices.remotes, since=since)
        path = _folder(source)
        asked = _Asked(source, options, await look_if_there(path, name, options) if path is not None else None)
        if asked.here is not None and asked.here.commit is not None:
            return asked
        first = first or asked
    assert first is not None, "settings without a repository are refused"
    return first


async def _target(asked: _Asked) -> Target:
    try:
        return await target_of(asked.source)
    except errors.LocalRepositoryError as error:
        hint = "name the repository with --project and --repo, or give the path of a clone"
        raise errors.LocalRepositoryError(str(error), hint=hint) from error


def _folder(source: Source) -> Path | None:
    """The clone at hand, or the mirror as the last push left it; nothing is fetched."""
    if source.mirrored is None:
        return source.path
    from tgl_client.pushing.mirrors import mirror_path  # noqa: PLC0415 -- few have mirrors

    return mirror_path(str(source.mirrored.git_url))
