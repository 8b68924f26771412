"""From a letter to a message as RFC 5322 has it.

What people named reaches the subject and the body alone, the subject in one line: a line break in a header would begin
another header, and the standard library refuses it besides.
"""

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

from msgspec import Struct

from tgl_protocol.visible import visible

# Bodies in ASCII, which every mail server passes on as it is.
_POLICY = SMTP.clone(cte_type="7bit")
# Of headers, far below the 998 of RFC 5322. The usual 78 would break a long address in two, as encoded words that no
# reader of List-Unsubscribe understands.
_MAX_HEADER = 900
_MAX_SUBJECT = 200


class CannotBeWritten(Exception):
    """The address is not one that a message can be written to."""


class Mail(Struct, frozen=True, kw_only=True):
    """A mail as it is kept until it is sent; `unsubscribe` is the address of a single click, and empty for none."""

    subject: str
    text: str
    html: str
    unsubscribe: str = ""


def build(mail: Mail, mail_id: UUID, sender: Address, recipient: str, at: datetime) -> bytes:
    """The message as it is sent; the same id makes the same Message-ID, so that one sent twice is recognised. Raises
    `CannotBeWritten`."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = _address(recipient)
    message["Subject"] = visible(mail.subject)[:_MAX_SUBJECT]
    message["Date"] = at
    message["Message-ID"] = f"<{mail_id}@{sender.domain}>"
    # Answers of machines, such as "I am on holiday", are for people.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if mail.unsubscribe:
        # RFC 8058.
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message.as_bytes(policy=_POLICY.clone(max_line_length=_MAX_HEADER, utf8=not recipient.isascii()))


def _address(text: str) -> Address:
    """An e-mail address is checked when it is typed, but only for what nobody means."""
    username, _, domain = text.rpartition("@")
    plain = "".join(each if each.isascii() else "x" for each in text)
    try:
        Address(addr_spec=plain)
    except (ValueError, IndexError, MessageError):
        domain = ""
    if not username or not domain or not text.isprintable():
        raise CannotBeWritten("the address is none that a mail can be written to")
    return Address(username=username, domain=domain)
