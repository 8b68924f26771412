"""Any sender that follows Standard Webhooks: a script, a forge of one's own, another TheGitLeague."""

import msgspec

from tgl_protocol.webhooks import PushEvent
from tgl_server.webhooks.forges.forge import Forge, Moved, Told, named, ping, tips_of
from tgl_server.webhooks.proofs import STANDARD, Headers


def _read(_: Headers, body: bytes) -> Told:
    found = msgspec.json.decode(body, type=PushEvent)
    if found.type == "ping":
        return ping(found.type)
    if found.type != "push":
        return Told(event=found.type)
    moves = [Moved(ref=found.ref, after=found.after)] if found.ref and found.after else []
    return Told(event=found.type, is_push=True, urls=named(found.repository), tips=tips_of(moves))


GENERIC = Forge(title="the sender", proof=STANDARD, id_headers=("webhook-id",), read=_read)
