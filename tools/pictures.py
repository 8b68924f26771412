"""Pictures of the console for the documents, from the running product: `just pictures`.

A server on a database of its own, an account, and a browser that goes the tutorial's way: it signs in, makes a
project, a repository and a key, and the real `tgl push` pushes with that key. Then the other repositories of
`showcase.py` are pushed, so that pages have something to show. It needs Chromium (on Debian: apt-get install chromium).
`--every FOLDER` puts pictures of every page there too, at the width of a desk and of a phone, light and dark.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import aiohttp
import asyncpg
from playwright.async_api import Browser, Page, StorageState, ViewportSize

from tests.support.browser import running_browser
from tests.support.servers import running_server
from tgl_server.db import migrate
from tgl_server.db.embedded import EmbeddedPostgres, embedded_postgres
from tools.showcase import REPOS, add_commit, make_repositories

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "pictures"

_PASSWORD = "the first match of the season"  # of a server that is gone when the pictures are taken
_EMAIL = "ada@example.com"
_PROJECT = "/projects/shop"
_REPO = f"{_PROJECT}/repos/billing-api"
_PULLED = f"{_PROJECT}/repos/search"
_FIRST = "billing-api"
_DESK, _PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844)
#: Runs become a day apart; the last one is some hours ago, and of one repository so many that it is stale.
_PASS_TIME = """
    CREATE TEMPORARY TABLE passed AS
    SELECT id AS repo_id, interval '1 hour' * h AS since FROM repos JOIN (VALUES ('billing-api', 0.1), ('checkout', 3),
        ('design-system', 80), ('mobile-app', 1.2), ('search', 20)) ago (name, h) USING (name);
    UPDATE sync_runs r SET started_at = r.started_at - moved.by, finished_at = r.finished_at - moved.by,
        last_batch_at = r.last_batch_at - moved.by
    FROM (SELECT id, since + interval '1 day' * (row_number() OVER (PARTITION BY repo_id ORDER BY started_at DESC) - 1)
          AS by FROM sync_runs JOIN passed USING (repo_id)) moved WHERE moved.id = r.id;
    UPDATE repo_states s SET last_success_at = last_success_at - since, last_attempt_at = last_attempt_at - since,
        last_error_at = last_error_at - since, learned_cadence = interval '1 day', learned_at = now(),
        version = version + 1 FROM passed p WHERE p.repo_id = s.repo_id;
"""
#: One repository is pulled, and its last pull failed.
_LET_PULL = """
    UPDATE repos SET sync_method = 'pull_celery', git_url = 'https://git.example.com/shop/search.git'
    WHERE name = 'search';
    INSERT INTO repo_pulls (repo_id, cron, timezone, next_due_at, attempts, failures, failure_code)
    SELECT id, '*/15 6-20 * * 1-5', 'Europe/Paris', now() + interval '9 min', 1, 1, 'unreachable'
    FROM repos WHERE name = 'search';
    INSERT INTO repo_comparisons (repo_id, requested_at, finished_at, result)
    SELECT id, now() - interval '5 min', now() - interval '3 min', '{"here": 42, "there": 44, "only_here": 1,
        "only_here_shas": ["0a4f3c1d9be27a55aa05ef3c1d9be27a55aa05ef"], "only_there": 3, "only_there_shas":
        ["1b4f3c1d9be27a55aa05ef3c1d9be27a55aa05ef", "2c4f3c1d9be27a55aa05ef3c1d9be27a55aa05ef",
        "3d4f3c1d9be27a55aa05ef3c1d9be27a55aa05ef"], "sampled": null, "different": 0, "columns": {}, "examples": [],
        "tips_differ": 1, "tips": [{"name": "refs/heads/main", "here": "0a4f3c1d9be27a55aa05ef3c1d9be27a55aa05ef",
        "there": "3d4f3c1d9be27a55aa05ef3c1d9be27a55aa05ef"}], "unreadable": 0, "fingerprint_here": "f1",
        "fingerprint_there": "f2", "is_equal": false, "is_covered": false}'
    FROM repos WHERE name = 'search';
"""
_ENDPOINT = "11111111-2222-4333-8444-666666666666"
#: Two endpoints: one takes what it is sent, the other was switched off.
_LET_TELL = f"""
    INSERT INTO endpoints (id, project_id, url, sealed, types, is_active, switched_off_reason)
    SELECT CAST(each.id AS uuid), p.id, url, 'f1:x', types, is_active, reason FROM projects p, (VALUES
        ('{_ENDPOINT}', 'https://hooks.example.com/tgl/3f9a2c', NULL, true, NULL),
        (gen_random_uuid()::text, 'https://builds.example.com/incoming', ARRAY['run.finished', 'commits.stored'], false,
         'the receiver answered 410 Gone')) each (id, url, types, is_active, reason);
    INSERT INTO endpoint_deliveries (id, endpoint_id, message_id, type, body, state, attempts, created_at,
        next_attempt_at, last_attempt_at, last_status, last_error, last_answer)
    SELECT gen_random_uuid(), '{_ENDPOINT}', gen_random_uuid(), type, '{{"type":"' || type || '","data":{{}}}}', state,
        attempts, now() - ago, now() + interval '25 min', CASE WHEN attempts > 0 THEN now() - ago END, status, error,
        answer
    FROM (VALUES ('run.finished', 'delivered', 1, interval '3 day', 204, NULL, NULL),
        ('commits.stored', 'failed', 8, interval '2 day', NULL, 'the connection failed', NULL),
        ('repo.failing', 'pending', 3, interval '7 min', 503, 'the receiver answered 503', 'Back soon.'),
        ('test', 'delivered', 1, interval '1 min', 200, NULL, 'ok'))
        each (type, state, attempts, ago, status, error, answer);
    INSERT INTO identity_events (kind, identities, from_players, to_players, reason)
    SELECT 'merge', ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()], ARRAY[id], 'She told me at the coffee machine'
    FROM players LIMIT 1;
