"""A kind of sender, and what its deliveries say."""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from tgl_server.webhooks.proofs import Headers, Proof


class Told(Struct, frozen=True, kw_only=True):
    """What a delivery tells of: a push, a ping, or something else, by the sender's word.

    `urls` are the addresses of the repository that was pushed to, as far as the sender names any; `tips` its branches
    by full name, with the sha that each points at now, or None for one that was deleted.
    """

    event: str
    is_push: bool = False
    is_ping: bool = False
    urls: tuple[str, ...] = ()
    tips: Mapping[str, str | None] = {}
    delivery_id: str | None = None


class Forge(Struct, frozen=True, kw_only=True):
    """A kind of sender; `read` raises `msgspec.MsgspecError` for a body that is not what it sends."""

    title: str
    proof: Proof
    #: The headers that hold the sender's own id of a delivery: the first that is there counts.
    id_headers: tuple[str, ...]
    read: Callable[[Headers, bytes], Told]
    #: True for headers of a ping that the sender does not sign.
    is_unsigned_ping: Callable[[Headers], bool] = lambda _: False

    def id_of(self, headers: Headers) -> str | None:
        """The sender's own id of a delivery, by its headers; None without one."""
        return next((headers[name] for name in self.id_headers if headers.get(name)), None)


class Moved(Struct, frozen=True, kw_only=True):
    """A ref that moved: its full name, and where it points now."""

    ref: str
    after: str | None = None


def tips_of(moves: Iterable[Moved]) -> dict[str, str | None]:
    """The refs by name; the last move of each counts."""
    return {move.ref: _sha(move.after) for move in moves}


def named(*urls: str | None) -> tuple[str, ...]:
    """The addresses that are there."""
    return tuple(url for url in urls if url)


def ping(event: str) -> Told:
    """A ping."""
    return Told(event=event, is_ping=True)


def _sha(text: str | None) -> str | None:
    """A sha in lower case; None for the zeros that stand for no commit."""
    return text.lower() if text and text.strip("0") else None
