"""A message in the shape of each chat. Pure: no chat gets markup or mentions out of a name that somebody chose."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from tgl_protocol.chat import ChatKind
from tgl_protocol.visible import visible
from tgl_server.mail.letter import Line

#: Lines of one message, and characters of a line: chats refuse what is much longer.
MOST_LINES: Final = 15
_MOST_CHARACTERS: Final = 150
_DISCORD_CHARACTERS: Final = 1900
_SLACK_CHARACTERS: Final = 2900
_CARD_VERSION: Final = "1.4"
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~])")
_MENTION: Final = "@\u200b"


def payload(kind: ChatKind, heading: str, lines: Sequence[Line], url: str) -> bytes:
    """The body of the request; what is over `MOST_LINES` is counted."""
    shown = [_cut(line) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(Line("And more", f"{len(lines) - MOST_LINES} that are not listed here."))
    return msgspec.json.encode(_SHAPES[kind](visible(heading)[:_MOST_CHARACTERS], shown, url))


def _cut(line: Line) -> Line:
    return Line(visible(line.subject)[:_MOST_CHARACTERS], visible(line.sentence)[:_MOST_CHARACTERS], "", line.url)


def _slack(heading: str, lines: Sequence[Line], url: str) -> dict[str, Any]:
    """https://api.slack.com/messaging/webhooks: `text` is for notifications, blocks for the channel."""
    told = [f"• {_told(line, _slack_link, _slack_text)}" for line in lines]
    texts = [_slack_link(_slack_text(heading), url), *_pieces(told, _SLACK_CHARACTERS)]
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in texts]
    return {"text": _slack_text(heading), "blocks": blocks, "unfurl_links": False}


def _slack_link(text: str, url: str) -> str:
    return f"*<{url}|{text}>*" if url else f"*{text}*"


def _slack_text(text: str) -> str:
    """Slack takes `<` for links and mentions, which its three escapes end; layout such as `*` harms nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", _MENTION)


def _mattermost(heading: str, lines: Sequence[Line], url: str) -> dict[str, Any]:
    return {"text": _markdown(heading, lines, url)}


def _discord(heading: str, lines: Sequence[Line], url: str) -> dict[str, Any]:
    text = _markdown(heading, lines, url)
    return {"content": text[:_DISCORD_CHARACTERS], "allowed_mentions": {"parse": []}, "flags": 4}


def _markdown(heading: str, lines: Sequence[Line], url: str) -> str:
    told = [f"- {_told(line, _link, _plain)}" for line in lines]
    return "\n".join([_link(_plain(heading), url), *told])


def _link(text: str, url: str) -> str:
    return f"**[{text}]({url})**" if url else f"**{text}**"


def _told(line: Line, link: Callable[[str, str], str], write: Callable[[str], str]) -> str:
    """A line, with its subject as a link where it has one."""
    return f"{link(write(line.subject), line.url)}: {write(line.sentence)}" if line.subject else write(line.sentence)


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text).replace("@", _MENTION)


def _teams(heading: str, lines: Sequence[Line], url: str) -> dict[str, Any]:
    """An Adaptive Card, as workflows of Teams and its older connectors take it."""
    title = {"type": "TextBlock", "text": _plain(heading), "weight": "Bolder", "size": "Medium", "wrap": True}
    told = [{"type": "TextBlock", "text": _told(line, _link, _plain), "wrap": True} for line in lines]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": _CARD_VERSION,
        "body": [title, *told],
    }
    if url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open the project", "url": url}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _pieces(lines: Sequence[str], most: int) -> list[str]:
    """The lines in as few texts as a limit of characters allows."""
    pieces: list[str] = []
    for line in lines:
        if pieces and len(pieces[-1]) + len(line) < most:
            pieces[-1] += f"\n{line}"
        else:
            pieces.append(line[:most])
    return pieces


_SHAPES: Final[dict[ChatKind, Callable[[str, Sequence[Line], str], dict[str, Any]]]] = {
    ChatKind.SLACK: _slack,
    ChatKind.TEAMS: _teams,
    ChatKind.MATTERMOST: _mattermost,
    ChatKind.DISCORD: _discord,
}
