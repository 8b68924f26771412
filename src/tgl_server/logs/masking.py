"""Masking of secrets in texts that are kept: the last line of defence, as no code should write them at all.

Each pattern takes linear time, since anybody may send 64 KB of its worst case: a repetition never gives back what it
took (possessive quantifiers), and two attempts never read the same characters.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

# The underscores may be percent-encoded, as in a path.
_KEY = re.compile(r"(tgl(?:_|%5F)[A-Za-z0-9]{8})(?:_|%5F)[A-Za-z0-9]++", re.IGNORECASE)
# Refresh tokens, the tokens of one-time links, and the codes with which devices ask for their key.
_RANDOM_TOKEN = re.compile(r"tgl[rld](?:_|%5F)[A-Za-z0-9_-]++", re.IGNORECASE)
# Secrets of webhooks, in the form of Standard Webhooks; Base64 may be percent-encoded.
_WEBHOOK_SECRET = re.compile(r"whsec(?:_|%5F)[A-Za-z0-9+/=%_-]++", re.IGNORECASE)
# A whole run of a token's characters; plain search finds a JWT in it.
_TOKEN_CHARACTERS = re.compile(r"[A-Za-z0-9_.-]{12,}+")
_JWT_START = "eyJ"
_URL_PASSWORD = re.compile(r"(://[^:/@\s]{0,200}+):[^@/\s]{1,1000}+@")
_DSN_PASSWORD = re.compile(r"(password=)[^\s'\"&]++", re.IGNORECASE)

# The limit of a text that a client chose: nothing longer is useful to readers of a log.
_MOST_CHARACTERS = 1000
_ENCODINGS = 3


def mask_secrets(text: str, secrets: Sequence[str] = ()) -> str:
    """The text with API keys cut to their prefix, and tokens, passwords in addresses and given secrets replaced."""
    if "tgl" in text or "TGL" in text:
        text = _RANDOM_TOKEN.sub("***", _KEY.sub(r"\1_***", text))
    if "whsec" in text:
        text = _WEBHOOK_SECRET.sub("***", text)
    if _JWT_START in text:
        text = _TOKEN_CHARACTERS.sub(_mask_jwt, text)
    if "://" in text:
        text = _URL_PASSWORD.sub(r"\1:***@", text)
    if "assword=" in text:
        text = _DSN_PASSWORD.sub(r"\1***", text)
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def mask_client_text(text: str, most: int = _MOST_CHARACTERS) -> str:
    """A client's text, cut to `most` characters and then masked, even if it is percent-encoded several times."""
    text = mask_secrets(text[:most])
    plain = text
    for _ in range(_ENCODINGS):
        plain = unquote(plain)
    masked = mask_secrets(plain)
    return text if masked == plain else quote(masked, safe="/*")


def _mask_jwt(run: re.Match[str]) -> str:
    text = run[0]
    start = text.find(_JWT_START)
    return f"{text[:start]}***" if start >= 0 and "." in text[start:] else text
