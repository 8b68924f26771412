"""What to send, and what may be recorded: without a repository and without a server."""

from hypothesis import given
from hypothesis import strategies as st

from tgl_client.pushing.plan import chunks, in_order, plan_walk, refs_to_record

A, B, C = "a" * 40, "b" * 40, "c" * 40

shas = st.integers(0, 6).map(lambda number: f"{number:040x}")
refs = st.dictionaries(st.sampled_from(["refs/heads/main", "refs/heads/x", "refs/heads/y"]), shas)


def test_equal_tips_need_neither_a_walk_nor_a_request() -> None:
    assert plan_walk({"refs/heads/main": A}, {"refs/heads/main": A}, server_is_empty=False).nothing_new


def test_a_new_branch_at_a_recorded_commit_is_recorded_without_a_walk() -> None:
    plan = plan_walk({"refs/heads/main": A, "refs/heads/x": A}, {"refs/heads/main": A}, server_is_empty=False)
    assert (plan.walk_from, plan.to_record) == ((), {"refs/heads/x": A})


def test_a_moved_branch_is_walked_down_to_what_is_recorded() -> None:
    plan = plan_walk({"refs/heads/main": B}, {"refs/heads/main": A, "refs/heads/other": C}, server_is_empty=False)
    assert (plan.walk_from, plan.hidden) == ((B,), (A, C))


def test_an_empty_server_is_not_asked_what_is_missing() -> None:
    assert not plan_walk({"refs/heads/main": A}, {}, server_is_empty=True).ask_missing


def test_a_recheck_trusts_no_record() -> None:
    plan = plan_walk({"refs/heads/main": A}, {"refs/heads/main": A}, server_is_empty=True, recheck=True)
    assert (plan.walk_from, plan.hidden, plan.ask_missing) == ((A,), (), True)


def test_a_repository_without_branches_has_nothing_new() -> None:
    assert plan_walk({}, {"refs/heads/main": A}, server_is_empty=False).nothing_new


def test_after_a_gap_only_tips_that_needed_no_walk_are_recorded() -> None:
    tips = {"refs/heads/main": B, "refs/heads/x": A}
    plan = plan_walk(tips, {"refs/heads/main": A}, server_is_empty=False)
    assert refs_to_record(plan, complete=True) == tips
    assert refs_to_record(plan, complete=False) == {"refs/heads/x": A}


@given(tips=refs, recorded=refs)
def test_every_tip_is_recorded_known_or_walked(tips: dict[str, str], recorded: dict[str, str]) -> None:
    plan = plan_walk(tips, recorded, server_is_empty=False)
    assert set(tips.values()) <= set(plan.hidden) | set(plan.walk_from)
    assert recorded | refs_to_record(plan, complete=True) == recorded | tips


@given(st.lists(st.binary(min_size=20, max_size=20), unique=True), st.integers(1, 5))
def test_chunks_and_order_lose_nothing(walked: list[bytes], size: int) -> None:
    parts = list(chunks(walked, size))
    assert all(0 < len(part) <= size for part in parts)
    asked = [sha for part in parts for sha in part]
    assert in_order(walked, set(asked[::2])) == [bytes.fromhex(sha) for sha in asked[::2]]
