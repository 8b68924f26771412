"""Which identities are bots, by patterns of names and addresses. Pure."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from tgl_protocol.players import IdentityKind

#: Names and addresses of bots, and of assistants that write commits or are named in them.
PATTERNS: Final = (
    "*[bot]*", "*-bot", "* bot", "*@anthropic.com", "*@openai.com", "*@cursor.*", "copilot", "github copilot",
    "*+copilot@users.noreply.github.com", "dependabot*", "renovate*", "github-actions*", "*-ci", "*@bots.*",
)  # fmt: skip


@cache
def _written(pattern: str) -> re.Pattern[str]:
    """Of a pattern only `*` is special: `[bot]` means these five characters."""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE | re.DOTALL)


def matches(patterns: Iterable[str], email: str, name: str) -> bool:
    """True if a pattern matches the whole name, the whole address, or what is before its `@`."""
    texts = (name, email, email.partition("@")[0])
    return any(_written(pattern).fullmatch(text) for pattern in patterns for text in texts)


def is_bot(kind: IdentityKind, email: str, name: str, patterns: Iterable[str] = PATTERNS) -> bool:
    """True for a bot: what somebody has said counts before the patterns."""
    if kind is IdentityKind.UNKNOWN:
        return matches(patterns, email, name)
    return kind is IdentityKind.BOT
