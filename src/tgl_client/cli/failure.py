"""What an exception at the edge of a command becomes: a sentence, a hint and an exit code, never a traceback."""

import sys
from contextlib import suppress
from typing import cast

import typer

from tgl_client.errors import TglError, UsageError
from tgl_client.exit_codes import ExitCode
from tgl_client.settings.files import refusal
from tgl_client.terminal.output import failure_document, print_json, print_problem

# Typer has a copy of Click, whose errors have no public name but this one, and its base classes.
_WRONG_COMMAND_LINE = cast(
    "type[typer.BadParameter]", next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
)


def tell(error: Exception, *, as_json: bool = False) -> ExitCode:
    """Print what happened and return the exit code; an exception that nobody foresaw is a fault of ours.

    With `as_json` the same is a document on standard output, for a program that reads nothing else.
    """
    problem = _in_our_words(error)
    with suppress(OSError, ValueError):  # what was said before it, which a file or a pipe has not got yet
        sys.stdout.flush()
    if isinstance(error, _WRONG_COMMAND_LINE):
        error.show()  # with the usage of the command
    else:
        print_problem(problem)
    if as_json:
        with suppress(OSError, ValueError):  # a full disk, or closed: there is nobody to tell
            print_json(failure_document(problem))
            sys.stdout.flush()
    return problem.exit_code


def _in_our_words(error: Exception) -> TglError:
    if isinstance(error, OSError | UnicodeError):
        return refusal(error)
    if isinstance(error, typer.Abort):
        return UsageError("no answer was given")
    if isinstance(error, _WRONG_COMMAND_LINE):
        return UsageError(error.format_message())
    if isinstance(error, TglError):
        return error
    return TglError(
        f"tgl itself failed: {type(error).__name__}: {error}",
        hint="please report it with what `--debug` shows, added to the command",
    )
