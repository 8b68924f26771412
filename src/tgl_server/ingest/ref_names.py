"""Rules for the refs of a request: which names can be recorded, and that a tip is a sha. Pure."""

import re
from collections.abc import Mapping

from tgl_protocol.problem import FieldError
from tgl_server import errors
from tgl_server.http.text_rules import is_storable, shown_name
from tgl_server.ingest.encode import BadCommit, decode_sha

# Git allows less, and the characters beyond ASCII are its users' own.
_REF_NAME = re.compile(r"refs(?:/[^\x00-\x20\x7f/]+)+")


def check_refs(refs: Mapping[str, str | None]) -> None:
    """Refuse to set what is no full ref name: `main` would be a second branch beside `refs/heads/main`.

    Any name may be deleted, as there may be older ones. A detached HEAD is recorded as `HEAD`.
    """
    faults = {name: ref_fault(name, is_set=sha is not None) or _sha_fault(sha) for name, sha in refs.items()}
    reasons = [FieldError(fault, sha=refs[name], field=name) for name, fault in faults.items() if fault]
    if reasons:
        raise errors.InvalidBody(errors=reasons)


def check_head(name: str | None) -> None:
    """Refuse a default branch that is no branch."""
    if name is None:
        return
    fault = ref_fault(name, is_set=True)
    if fault is None and not name.startswith("refs/heads/"):
        fault = "Expected a branch, like refs/heads/main"
    if fault is not None:
        raise errors.InvalidBody(errors=[FieldError(fault, field="head")])


def ref_fault(name: str, *, is_set: bool) -> str | None:
    """The fault of a ref's name; one that is deleted may be any that can be stored."""
    if not is_storable(name):
        return "A ref name cannot contain U+0000"
    if not is_set or name == "HEAD":
        return None
    if not name.startswith("refs/"):
        return f"Expected a full ref name like refs/heads/{shown_name(name).strip('/') or 'main'}"
    return None if _REF_NAME.fullmatch(name) else "A ref name has no empty part, no space and no control character"


def _sha_fault(sha: str | None) -> str | None:
    try:
        if sha is not None:
            decode_sha(sha)
    except BadCommit as error:
        return str(error)
    return None
