"""Is this answer one that docs/reference/openapi.json promises?

Asked of every answer that the tests get, so whatever they provoke is documented: the status, the media type, the
shape of the body, and with it the `code` of a problem.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs/reference/openapi.json").read_text())

_PATHS = {re.compile(re.sub(r"\{\w+\}", "[^/]+", path)): operations for path, operations in DOCUMENT["paths"].items()}


def check_documented(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Raises AssertionError; what is no operation (an unknown path, another method) promises nothing."""
    operation = _operation(method.lower(), path.partition("?")[0].rstrip("/"))
    if operation is None:
        return
    name = operation["operationId"]
    promised = _resolved(operation["responses"].get(str(status)))
    assert promised is not None, f"{name} answered {status}, which it does not promise: {body[:300]!r}"
    if status == 431 and body == b"":
        return  # Granian's own, as promised
    if "content" not in promised:
        assert body == b"", f"{name} answered {status} with a body"
        return
    media_type = headers.get("Content-Type", "").partition(";")[0]
    assert media_type in promised["content"], f"{name} answered {status} as {media_type!r}"
    if media_type in ("application/json", "application/problem+json"):
        found = next(_validator(name, status, media_type).iter_errors(json.loads(body)), None)
        assert found is None, f"{name} answered {status} with what it does not promise: {found}"
    if media_type == "application/problem+json":
        problem = json.loads(body)
        assert problem["status"] == status
        assert problem["code"] in promised["content"][media_type]["examples"], f"{name} does not promise {problem}"


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for pattern, operations in _PATHS.items():
        if pattern.fullmatch(path):
            found: dict[str, Any] | None = operations.get(method)
            return found
    return None


def _resolved(response: dict[str, Any] | None) -> dict[str, Any] | None:
    if response is None or "$ref" not in response:
        return response
    shared: dict[str, Any] = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return shared


@cache
def _validator(operation_id: str, status: int, media_type: str) -> Any:
    operations = (each for methods in DOCUMENT["paths"].values() for each in methods.values())
    operation = next(each for each in operations if each["operationId"] == operation_id)
    response = _resolved(operation["responses"][str(status)])
    assert response is not None
    schema = {**response["content"][media_type]["schema"], "components": DOCUMENT["components"]}
    return jsonschema_rs.validator_for(schema, validate_formats=True)
