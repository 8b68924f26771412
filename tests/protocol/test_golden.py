"""The wire as it must stay: JSON written down, read and made by the structs."""

import json
from typing import Any

import msgspec
import pytest

from tgl_protocol.commits import MissingResult, PushBatch, PushResult, RefsResult, RefsUpdate, RepoStatus, RunPage
from tgl_protocol.events import CommitsStored, RunEnded, SeasonEvent, StreamedEvent
from tgl_protocol.joining import MailmapDiff
from tgl_protocol.league_changes import RepoWishes, RulesPreview
from tgl_protocol.league_digest import DigestLine
from tgl_protocol.league_players import DayCommit, OwnEntry, OwnEntryChange, PlayerDay, PlayerWeek
from tgl_protocol.leagues import VERDICT_SENTENCES, CommitVerdict, Place
from tgl_protocol.players import ClaimInfo, IdentityInfo, OwnPlayerChange, PlayerInfo, Split
from tgl_protocol.problem import Problem
from tgl_protocol.seals import SealInfo

SHA = "0123456789abcdef0123456789abcdef01234567"
REPO = "01890a5d-ac96-774b-bcce-b302099a8057"
DIGEST = "b" * 64
AT = "2026-01-02T12:00:00+01:00"

GOLDEN: dict[type, dict[str, Any]] = {
    Place: {
        "rank": 2,
        "is_tied": True,
        "player_id": REPO,
        "name": "Ada",
        "is_provisional": False,
        "points": 58,
        "week_points": [39, 19],
        "weeks": 2,
        "days": 6,
        "best_week": 39,
        "change": -1,
        "is_me": True,
    },
    PlayerWeek: {
        "week": 1,
        "starts": "2026-01-05",
        "points": 39,
        "days": 5,
        "changes": 10,
        "value": 300,
        "is_kept": True,
    },
    PlayerDay: {"day": "2026-01-06", "week": 1, "points": 13, "changes": 2, "value": 60, "is_kept": True},
    OwnEntryChange: {"badge": True},
    OwnEntry: {"player_id": REPO, "badge": True, "badge_path": f"/api/v1/leagues/premier/players/{REPO}/badge.svg"},
    DayCommit: {
        "sha": SHA,
        "project": "platform-team",
        "repo": "linux",
        "verdict": "counted",
        "sentence": "It counts, on the day of its author date.",
        "additions": 30,
        "deletions": 12,
        "value": 42,
        "arrived_at": AT,
    },
    DigestLine: {
        "kind": "debut",
        "sentence": "Ada Lovelace had a debut.",
        "player_ids": [REPO],
    },
    SeasonEvent: {"league": "premier", "season": 1, "week": None, "sha256": DIGEST},
    StreamedEvent: {
        "id": REPO,
        "type": "repo.stale",
        "at": AT,
        "project_id": REPO,
        "repo_id": REPO,
        "data": {"last_success_at": AT, "cadence_seconds": 86400, "error": None},
    },
    RunEnded: {
        "run_id": REPO,
        "source": "push",
        "state": "done",
        "total": 3,
        "inserted": 2,
        "skipped": 1,
        "errors": 0,
        "started_at": AT,
        "error": None,
    },
    CommitsStored: {"run_id": REPO, "count": 2, "first_sha": SHA, "last_sha": SHA},
    PushBatch: {
        "commits": [
            {
                "sha": SHA,
                "author_name": "Ada",
                "author_email": "ada@example.com",
                "committer_name": "Grace",
                "committer_email": "grace@example.com",
                "commit_date": AT,
                "message_title": "title",
                "additions": 42,
                "deletions": 15,
                "files_changed": 3,
                "is_merge": False,
                "parent_count": 1,
                "message_body": None,
                "author_date": AT,
                "parents": [SHA],
                "generated_additions": 12,
                "generated_deletions": 0,
                "generated_rules": "builtin-1",
            }
        ],
        "client_version": "0.1.0",
    },
    PushResult: {
        "total": 3,
        "inserted": 1,
        "skipped": 1,
        "errors": 1,
        "last_ingested_sha": SHA,
        "details": [{"sha": SHA, "inserted": True, "error": None}],
    },
    RepoWishes: {"items": [{"repo_id": REPO, "counts_from": "2026-01-05", "dates_trusted_until": AT}]},
    RulesPreview: {
        "sha256": DIGEST,
        "season": 1,
        "starts": "2026-01-05",
        "weeks": 12,
        "commits": 9,
        "players": 2,
        "late_percent": 30,
        "proposed_grace_days": 14,
        "moved": [
            {
                "player_id": REPO,
                "name": "Ada",
                "rank_before": None,
                "rank_after": 1,
                "points_before": 0,
                "points_after": 13,
            }
        ],
    },
    SealInfo: {
        "seq": 2,
        "kind": "amend",
        "week": 1,
        "sha256": DIGEST,
        "previous": "a" * 64,
        "at": AT,
        "actor_id": REPO,
        "reason": "Generated",
        "changes": [{"player_id": REPO, "name": "Ada", "points_before": 13, "points_after": 0}],
    },
    MissingResult: {"missing": [SHA]},
    RefsUpdate: {
        "refs": {"refs/heads/main": SHA, "refs/heads/merged": None},
        "last_removal": 0,
        "head": "refs/heads/main",
    },
    RefsResult: {"refs": {"refs/heads/main": SHA}, "refs_total": 1, "refs_digest": DIGEST},
    RepoStatus: {
        "repo_id": REPO,
        "status": "healthy",
        "last_sync_at": AT,
        "last_ingested_sha": SHA,
        "total_commits": 1,
        "error_message": None,
        "refs": {"refs/heads/main": SHA},
        "last_attempt_at": AT,
        "last_success_at": AT,
        "stale": False,
        "last_error_at": AT,
        "last_error": "interrupted",
        "expected_cadence_seconds": None,
        "learned_cadence_seconds": 86_400,
        "roots": [SHA],
        "refs_total": 1,
        "refs_digest": DIGEST,
        "last_removal": 0,
        "behind_since": None,
    },
    RunPage: {
        "items": [
            {
                "id": REPO,
                "state": "done",
                "started_at": AT,
                "last_batch_at": AT,
                "finished_at": AT,
                "batches": 1,
                "total": 3,
                "inserted": 1,
                "skipped": 1,
                "errors": 1,
                "client_version": "0.1.0",
                "key_prefix": "tgl_AAAAAAAA",
                "error_message": None,
                "source": "push",
                "phase": None,
            }
        ],
        "next_cursor": None,
    },
    ClaimInfo: {
        "id": REPO,
        "email": "ada@example.com",
        "name": "",
        "evidence": "my laptop's address",
        "state": "approved",
        "created_at": AT,
        "user_id": REPO,
        "user": "Ada",
        "belongs_to": None,
        "decided_at": AT,
        "reason": "she showed me",
    },
    IdentityInfo: {
        "id": REPO,
        "email": "none@none",
        "name": "Ada",
        "names": ["Ada"],
        "kind": "unknown",
        "is_bot": False,
        "source": "claim",
        "player_id": REPO,
        "player": "Ada",
        "is_claimed": True,
    },
    PlayerInfo: {
        "id": REPO,
        "name": "Ada",
        "kind": "person",
        "state": "provisional",
        "visibility": "shown",
        "has_account": False,
        "identities": 1,
    },
    OwnPlayerChange: {"visibility": "pseudonym", "shown_name": "Enchantress"},
    Split: {"identities": [], "event": 7, "reason": "two people"},
    MailmapDiff: {
        "digest": DIGEST,
        "moves": [
            {
                "line": 2,
                "email": "ada@example.com",
                "name": "",
                "from_player": "ada",
                "to_player": "Ada",
                "problem": None,
            }
        ],
        "unreadable": [5],
        "event": 7,
    },
    Problem: {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "Nothing was stored.",
        "code": "invalid_commits",
        "request_id": "1",
        "errors": [{"message": "Expected a whole number of at least 0", "index": 1, "sha": SHA, "field": "additions"}],
    },
}


