"""The refusal of requests about pulls that has a code of its own."""

from tgl_server.errors import BadRequest


class WrongSyncMethod(BadRequest):
    """Clients push to this repository; the server does not pull it. Set its sync_method to pull_celery."""

    code = "wrong_sync_method"
