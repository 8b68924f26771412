"""What is not sent with the secret, is too large, or is no JSON, is refused, counted and noted."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.support.api import Api
from tests.support.commits import sha_of
from tests.support.database import audited, count, execute, rows
from tests.support.people import Person, make_repo
from tests.support.servers import RunningServer
from tests.support.webhooks import SENDERS, Hook, Pushed, make_hook, standard
from tgl_server.db.engine import Database
from tgl_server.webhooks.limit import REFUSALS_PER_MINUTE

#: Whose delivery is known by its body or its signed id, so that an id in a header can be anything.
UNSIGNED_IDS = ["github", "gitlab_token", "gitea", "forgejo", "bitbucket_cloud", "bitbucket_data_center"]
LET_PULL = "UPDATE repos SET sync_method = 'pull_celery'"


async def test_a_wrong_missing_or_empty_proof_is_refused_and_audited(any_hook: Hook, database: Database) -> None:
    body, headers = any_hook.sender.send(any_hook.secret)
    other = SENDERS[any_hook.sender.kind].signed("whsec_" + "A" * 43 + "=", body)
    missing = {name: value for name, value in headers.items() if name != any_hook.sender.proof}
    for sent, code in ((other, "wrong_proof"), (missing, "missing_proof")):
        answer = await any_hook.deliver(body, sent)
        assert (answer.status, answer.json["code"]) == (401, code)
    answer = await any_hook.deliver(body, {**headers, any_hook.sender.proof: ""})
    assert (answer.status, answer.json["code"]) == (401, "missing_proof")
    assert await any_hook.behind() is None
    entries = await audited(database, "webhook:delivery_refused")
    reasons = ["wrong_proof", "missing_proof", "missing_proof"]
    assert [(entry.outcome, entry.details["reason"]) for entry in entries] == [("refused", each) for each in reasons]
    shown = [(item["outcome"], item["reason"], item["event"]) for item in await any_hook.deliveries()]
    assert shown == [("refused", reason, None) for reason in reversed(reasons)]


async def test_an_old_secret_is_right_until_the_overlap_ends(any_hook: Hook, database: Database) -> None:
    new = await any_hook.rotate(overlap_minutes=60)
    assert [(await any_hook.push(secret=secret)).status for secret in (any_hook.secret, new)] == [202, 202]
    await execute(database, "UPDATE webhooks SET old_until = now()")
    assert [(await any_hook.push(secret=secret)).status for secret in (any_hook.secret, new)] == [401, 202]


@pytest.mark.parametrize("seconds", [-301, 360])
async def test_a_signed_time_of_more_than_five_minutes_ago_or_ahead_is_refused(
    seconds: int, maintainer: Person, sender: Api
) -> None:
    hook = await make_hook(maintainer, sender, "generic")
    body, headers = hook.sender.send(hook.secret)
    signed = standard(hook.secret, body, "id", time.time() + seconds)
    assert (await hook.deliver(body, headers | signed)).json["code"] == "outdated_proof"
    within = standard(hook.secret, body, "id", time.time() + seconds / 2)
    assert (await hook.deliver(body, headers | within)).status == 202


async def test_a_form_or_a_compressed_body_is_answered_with_what_to_choose(any_hook: Hook) -> None:
    body, headers = any_hook.sender.send(any_hook.secret)
    for other in (
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain"},
        {"Content-Encoding": "gzip"},
    ):
        answer = await any_hook.deliver(body, headers | other)
        assert (answer.status, answer.json["code"]) == (415, "webhook_not_json")
        assert "application/json" in answer.json["detail"]


async def test_a_delivery_by_get_is_answered_with_what_to_choose(any_hook: Hook) -> None:
    for query in ("", "?payload=%7B%7D"):
        answer = await any_hook.anyone.get(f"/api/v1/webhooks/{any_hook.id}{query}")
        assert (answer.status, answer.json["code"]) == (415, "webhook_not_json")
        assert "POST" in answer.json["detail"]
    assert (await any_hook.anyone.get("/api/v1/webhooks/5f0c1f0a-2b1e-4c57-9a46-3e5d1c6b7a80")).status == 404


async def test_ten_megabytes_are_taken_and_more_is_refused_with_and_without_a_length(hook: Hook) -> None:
    padded = {**hook.sender.body(Pushed()), "commits": [{"message": "x" * (10 * 1024 * 1024)}]}
    text = json.dumps(padded).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(text), 65536):
            yield text[at : at + 65536]

    headers = hook.sender.signed(hook.secret, text)
    assert (await hook.deliver(text, headers)).status == 413
    assert (await hook.deliver(pieces(), headers)).status == 413
    fitting = text.replace(b"x" * 1024 * 1024, b"", 1)
    assert (await hook.deliver(fitting, hook.sender.signed(hook.secret, fitting))).status == 202
    assert [item["reason"] for item in await hook.deliveries()] == [None, "body_too_large", "body_too_large"]


async def test_a_chunked_body_is_read_like_another(hook: Hook) -> None:
    body, headers = hook.sender.send(hook.secret)

    async def pieces() -> AsyncIterator[bytes]:
        for letter in body:
            yield bytes([letter])

    assert (await hook.deliver(pieces(), headers)).status == 202


async def test_a_good_signature_for_gitea_does_not_rescue_a_bad_one_for_forgejo(
    maintainer: Person, sender: Api
) -> None:
    hook = await make_hook(maintainer, sender, "forgejo")
    body, headers = hook.sender.send(hook.secret)
    answer = await hook.deliver(body, headers | {"X-Forgejo-Signature": sha_of(1) + "0" * 24})
    assert answer.json["code"] == "wrong_proof"


async def test_an_unknown_webhook_and_one_that_was_deleted_are_not_found(hook: Hook) -> None:
    assert (await replace(hook, id="5f0c1f0a-2b1e-4c57-9a46-3e5d1c6b7a80").push()).status == 404
    assert (await replace(hook, id="none").push()).status == 404
    assert (await hook.owner.delete(f"{hook.path}/{hook.id}")).status == 200
    assert (await hook.push()).status == 404


async def test_a_secret_of_another_webhook_is_wrong(hook: Hook, maintainer: Person, sender: Api) -> None:
    await make_repo(maintainer, "/projects/team", "other")
    other = await make_hook(maintainer, sender, "github", "/projects/team/repos/other")
    assert (await hook.push(secret=other.secret)).status == 401
    assert (await other.push()).status == 202


async def test_many_refusals_of_one_address_are_counted_and_those_who_know_the_secret_pass(
    hook: Hook, database: Database, client: dict[str, str]
) -> None:
    body, headers = hook.sender.send("wrong")
    answers = [await hook.deliver(body, headers | client) for _ in range(REFUSALS_PER_MINUTE + 2)]
    assert [answer.status for answer in answers] == [401] * REFUSALS_PER_MINUTE + [429] * 2
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert await count(database, "webhook_deliveries") == REFUSALS_PER_MINUTE
    assert len(await audited(database, "webhook:delivery_refused")) == REFUSALS_PER_MINUTE
    body, headers = hook.sender.send(hook.secret)
    assert (await hook.deliver(body, headers | client)).status == 202


async def test_a_secret_is_in_no_log_and_nowhere_clear_in_the_database(
    any_hook: Hook, database: Database, hooked_server: RunningServer
) -> None:
    new = await any_hook.rotate(overlap_minutes=60)
    for secret in (any_hook.secret, new, "whsec_" + "B" * 43 + "="):
        await any_hook.push(secret=secret)
    tables = await rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    dump = [str(row) for table in tables for row in await rows(database, f"SELECT * FROM {table.tablename}")]
    log = hooked_server.log()
    for secret in (any_hook.secret, new):
        assert not [text for text in dump if secret.removeprefix("whsec_") in text]
        assert secret.removeprefix("whsec_") not in log