@pytest.mark.parametrize("struct", GOLDEN, ids=lambda struct: struct.__name__)
def test_the_wire_stays_as_it_is(struct: type) -> None:
    golden = GOLDEN[struct]
    value: object = msgspec.json.decode(json.dumps(golden), type=struct)
    assert json.loads(msgspec.json.encode(value)) == golden


@pytest.mark.parametrize("field", ["author_date", "parents", "message_body", "is_merge", "parent_count"])
def test_an_optional_field_may_be_left_out(field: str) -> None:
    golden = json.loads(json.dumps(GOLDEN[PushBatch]))
    del golden["commits"][0][field]
    batch = msgspec.json.decode(json.dumps(golden), type=PushBatch)
    assert getattr(batch.commits[0], field) is None


def test_each_verdict_of_a_league_has_its_sentence() -> None:
    assert VERDICT_SENTENCES == {
        "struck": "A commissioner struck this change, with all its copies; the reason is shown beside it.",
        "before_repo": "It is dated before the day from which its repository counts.",
        "merge": "It is a merge, which has no lines of its own.",
        "opted_out": "Its player does not take part in this season.",
        "bot": "Its author is a bot, by its name, its address, or because somebody said so.",
        "empty": "It changes no file.",
        "revert": "It is a revert, or takes a revert back, by its title.",
        "not_landed": "It is not on the default branch yet, and counts on the day on which it gets there.",
        "too_late": "It arrived too late: its week was closed, and the rules or the season's end leave no day.",
        "copy": "It is a copy of a change that counts elsewhere, once.",
        "future": "It counts, on the day on which it arrived: the clock that dated it was ahead.",
        "late": "It counts, among the seven days before its arrival: its own week was closed.",
        "counted": "It counts, on the day of its author date.",
    }
    assert set(VERDICT_SENTENCES) == set(CommitVerdict)
