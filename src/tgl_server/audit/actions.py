"""The base of all features' audit actions, and the outcomes."""

from enum import StrEnum


class AuditAction(StrEnum):
    """An action, named `resource:what_happened`; each feature has some in its `actions.py` and its `Feature`."""


class AuditOutcome(StrEnum):
    SUCCESS = "success"
    REFUSED = "refused"
