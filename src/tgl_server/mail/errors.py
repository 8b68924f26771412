"""The refusal of what needs a mail server."""

from tgl_server.errors import Conflict


class MailIsOff(Conflict):
    """This server sends no mails, as SMTP_URL is not set."""

    code = "mail_is_off"
