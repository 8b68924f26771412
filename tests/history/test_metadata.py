"""What a commit object says, as git reads it, in text and dates that every database takes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reference import read_all
from tests.support.repositories import add_commit, empty_repository, git, raw_commit
from tgl_history import Engine
from tgl_history.metadata import parents_of, parse_commit
from tgl_history.stat import NO_CHANGE
from tgl_protocol.commits import Commit, PushBatch

SHA = bytes(20)
LATIN_1 = "José".encode("latin-1")


def parse(
    *,
    author: bytes = b"A <a@example.com> 1 +0000",
    committer: bytes = b"C <c@example.com> 1 +0000",
    headers: bytes = b"",
    message: bytes = b"Title\n",
) -> Commit:
    """A commit object of these parts, read."""
    raw = b"tree %s\nauthor %s\ncommitter %s\n%s\n%s" % (b"0" * 40, author, committer, headers, message)
    return parse_commit(SHA, raw, parents_of(raw), NO_CHANGE)


IDENTS = {
    "plain": b"A U Thor <a@example.com> 1700000000 +0100",
    "no name": b"<a@example.com> 1700000000 +0100",
    "no name but a space": b" <a@example.com> 1700000000 +0100",
    "no address": b"A U Thor <> 1700000000 +0100",
    "nothing": b"<> 1700000000 +0100",
    "no brackets": b"A U Thor a@example.com 1700000000 +0100",
    "an open bracket": b"A U Thor <a@example.com 1700000000 +0100",
    "brackets in the name": b"A <U> Thor <a@example.com> 1700000000 +0100",
    "brackets in the address": b"A <a@<b>example.com> 1700000000 +0100",
    "spaces around": b"  A U  Thor   <  a@example.com > 1700000000 +0100",
    "swapped": b"a@example.com <A U Thor> 1700000000 +0100",
    "an upper-case address": b"A <A@Example.COM> 1700000000 +0100",
    "no date": b"A <a@example.com>",
    "no date but a space": b"A <a@example.com> ",
    "a negative date": b"A <a@example.com> -1700000000 +0100",
    "a date in words": b"A <a@example.com> yesterday",
    "empty": b"",
}

MESSAGES = {
    "empty": b"",
    "only newlines": b"\n\n\n",
    "one line": b"Title",
    "title and body": b"Title\n\nBody\n",
    "a long first paragraph": b"One\ntwo \n  three\n\nBody",
    "leading blank lines": b"\n \n\nTitle\n\nBody\n",
    "many blank lines between": b"Title\n\n\n\n  Body\n\nMore\n\n\n",
    "a blank line of spaces": b"Title\n  \t\nBody\n",
    "carriage returns": b"Title\r\n\r\nBody\r\nmore\r\n",
    "a title of spaces": b"   \n\nBody\n",
    "an indented title": b"   Title\n\n\tBody",
    "trailing spaces": b"Title   \n\nBody   ",
}


def as_git_reads(path: Path, sha: str, *fields: str) -> list[str]:
    return git(path, "log", "-1", f"--format={'%x01'.join(fields)}", sha).decode().split("\x01")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_repository(tmp_path_factory.mktemp("metadata") / "repo")


@pytest.mark.parametrize("name", IDENTS)
def test_a_person_is_read_as_git_reads_it(repository: Path, name: str) -> None:
    raw = raw_commit(repository, author=IDENTS[name], committer=IDENTS[name])
    sha = add_commit(repository, raw)
    found = parse_commit(bytes.fromhex(sha), raw, [], NO_CHANGE)
    people = [found.author_name, found.author_email, found.committer_name, found.committer_email]
    assert people == as_git_reads(repository, sha, "%an", "%ae", "%cn", "%ce")
    dated = "" if found.author_date is None else str(int(found.author_date.timestamp()))
    assert [dated] == as_git_reads(repository, sha, "%at")


@pytest.mark.parametrize("name", MESSAGES)
def test_title_and_body_are_split_as_git_splits_them(repository: Path, name: str) -> None:
    raw = raw_commit(repository, message=MESSAGES[name])
    sha = add_commit(repository, raw)
    found = parse_commit(bytes.fromhex(sha), raw, [], NO_CHANGE)
    title, body = as_git_reads(repository, sha, "%s", "%b")
    assert (found.message_title, found.message_body) == (title, body.rstrip("\r\n") or None)


def test_of_two_author_lines_the_last_counts_as_for_git(repository: Path) -> None:
    raw = raw_commit(repository, headers=b"author Second <second@example.com> 1600000000 +0000\n")
    sha = add_commit(repository, raw)
    found = parse_commit(bytes.fromhex(sha), raw, [], NO_CHANGE)
    assert [found.author_name, found.author_email] == as_git_reads(repository, sha, "%an", "%ae")
    assert found.author_name == "Second"


def test_text_in_a_signature_is_no_header() -> None:
    found = parse(headers=b"gpgsig -----BEGIN\n author X <x@example.com> 5 +0000\n encoding latin1\n -----END\n")
    assert found.author_name == "A"


@pytest.mark.parametrize(
    ("declared", "raw", "text"),
    [
        ("", "José".encode(), "José"),
        ("", LATIN_1, "José"),
        ("ISO-8859-1", LATIN_1, "José"),
        ("UTF-8", LATIN_1, "José"),
        ("UTF-8", "José".encode(), "José"),
        ("ascii", "José".encode(), "José"),
        ("windows-1251", "Привет".encode("cp1251"), "Привет"),
        ("EUC-JP", "日本".encode("euc_jp"), "日本"),
        ("EUC-JP", "日本".encode(), "日本"),
        ("GB18030", "中文".encode("gb18030"), "中文"),
        ("no-such-encoding", "José".encode(), "José"),
        ("rot13", b"abc", "abc"),
        ("hex", b"6162", "6162"),
        ("punycode", b"abc-", "abc-"),
        ("unicode_escape", rb"\ud800", r"\ud800"),
        ("utf-7", b"+2AA-", "+2AA-"),
        ("utf-16", b"ab", "ab"),
        ("UTF-16", b"Jane Doe", "Jane Doe"),
        ("UTF-16BE", "José".encode(), "José"),
        ("UTF-32", b"Jane Doe", "Jane Doe"),
        ("cp037", b"Jane Doe", "Jane Doe"),
        ("../../etc/passwd", b"abc", "abc"),
        ("x" * 10_000, b"abc", "abc"),
    ],
)
def test_the_declared_encoding_is_tried_strictly_then_utf_8_then_latin_1(declared: str, raw: bytes, text: str) -> None:
    headers = f"encoding {declared}\n".encode() if declared else b""
    found = parse(author=raw + b" <a@example.com> 1 +0000", headers=headers, message=raw)
    assert (found.author_name, found.message_title) == (text, text)


def test_names_and_message_may_be_encoded_differently() -> None:
    found = parse(author=LATIN_1 + b" <a@example.com> 1 +0000", message="日本".encode())
    assert (found.author_name, found.message_title) == ("José", "日本")


def test_a_message_ends_at_a_nul() -> None:
    found = parse(message=b"Title\n\nBody\0rest")
    assert (found.message_title, found.message_body) == ("Title", "Body")


def test_text_is_cut_at_the_limits_between_characters() -> None:
    long = "\N{GRINNING FACE}".encode() * 70_000
    found = parse(author=long + b" <" + long + b"> 1 +0000", message=long + b"\n\n" + long)
    cut = [found.author_name, found.author_email, found.message_title, found.message_body or ""]
    assert [len(text) for text in cut] == [255, 320, 500, 65_536]
    assert set("".join(cut)) == {"\N{GRINNING FACE}"}


def test_a_message_of_one_line_of_twenty_million_characters_is_cut() -> None:
    assert parse(message=b"x" * 20_000_000).message_title == "x" * 500


@pytest.mark.parametrize(
    ("date", "instant", "hours"),
    [
        (b"1700000000 +0530", 1_700_000_000, 5.5),
        (b"1700000000 -0330", 1_700_000_000, -3.5),
        (b"1700000000 +1400", 1_700_000_000, 14),
        (b"1700000000 -13068837", 1_700_000_000, -14),
        (b"1700000000 +9999", 1_700_000_000, 14),
        (b"1700000000 +051800", 1_700_000_000, 14),
        (b"1700000000 -" + b"9" * 5000, 1_700_000_000, -14),
        (b"1700000000", 1_700_000_000, 0),
        (b"0 +0000", 0, 0),
        (b"0 -1400", 0, -14),
        (b"4294967296 +0000", 4_294_967_296, 0),
        (b"5745600000 +0200", 5_745_600_000, 2),
    ],
)
def test_an_instant_is_kept_and_its_zone_clamped(date: bytes, instant: int, hours: float) -> None:
    found = parse(author=b"A <a@example.com> " + date).author_date
    assert found is not None
    assert (found.timestamp(), found.utcoffset()) == (instant, timedelta(hours=hours))


@pytest.mark.parametrize("zone", [b"+0000", b"-1400", b"+1400"])
@pytest.mark.parametrize("seconds", [b"9223372036854775807", b"99999999999999999999999", b"9" * 5000])
def test_an_instant_past_the_calendar_is_clamped_to_its_last_year(seconds: bytes, zone: bytes) -> None:
    found = parse(committer=b"C <c@example.com> " + seconds + b" " + zone).commit_date
    assert found.astimezone(UTC).year == 9999
    assert datetime.fromisoformat(found.isoformat()) == found


@pytest.mark.parametrize("date", [b"", b"-1 +0000", b"-2208988800 +0000", b"never"])
def test_a_missing_or_negative_date_is_none_for_the_author_and_1970_for_the_commit(date: bytes) -> None:
    found = parse(author=b"A <a@example.com> " + date, committer=b"C <c@example.com> " + date)
    assert (found.author_date, found.commit_date) == (None, datetime(1970, 1, 1, tzinfo=UTC))


@given(st.binary(), st.binary(), st.sampled_from([b"", b"utf-7", b"utf-16", b"shift_jis", b"cp1252", b"big5"]))
def test_nothing_in_a_commit_breaks_the_wire_contract(ident: bytes, message: bytes, encoding: bytes) -> None:
    found = parse(author=ident, committer=ident, headers=b"encoding %s\n" % encoding, message=message)
    sent = msgspec.json.encode(PushBatch([found]))
    (received,) = msgspec.json.decode(sent, type=PushBatch).commits
    assert received == found
    assert b"\\u0000" not in sent


@given(st.binary())
def test_an_object_that_is_no_commit_is_still_read(raw: bytes) -> None:
    found = parse_commit(SHA, raw, parents_of(raw), NO_CHANGE)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Commit) == found


@pytest.mark.parametrize("engine", list(Engine))
def test_odd_commits_are_counted_too(tmp_path: Path, engine: Engine) -> None:
    path = empty_repository(tmp_path / "repo")
    raws = [raw_commit(path, author=ident, committer=ident) for ident in IDENTS.values()]
    shas = {add_commit(path, raw, branch=f"odd-{number}") for number, raw in enumerate(raws)}
    assert {commit.sha for commit in read_all(path, engine)} == shas
