"""The server's settings: one frozen Struct, built once at start and passed in.

A field's variable is its name in upper case. `.env.example` lists them all.
"""

from tgl_server.settings.bad_setting import BadSetting
from tgl_server.settings.checks import MIN_SECRET_LENGTH
from tgl_server.settings.hosting import BY_ITSELF, Hosting
from tgl_server.settings.load import ENV_FILE, load_settings
from tgl_server.settings.mail_checks import Security, SmtpServer, mail_sender, smtp_server
from tgl_server.settings.model import (
    Algorithm,
    Environment,
    LogFormat,
    LogLevel,
    MetricsAccess,
    Settings,
    secret_texts,
)
from tgl_server.settings.shown import ShownSetting, Source, shown_settings

__all__ = [
    "BY_ITSELF",
    "ENV_FILE",
    "MIN_SECRET_LENGTH",
    "Algorithm",
    "BadSetting",
    "Environment",
    "Hosting",
    "LogFormat",
    "LogLevel",
    "MetricsAccess",
    "Security",
    "Settings",
    "ShownSetting",
    "SmtpServer",
    "Source",
    "load_settings",
    "mail_sender",
    "secret_texts",
    "shown_settings",
    "smtp_server",
]
