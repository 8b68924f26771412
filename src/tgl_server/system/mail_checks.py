"""Whether mails leave this server: a pure function of their state."""

from typing import Final

from tgl_server.mail.state import MailServerState
from tgl_server.system.check import Check, Level

_NOTABLE_SECONDS: Final = 15 * 60


def mail_check(mail: MailServerState) -> Check:
    """One line about the mail server and what waits for it."""
    waiting = mail.waiting
    if mail.problem is not None:
        remedy = "Start it, or correct SMTP_URL and restart the server; what waits is sent for three days."
        finding = f"The mail server cannot be used: {mail.problem}; {_wait(waiting.number)}"
        return Check("Mail", Level.BAD, finding, remedy)
    if waiting.seconds > _NOTABLE_SECONDS:
        reason = f" ({waiting.last_error})" if waiting.last_error else ""
        finding = f"{_wait(waiting.number)}, the oldest for {waiting.seconds / 60:.0f} minutes{reason}"
        return Check("Mail", Level.WARN, finding, "Look for mail_not_sent in the log, and at the mail server's own.")
    return Check("Mail", Level.OK, f"The mail server answers; {_wait(waiting.number)}")


def _wait(number: int) -> str:
    return "1 mail waits" if number == 1 else f"{number} mails wait"
