"""Sending messages that wake up workers, by whoever may wait for the broker for a moment."""

from collections.abc import Callable
from typing import Final
from uuid import UUID, uuid4

from msgspec import Struct

from tgl_server.broker.address import shown_broker
from tgl_server.errors import ServerError

#: How long one message may take; a broker that is away answers at once, or not at all.
SEND_SECONDS: Final = 2.0


class WakeUp(Struct, frozen=True):
    """A repository that may be due, and the host that should look first, as it has the mirror."""

    repo_id: UUID
    host: str | None = None


class BrokerAway(ServerError):
    """The broker does not take messages."""

    def __init__(self, url: str, error: Exception) -> None:
        super().__init__(f"the broker at {shown_broker(url)} does not answer: {type(error).__name__}")


#: Sends one message; raises `BrokerAway`. Not for an event loop, as it waits.
Send = Callable[[WakeUp], None]


def open_sender(url: str) -> Send:
    """Whoever sends to the broker at this address; it connects with the first message."""
    # Here, as importing Celery takes time and memory that a server without a broker need not spend.
    from tgl_server.broker.application import (  # noqa: PLC0415 -- needs the extra
        EXPIRES_SECONDS,
        QUEUE,
        TASK,
        make_sending_application,
        queue_of,
    )

    app = make_sending_application(url, SEND_SECONDS)

    def send(wake_up: WakeUp) -> None:
        try:
            app.send_task(
                TASK,
                args=[str(wake_up.repo_id)],
                queue=queue_of(wake_up.host) if wake_up.host else QUEUE,
                expires=EXPIRES_SECONDS,
                ignore_result=True,
                task_id=f"{wake_up.repo_id}:{uuid4()}",
                retry=False,
            )
        except Exception as error:  # kombu's, redis's and the system's: whatever it is, the next tick sends again
            raise BrokerAway(url, error) from None

    return send
