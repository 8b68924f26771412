"""Where a command gets a password from: the terminal or standard input, never an argument that `ps` would show."""

import sys
from typing import Annotated

import typer

from tgl_protocol.accounts import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from tgl_server.errors import ServerError

FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def new_password(from_stdin: bool) -> str | None:
    """A password that is long enough; None where there is neither a terminal nor standard input to read."""
    if from_stdin:
        return _checked(sys.stdin.readline().rstrip("\r\n"))
    if not sys.stdin.isatty():
        return None
    return _checked(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _checked(password: str) -> str:
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise ServerError(
            f"a password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters, this one {len(password)}"
        )
    return password
