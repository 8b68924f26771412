"""What `tgl test` does: one check after the other, as far as the one before lets it."""

import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct, structs

from tgl_client import errors
from tgl_client.cli.connect import checking_client
from tgl_client.cli.doctor.report import Fact, facts_of_machine, facts_of_settings
from tgl_client.cli.running import run_command
from tgl_client.client import Client
from tgl_client.exit_codes import ExitCode, combined
from tgl_client.pushing.locate import named, path_of, target_of
from tgl_client.pushing.options import options_from
from tgl_client.pushing.run import DAMAGE_HINT
from tgl_client.pushing.same_target import refuse_mixed_targets
from tgl_client.report import damage_in_words
from tgl_client.settings.files import refusal
from tgl_client.settings.flags import Flags
from tgl_client.settings.folders import state_folder
from tgl_client.settings.load import load
from tgl_client.settings.origins import OriginLine, origins_of
from tgl_client.settings.settings import Settings
from tgl_client.settings.source import Source
from tgl_client.terminal.output import print_json
from tgl_client.terminal.words import counted, duration
from tgl_protocol.keys import parse_api_key

#: Commits carry their own dates; a clock this wrong makes `Retry-After`, certificates and key expiry confusing.
CLOCK_TOLERANCE: Final = 120.0

_WIDTH: Final = 13


class Check(Struct, frozen=True):
    """One line of the result: what was checked, what was found, and the remedy where it is not good."""

    name: str
    ok: bool
    detail: str
    hint: str | None = None
    exit_code: ExitCode = ExitCode.DONE


class TestDocument(Struct, frozen=True):
    """The JSON of `tgl test`; fields are added, never renamed."""

    exit_code: ExitCode
    checks: list[Check]
    settings: list[OriginLine]
    facts: list[Fact] = []


def examine(flags: Flags, *, origin: bool, report: bool, as_json: bool) -> ExitCode:
    """Run the checks and print them; fails with the code of what failed.

    `report` begins with versions, folders, proxy and hooks, of which some are known also where the settings are wrong.
    """
    facts = _told(facts_of_machine(), as_json=as_json) if report else []
    settings = load(flags)
    settings = structs.replace(settings, sources=run_command(named(settings.sources)))
    facts += _told(facts_of_settings(settings), as_json=as_json) if report else []
    origins = origins_of(settings) if origin or report else []
    if not as_json:
        for line in origins:
            print(f"{line.setting:<{_WIDTH}} {line.value}  ({line.origin})")
    checks = run_command(_all_checks(settings, show=not as_json))
    document = TestDocument(combined(each.exit_code for each in checks), checks, origins, facts)
    if as_json:
        print_json(document)
    return document.exit_code


def _told(facts: list[Fact], *, as_json: bool) -> list[Fact]:
    if not as_json:
        for fact in facts:
            print(f"{fact.name:<{_WIDTH}} {fact.value}")
    return facts


async def failures(settings: Settings) -> list[Check]:
    """What `tgl test` would fail with."""
    return [check async for check in _checks(settings) if not check.ok]


async def _all_checks(settings: Settings, *, show: bool) -> list[Check]:
    checks = []
    async for check in _checks(settings):
        checks.append(check)
        if show:
            print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}", flush=True)
            if check.hint:
                print(f"      hint: {check.hint}", flush=True)
    return checks


async def _checks(settings: Settings) -> AsyncIterator[Check]:
    """The checks, one by one; later ones are left out when they could only fail for the same reason."""
    try:
        client = checking_client(str(settings.server()), settings.key(), settings.api_key.origin)
    except errors.TglError as error:
        yield _failure("settings", error)
        return
    yield Check("settings", True, f"key {parse_api_key(settings.key()).prefix}... for {settings.server()}")
    yield state_folder_check()
    try:
        await refuse_mixed_targets(settings.sources)
    except errors.ConfigError as mixed:
        yield _failure("repositories", mixed)
    async with client:
        try:
            yield await _check_server(client, settings)
            yield await _check_clock(client)
            await client.check_key()
            yield Check("key", True, "accepted")
        except errors.NotAllowedError as error:
            yield _failure("key", error)
        except errors.AuthenticationError as error:
            yield _failure("key", error)
            return
        except errors.TglError as error:
            yield _failure("server", error)
            return
        for source in settings.sources:
            yield await _check_repository(client, settings, source)


async def _check_server(client: Client, settings: Settings) -> Check:
    offer = await client.capabilities()
    how = "over TLS" if settings.server().base.startswith("https:") else "on this machine, unencrypted"
    return Check("server", True, f"TheGitLeague {offer.server_version}, {how}")


async def _check_clock(client: Client) -> Check:
    before = datetime.now(UTC)
    server = (await client.capabilities()).server_time
    return clock_check(server, before)


def clock_check(server: datetime, here: datetime) -> Check:
    """What the server's time says of ours."""
    drift = abs((server - here).total_seconds())
    if drift <= CLOCK_TOLERANCE:
        return Check("clock", True, f"differs by {drift:.0f} s")
    words = f"differs by {duration(drift)} from the server's"
    return Check("clock", False, words, "set the time of this machine", ExitCode.NOT_PUSHED)


def state_folder_check() -> Check:
    """A push writes its lock there, and what was refused; without these it warns each time."""
    folder = state_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"tgl")
    except OSError as error:
        hint = "make it writable, or name another folder with TGL_HOME; until then pushes run without a lock"
        return Check("state folder", False, str(refusal(error, str(folder))), hint, ExitCode.NOT_PUSHED)
    return Check("state folder", True, str(folder))


async def _check_repository(client: Client, settings: Settings, source: Source) -> Check:
    name = source.name
    try:
        target = await target_of(source)
        name = f"{source.name} -> {target}"
        options = options_from(settings, source)
        path = await path_of(source, settings, target)
        seen = await client.inspect(path, project=target.project, repo=target.repo, options=options)
        await client.check_push(target.project, target.repo)
    except errors.TglError as error:
        return _failure(name, error)
    branches, commits = counted(len(seen.tips), "branch", "branches"), seen.to_push
    if seen.apart is not None:
        return _failure(name, seen.apart.error())
    if seen.is_all_held_back:
        words = f"{branches}, and nothing to push but {counted(seen.held_back, 'commit')} at a shallow clone's boundary"
        return Check(name, False, words, "`git fetch --unshallow`, or clone with more depth", ExitCode.NOT_PUSHED)
    if seen.damaged or seen.broken_branches:
        damaged = damage_in_words(len(seen.damaged), seen.unknown_below)
        broken = counted(len(seen.broken_branches), "broken branch", "broken branches")
        words = f"{branches}, {commits}, {damaged}, {broken}"
        return Check(name, False, words, DAMAGE_HINT, ExitCode.NOT_PUSHED)
    skipped = f", {seen.held_back:,} skipped at the boundary of this shallow clone" if seen.held_back else ""
    return Check(name, True, f"{branches}, {commits}{skipped}")


def _failure(name: str, error: errors.TglError) -> Check:
    return Check(name, False, str(error), error.hint, error.exit_code)
