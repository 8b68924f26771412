"""What of a stored commit is no longer as Git has it, since a person was erased."""

from tgl_protocol.stored_commits import StoredCommit
from tgl_server.access.names import ERASED_DOMAIN, FORMER_NAME


def erased_columns(commit: StoredCommit) -> frozenset[str]:
    """The columns in which a name or an address was replaced; empty for nearly every commit."""
    text = commit.message_title + (commit.message_body or "")
    is_erased = {
        ("author_name", "author_email"): commit.author_email.endswith(ERASED_DOMAIN),
        ("committer_name", "committer_email"): commit.committer_email.endswith(ERASED_DOMAIN),
        ("message_title", "message_body"): FORMER_NAME in text,
    }
    return frozenset(name for names, erased in is_erased.items() if erased for name in names)
