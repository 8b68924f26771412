"""Passwords for commands, from the terminal or standard input: never from an argument, which `ps` would show."""

import sys
from typing import Annotated

import typer

from tgl_protocol.accounts import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from tgl_server.errors import ServerError

FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def new_password(from_stdin: bool) -> str | None:
    """The new password, its length checked; None without a terminal to ask on and without `from_stdin`."""
    if from_stdin:
        return _checked(sys.stdin.readline().rstrip("\r\n"))
    if not sys.stdin.isatty():
        return None
    prompt = f"Password, {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters"
    while True:
        password = str(typer.prompt(prompt, hide_input=True, err=True))
        try:
            _checked(password)
        except ServerError as error:  # before it is typed a second time
            typer.echo(f"error: {error}", err=True)
            continue
        if typer.prompt("Repeat for confirmation", hide_input=True, err=True) == password:
            return password
        typer.echo("error: the two passwords differ", err=True)


def _checked(password: str) -> str:
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise ServerError(
            f"a password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters, this one {len(password)}"
        )
    return password
