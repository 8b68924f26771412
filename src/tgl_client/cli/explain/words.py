"""The answer of `tgl explain` in lines: the sentence, the clone's part, the evidence, and what to run."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from tgl_client.pushing.whereabouts import Finding, Here, LocalCommit, short
from tgl_client.terminal.words import ago, counted
from tgl_protocol.explain import Evidence, Explanation, FoundCommit, Verdict
from tgl_protocol.leagues import LeagueExplanation, ScoredCopy

_SHORT = 12
_MOST_BRANCHES = 5


def described(
    target: str, explanation: Explanation, here: Here | None, finding: Finding | None, commands: Sequence[str]
) -> list[str]:
    """The lines of an answer."""
    lines = [f"{target}: {explanation.sentence}"]
    if here is not None and here.commit is not None:
        lines.append(f"  here: {_local(here.commit)}")
    if finding is not None:
        lines.append(f"  why: {finding.sentence}")
    elif explanation.causes:
        lines += ["  usually:", *(f"    {cause}" for cause in explanation.causes)]
    if explanation.verdict is not Verdict.HERE or here is None:
        lines += [f"  found: {_found(each)}" for each in explanation.found]
    if explanation.evidence is not None:
        lines += [f"  {line}" for line in _evidence(explanation.evidence, datetime.now(UTC))]
    return [*lines, *(f"  run: {command}" for command in commands)]


def scored(leagues: Mapping[str, LeagueExplanation]) -> list[str]:
    """What leagues say of the commit, some lines for each season and copy."""
    return [line for slug, league in leagues.items() for copy in league.copies for line in _scored(slug, copy)]


def _scored(league: str, copy: ScoredCopy) -> Iterator[str]:
    yield f"  {league}, season {copy.season}, {copy.project}/{copy.repo}: {copy.sentence}"
    if copy.reason is not None:
        yield f"    reason: {copy.reason}"
    if copy.counted_in is not None:
        yield f"    counts in: {copy.counted_in}, as {(copy.counted_sha or '')[:_SHORT]}"
    if copy.rule is not None:
        yield f"    rule: {copy.rule} = {copy.rule_value}"
    points = counted(copy.day_points, "point")
    day = f"{copy.player}'s {copy.day:%a} {copy.day.day} {copy.day:%b %Y}"
    shared = f", shared with {counted(copy.shared_with, 'co-author')}" if copy.shared_with else ""
    without = f"; {copy.day_points_without} without it" if copy.verdict.counts else ""
    yield f"    day: {day}: {points}{without}; it has {counted(copy.value, 'line')} to count{shared}"


def _local(commit: LocalCommit) -> str:
    names = [short(name) for name in commit.branches]
    more = f" and {len(names) - _MOST_BRANCHES} more" if len(names) > _MOST_BRANCHES else ""
    where = f"on {', '.join(names[:_MOST_BRANCHES])}{more}" if names else "on no branch"
    return f"{commit.sha[:_SHORT]} {commit.title}, of {commit.commit_date:%Y-%m-%d %H:%M} UTC, {where}"


def _found(commit: FoundCommit) -> str:
    return f"{commit.sha[:_SHORT]} {commit.message_title}, by {commit.author_name}, in {commit.project}/{commit.repo}"


def _evidence(evidence: Evidence, now: datetime) -> Iterator[str]:
    running = "; a push is running" if evidence.is_running else ""
    yield f"last push that succeeded: {ago(evidence.last_success_at, now)}{running}"
    if evidence.last_error is not None:
        yield f"last failure {ago(evidence.last_error_at, now)}: {evidence.last_error}"
    if evidence.tips:
        tips = ", ".join(f"{short(tip.name)} {tip.sha[:_SHORT]}" for tip in evidence.tips)
        yield f"{counted(evidence.branches, 'branch', 'branches')} recorded there, latest: {tips}"
