"""What `tgl test` does: one check after the other, as far as the one before lets it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from tgl_client import config, errors
from tgl_client.cli.push_command import Wish, path_of, push_options, target_of
from tgl_client.cli.running import run_command
from tgl_client.client import Client
from tgl_client.config import DEFAULT, Flags, Setting, Settings, Source
from tgl_client.output import print_json
from tgl_client.words import counted
from tgl_protocol.keys import parse_api_key

#: Commits carry their own dates; a clock this wrong makes `Retry-After` and key expiry confusing, no more.
CLOCK_TOLERANCE: Final = 120.0


class Check(Struct, frozen=True):
    """One line: what was looked at, what was found, and the remedy where it is not good."""

    name: str
    ok: bool
    detail: str
    hint: str | None = None
    exit_code: errors.ExitCode = errors.ExitCode.DONE


class OriginLine(Struct, frozen=True):
    """A setting and where its value comes from; a key shows its prefix only."""

    setting: str
    value: str
    origin: str


class TestDocument(Struct, frozen=True):
    """The JSON of `tgl test`; fields are added, never renamed."""

    exit_code: errors.ExitCode
    checks: list[Check]
    settings: list[OriginLine]


def examine(flags: Flags, *, origin: bool, as_json: bool) -> errors.ExitCode:
    """Run the checks and print them; fails with the code of what failed."""
    settings = config.load(flags)
    origins = _origins(settings) if origin else []
    if not as_json:
        for line in origins:
            print(f"{line.setting:<12} {line.value}  ({line.origin})")
    checks = run_command(_all_checks(settings, show=not as_json))
    document = TestDocument(errors.worst([each.exit_code for each in checks]), checks, origins)
    if as_json:
        print_json(document)
    return document.exit_code


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
    """Later checks are left out when they could only fail for the same reason."""
    try:
        client = Client(str(settings.server()), settings.key(), retries=settings.retries())
    except errors.TglError as error:
        yield _failure("settings", error)
        return
    yield Check("settings", True, f"key {parse_api_key(settings.key()).prefix}... for {settings.server()}")
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
    drift = abs((server - before).total_seconds())
    if drift <= CLOCK_TOLERANCE:
        return Check("clock", True, f"differs by {drift:.0f} s")
    return Check("clock", False, f"differs by {drift:.0f} s from the server's", "set the time of this machine")


async def _check_repository(client: Client, settings: Settings, source: Source) -> Check:
    name = source.name
    try:
        target = await target_of(source)
        name = f"{source.name} -> {target}"
        options = push_options(settings, source, Wish())
        path = await path_of(source, settings, target)
        seen = await client.inspect(path, project=target.project, repo=target.repo, options=options)
        await client.api.missing(target, [])
    except errors.TglError as error:
        return _failure(name, error)
    branches, commits = counted(len(seen.tips), "branch", "branches"), counted(seen.pending, "commit")
    return Check(name, True, f"{branches}, {commits} to push")


def _failure(name: str, error: errors.TglError) -> Check:
    return Check(name, False, str(error), error.hint, error.exit_code)


def _origins(settings: Settings) -> list[OriginLine]:
    rows: list[tuple[str, Setting[str | None] | Setting[int] | Setting[float | None]]] = [
        ("url", settings.url),
        ("api_key", _masked(settings.api_key)),
        ("batch_size", settings.batch_size),
        ("max_retries", settings.max_retries),
        ("timeout", settings.timeout),
        ("jobs", settings.jobs),
        ("engine", settings.engine),
    ]
    lines = [OriginLine(name, "-" if found.value is None else str(found.value), found.origin) for name, found in rows]
    return lines + [
        OriginLine("repository", f"{each.name} -> {each.project or '?'}/{each.repo or '?'}", each.origin)
        for each in settings.sources
    ]


def _masked(key: Setting[str | None]) -> Setting[str | None]:
    """The prefix is public and tells keys apart; of anything that is no key, nothing is shown."""
    if not key.value:
        return Setting(None, DEFAULT)
    try:
        return Setting(f"{parse_api_key(key.value).prefix}...", key.origin)
    except ValueError:
        return Setting("not an API key", key.origin)
