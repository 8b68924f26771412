"""Addresses that name nobody, such as `none@none`, which many people's commits have. Pure."""

from typing import Final

# Endings that no mail reaches, as git and systems without a name make them.
_NO_DOMAINS: Final = (".localdomain", ".localhost", ".invalid", ".(none)")
# git's own example, and what a forge writes for whoever hides their address or is no user of it.
_NOBODYS: Final = frozenset({"you@example.com", "noreply@github.com", "noreply@gitlab.com"})


def is_nobodys(email: str) -> bool:
    """True for an address that cannot belong to one person: each name that uses it is then an identity of its own.

    Such an address is empty, or has nothing before or after its `@`, or a domain without a dot, or one that systems
    make up which were given none.
    """
    email = email.lower()
    local, at, domain = email.rpartition("@")
    if not at or not local or "." not in domain.strip("."):
        return True
    return email in _NOBODYS or domain.endswith(_NO_DOMAINS)
