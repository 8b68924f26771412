"""The Celery application: its settings, each with its reason.

The row in the database is the queue. What Celery offers to keep tasks from being lost would only repeat what the lease
does, and worse: with late acknowledgements a task that outlasts the visibility timeout runs twice at once
(celery/celery#5935), and a worker of Celery 5.7 with one running task ends when Redis is restarted.
"""

import ssl
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from celery import Celery

from tgl_server.broker.address import celery_url

TASK: Final = "tgl.pull"
QUEUE: Final = "tgl-pull"
#: How long a message that nobody took is worth anything: by then it has been sent again.
EXPIRES_SECONDS: Final = 120
#: The time after which a child is killed that did not end by its own deadlines. No pull is meant to meet it.
_LONGEST_SECONDS: Final = 24 * 3600

_KEPT: Final[dict[str, Any]] = {
    # Acknowledged before it runs: the lease in the database says who has a repository, not the broker.
    "task_acks_late": False,
    # A message is fetched when a child is free, so that none waits with a worker that is busy or dies.
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    # Nobody asks Celery how a pull ended: its run is in the database. There is no result backend.
    "task_ignore_result": True,
    "task_store_errors_even_if_ignored": False,
    # A pull does not need the broker while it runs; without this it would be thrown away when Redis blinks.
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    # A worker may start before its broker, and waits for it for ever.
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    # A child's memory is not given back by Python: after so many pulls, or above so many kB, another one takes over.
    "worker_max_tasks_per_child": 100,
    "worker_max_memory_per_child": 500_000,
    # A child that has not come up in time is killed, and the next one has no more: on a busy machine the default of 4
    # seconds kills each, one after the other, while nothing is pulled.
    "worker_proc_alive_timeout": 60.0,
    "task_default_queue": QUEUE,
    # Nothing that is read from the broker may name code to run, as pickle does.
    "accept_content": ["json"],
    "task_serializer": "json",
    # Our logs are set up already, and mask secrets.
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    # For `celery inspect`; events would be a stream that nobody reads.
    "worker_enable_remote_control": True,
    "worker_send_task_events": False,
    # Whoever cannot send gives up after one more try: the next tick sends again.
    "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2},
    "timezone": "UTC",
}

_TRANSPORT: Final[dict[str, Any]] = {
    # For the messages that a worker took and had not begun when it was killed; running ones are acknowledged.
    "visibility_timeout": 4 * 3600,
    # kombu looks for those every interval times throttle seconds; its default is 100.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A broker that is gone without a word is noticed, and not waited for.
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
}


def make_application(url: str, fetch_minutes: int = 60) -> Celery:
    """The application of a worker."""
    app = Celery("tgl", broker=celery_url(url), set_as_current=False)
    app.conf.update(
        _KEPT,
        broker_transport_options=_TRANSPORT,
        task_time_limit=fetch_minutes * 60 + _LONGEST_SECONDS + 60,
        broker_use_ssl=_tls(url),
    )
    return app


def make_sending_application(url: str, seconds: float) -> Celery:
    """The application of who only sends, and waits for a broker that is away no longer than about so many seconds."""
    app = make_application(url)
    app.conf.update(
        broker_pool_limit=1,
        broker_connection_timeout=seconds,
        broker_transport_options={
            **_TRANSPORT,
            "socket_timeout": seconds,
            "socket_connect_timeout": seconds,
            # Without these kombu tries for ever to connect.
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0.1,
            "interval_max": 0.1,
            "connect_retries_timeout": seconds,
        },
    )
    return app


def queue_of(host: str) -> str:
    """The queue of a host, for what it holds mirrors of."""
    return f"{QUEUE}.{host}"


def _tls(url: str) -> dict[str, Any] | None:
    """TLS with a certificate that is checked; `ssl_ca_certs` in the address names the authorities."""
    if not celery_url(url).startswith("rediss"):
        return None
    options = dict(parse_qsl(urlsplit(url).query))
    found: dict[str, Any] = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    return found | {name: value for name, value in options.items() if name == "ssl_ca_certs"}