"""
_LEAGUE = "/leagues/shop"
_SEASON = f"{_LEAGUE}/seasons/1"
#: What `--every` takes.
_EVERY = {
    "overview": "/",
    "projects": "/projects",
    "new-project": "/projects/new",
    "project": _PROJECT,
    "members": f"{_PROJECT}/members",
    "project-settings": f"{_PROJECT}/settings",
    "runs": _REPO,
    "branches": f"{_REPO}/branches",
    "people": f"{_REPO}/people",
    "activity": f"{_REPO}/activity",
    "commits": f"{_REPO}/commits",
    "find": f"{_REPO}/find?sha=0000",
    "repo-settings": f"{_REPO}/settings",
    "webhooks": f"{_REPO}/webhooks",
    "to-pull": f"{_REPO}/rollback-to-pull",
    "pull": f"{_PULLED}/pull",
    "schedule": f"{_PULLED}/pull/schedule",
    "credentials": f"{_PULLED}/credentials",
    "to-push": f"{_PULLED}/migrate-to-push",
    "new-repo": f"{_PROJECT}/repos/new",
    "endpoints": f"{_PROJECT}/endpoints",
    "endpoint": f"{_PROJECT}/endpoints/{_ENDPOINT}",
    "endpoint-new": f"{_PROJECT}/endpoints/new",
    "endpoint-edit": f"{_PROJECT}/endpoints/{_ENDPOINT}/edit",
    "endpoint-rotate": f"{_PROJECT}/endpoints/{_ENDPOINT}/rotate",
    "endpoint-delete": f"{_PROJECT}/endpoints/{_ENDPOINT}/delete",
    "chats": f"{_PROJECT}/chats",
    "leagues": "/leagues",
    "league": _LEAGUE,
    "season": _SEASON,
    "week": f"{_SEASON}/weeks/11",
    "rules": f"{_LEAGUE}/rules/2",
    "addresses": "/settings/addresses",
    "notifications": "/settings/notifications",
    "claims": "/administration/claims",
    "joined": "/administration/joined",
    "keys": "/settings/keys",
    "new-key": "/settings/keys/new",
    "account": "/settings/account",
    "administration": "/administration/people",
    "invite": "/administration/invite",
    "audit-log": "/administration/log",
    "system": "/administration/system",
}

#: Pages without an address that is known before, by the links that lead on from a season.
_ONWARDS = {"player": "td.person a", "day": "#days td.person a", "verdict": "a[href^='/find']"}


def main() -> None:
    """Take all pictures, and print their paths."""
    parser = argparse.ArgumentParser(prog="just pictures", description=main.__doc__)
    parser.add_argument("--every", type=Path, metavar="FOLDER", help="take every page, into this folder")
    given = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    if given.every:
        given.every.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder) / "pg") as postgres:
        migrate.upgrade(postgres.dsn)
        _run_server_command(postgres, "users", "create", _EMAIL, "--name", "Ada Lovelace", "--password-stdin")
        with running_server(database_url=postgres.dsn) as server:
            asyncio.run(_take_all(server.url, postgres, Path(folder), given.every))
    print(*sorted(path.relative_to(ROOT).as_posix() for path in FOLDER.glob("*.png")), sep="\n")


def _run_server_command(postgres: EmbeddedPostgres, *command: str) -> None:
    environment = {"DATABASE_URL": postgres.dsn, "PATH": "/usr/bin:/bin"}
    arguments = [sys.executable, "-m", "tgl_server", *command]
    subprocess.run(arguments, env=environment, input=_PASSWORD, text=True, check=True, stdout=subprocess.DEVNULL)


async def _take_all(url: str, postgres: EmbeddedPostgres, folder: Path, every: Path | None) -> None:
    repositories = make_repositories(folder)
    async with running_browser() as browser:
        context = await browser.new_context(viewport=_DESK, base_url=url)
        page = await context.new_page()
        key = await _take_the_tutorial(page, url, repositories[0], folder)
        await _push_the_rest(page, url, key, repositories, folder)
        await asyncio.to_thread(_open_season, postgres, folder)
        await _execute(postgres, _PASS_TIME)
        await page.goto("/")
        await _take(page, "overview")
        await page.goto(_REPO)
        await _take(page, "repository")
        await page.goto(_SEASON)
        await _take(page, "season")
        if every:
            await _execute(postgres, _LET_PULL)
            await _execute(postgres, _LET_TELL)
            await _take_every(browser, url, await context.storage_state(), every)


async def _take_the_tutorial(page: Page, url: str, repository: Path, folder: Path) -> str:
    """Go the tutorial's way to the first push; the key that was made."""
    await page.goto("/")
    await _take(page, "sign-in", "main")
    await page.get_by_label("E-mail address").fill(_EMAIL)
    await page.get_by_label("Password", exact=True).fill(_PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", name="Overview").wait_for()
    await _take(page, "nothing-yet", "main")
    await page.goto("/projects/new")
    await page.get_by_label("Name", exact=True).fill("Shop")
    await page.get_by_label("Short name").fill("shop")
    await _take(page, "new-project", "main")
    await page.get_by_role("button", name="Make the project").click()
    await page.goto(f"{_PROJECT}/repos/new")
    await page.get_by_label("Name", exact=True).fill(_FIRST)
    await page.get_by_role("main").get_by_role("button").last.click()
    await page.get_by_text("Push for the first time").wait_for()
    await _take(page, "new-repository", "main")
    await page.goto("/settings/keys/new?name=laptop+of+Ada")
    await page.get_by_role("button", name="Make the key").click()
    key = await page.get_by_label("Copy it now").input_value()
    await page.get_by_label("Copy it now").evaluate("field => field.value = 'tgl_' + '•'.repeat(32)")
    await _take(page, "key", "main")
    _push(repository, url, key, folder)
    await page.get_by_text("It works.").wait_for()
    return key


async def _push_the_rest(page: Page, url: str, key: str, repositories: list[Path], folder: Path) -> None:
    """Push each repository some times, so that its runs have a form; the last one stays without a push."""
    for name in list(REPOS)[1:]:
        await page.goto(f"{_PROJECT}/repos/new")
        await page.get_by_label("Name", exact=True).fill(name)
        await page.get_by_role("main").get_by_role("button").last.click()
        await page.get_by_text("Push for the first time").wait_for()
    for repository in repositories[:-1]:
        for number in range(4):
            add_commit(repository, f"Release candidate {number + 1}")
            _push(repository, url, key, folder)
    async with aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"}) as session:
        batch = {"commits": [{"sha": "not a sha"}]}
        async with session.post("/api/v1/sync/projects/shop/repos/mobile-app/commits", json=batch) as answer:
            assert answer.status == 422, await answer.text()
    await asyncio.sleep(3)  # the sums of activity follow within two seconds


def _open_season(postgres: EmbeddedPostgres, folder: Path) -> None:
    """A season of twelve weeks up to now, whose dates count as they are written."""
    rules = folder / "rules.json"
    rules.write_text('{"counting": "pushed", "dates": "as_written", "board": "all", "coauthors": "off"}')
    today = datetime.now(UTC).date()
    starts = today - timedelta(days=today.weekday(), weeks=11)
    league = ("--owner", _EMAIL, "--name", "Premier League", "--project", "shop")
    _run_server_command(postgres, "league", "create", "shop", *league)
    _run_server_command(postgres, "league", "rules", "shop", "--file", str(rules), "--note", "Old history counts")
    _run_server_command(postgres, "seasons", "create", "shop", "--starts", str(starts), "--name", "Autumn season")
    _run_server_command(postgres, "seasons", "open", "shop", "1")


async def _execute(postgres: EmbeddedPostgres, script: str) -> None:
    connection = await asyncpg.connect(postgres.libpq_dsn)
    await connection.execute(script)
    await connection.close()


def _push(repository: Path, url: str, key: str, folder: Path) -> None:
    environment = {"TGL_URL": url, "TGL_API_KEY": key, "TGL_HOME": str(folder / "home"), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "tgl_client", "push", str(repository), "--project", "shop", "--quiet"]
    subprocess.run([*command, "--repo", repository.name], env=environment, check=True)


async def _take(page: Page, name: str, selector: str = "") -> None:
    """A picture of the window, or of one part of the page with nothing beside it."""
    path = FOLDER / f"{name}.png"
    if selector:
        await page.locator(selector).first.screenshot(path=path)
    else:
        await page.screenshot(path=path)


async def _take_every(browser: Browser, url: str, state: StorageState, folder: Path) -> None:
    themes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for theme in themes:
        for size, viewport in (("desk", _DESK), ("phone", _PHONE)):
            context = await browser.new_context(
                viewport=viewport,
                base_url=url,
                color_scheme=theme,
                storage_state=state,
            )
            page = await context.new_page()
            for name, path in _EVERY.items():
                await page.goto(path)
                await page.screenshot(path=folder / f"{name}-{size}-{theme}.png", full_page=True)
            await page.goto(_SEASON)
            for name, link in (
                ("player", "td.person a"),
                ("day", "#days td.person a"),
                ("verdict", "a[href^='/find']"),
            ):
                await page.goto(await page.locator(link).first.get_attribute("href") or "")
                await page.screenshot(path=folder / f"{name}-{size}-{theme}.png", full_page=True)
            await context.close()


if __name__ == "__main__":
    main()
