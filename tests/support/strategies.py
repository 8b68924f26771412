"""Commits of every kind, drawn by Hypothesis."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
shas = st.binary(min_size=20, max_size=20).map(bytes.hex)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
dates = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 -- the bounds are naive by the strategy's definition
    datetime(9999, 12, 30),  # noqa: DTZ001
).flatmap(lambda date: (zones | st.just(UTC) | st.none()).map(lambda zone: date.replace(tzinfo=zone).isoformat()))
counts = st.integers(0, 2**31 - 1)

commits = st.fixed_dictionaries(
    {
        "sha": shas,
        **dict.fromkeys(["author_name", "author_email", "committer_name", "committer_email", "message_title"], texts),
        "commit_date": dates,
        "message_body": st.none() | texts,
        **dict.fromkeys(["additions", "deletions", "files_changed", "parent_count"], counts),
        "is_merge": st.booleans(),
    },
    optional={
        "author_date": dates,
        "parents": st.none() | st.lists(shas, max_size=3),
        "generated_additions": counts,
        "generated_deletions": counts,
        "generated_rules": st.sampled_from(["builtin-1", "builtin-1+attributes"]),
    },
)
