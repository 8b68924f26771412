"""The forges by the kind of webhook."""

from collections.abc import Mapping
from typing import Final

from tgl_protocol.webhooks import WebhookKind
from tgl_server.webhooks.forges.azure import AZURE_DEVOPS
from tgl_server.webhooks.forges.bitbucket import BITBUCKET_CLOUD, BITBUCKET_DATA_CENTER
from tgl_server.webhooks.forges.forge import Forge
from tgl_server.webhooks.forges.generic import GENERIC
from tgl_server.webhooks.forges.github import FORGEJO, GITEA, GITHUB
from tgl_server.webhooks.forges.gitlab import GITLAB, GITLAB_TOKEN

FORGES: Final[Mapping[WebhookKind, Forge]] = {
    WebhookKind.GITHUB: GITHUB,
    WebhookKind.GITLAB: GITLAB,
    WebhookKind.GITLAB_TOKEN: GITLAB_TOKEN,
    WebhookKind.GITEA: GITEA,
    WebhookKind.FORGEJO: FORGEJO,
    WebhookKind.BITBUCKET_CLOUD: BITBUCKET_CLOUD,
    WebhookKind.BITBUCKET_DATA_CENTER: BITBUCKET_DATA_CENTER,
    WebhookKind.AZURE_DEVOPS: AZURE_DEVOPS,
    WebhookKind.GENERIC: GENERIC,
}
