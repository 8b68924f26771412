"""Each chat gets its own shape, and no name becomes markup or a mention."""

from typing import Any

import msgspec
import pytest

from tgl_protocol.chat import ChatKind
from tgl_server.chat.payloads import MOST_LINES, payload
from tgl_server.mail.letter import Line

URL = "https://league.example/projects/team"
LINES = [Line("linux", "Failing. 3 of 5 commits refused", "", f"{URL}/repos/linux")]


def made(kind: ChatKind, heading: str = "Team", lines: list[Line] = LINES, url: str = URL) -> Any:
    return msgspec.json.decode(payload(kind, heading, lines, url))


def test_slack() -> None:
    message = made(ChatKind.SLACK)
    assert message["text"] == "Team"
    title, told = (block["text"]["text"] for block in message["blocks"])
    assert title == f"*<{URL}|Team>*"
    assert told == f"• *<{URL}/repos/linux|linux>*: Failing. 3 of 5 commits refused"
    assert {block["text"]["type"] for block in message["blocks"]} == {"mrkdwn"}


def test_teams() -> None:
    (attachment,) = made(ChatKind.TEAMS)["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert [block["type"] for block in card["body"]] == ["TextBlock", "TextBlock"]
    assert card["body"][1]["text"].startswith(f"**[linux]({URL}/repos/linux)**: Failing")
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open the project", "url": URL}]


def test_mattermost_and_discord() -> None:
    text = made(ChatKind.MATTERMOST)["text"]
    assert text.splitlines()[0] == f"**[Team]({URL})**"
    message = made(ChatKind.DISCORD)
    assert message["content"] == text
    assert message["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("kind", list(ChatKind))
def test_no_name_mentions_anybody_or_adds_a_link(kind: ChatKind) -> None:
    nasty = "<!channel> @here [x](https://evil.example) <https://evil.example|y>\r\n\u202e@everyone"
    text = payload(kind, nasty, [Line(nasty, nasty, "", URL)], URL).decode()
    assert "<!channel>" not in text
    assert "@here" not in text
    assert "@everyone" not in text
    assert "<https://evil.example" not in text
    assert "\u202e" not in text
    if kind is not ChatKind.SLACK:
        assert "[x](https://evil.example)" not in text


@pytest.mark.parametrize("kind", list(ChatKind))
def test_a_storm_is_one_message_of_bounded_length(kind: ChatKind) -> None:
    lines = [Line(f"repo-{number}" + "x" * 500, "y" * 5000, "", f"{URL}/repos/{number}") for number in range(200)]
    text = payload(kind, "Team", lines, URL).decode()
    assert len(text) < 12_000
    if kind is not ChatKind.DISCORD:
        assert f"{200 - MOST_LINES} that are not listed here" in text.replace("\\", "")


@pytest.mark.parametrize("kind", list(ChatKind))
def test_without_an_address_there_is_no_link(kind: ChatKind) -> None:
    text = payload(kind, "Team", [Line("linux", "Failing", "", "")], "").decode()
    assert "]()" not in text
    assert "<|" not in text
    assert "linux" in text
