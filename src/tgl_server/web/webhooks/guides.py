"""What to do at each kind of sender, so that a page says it where the address and the secret are. Pure."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tgl_protocol.webhooks import OWN_HEADER, WebhookKind


class Guide(Struct, frozen=True, kw_only=True):
    """A kind of sender: its name, where its webhooks are set up, and what goes into which field there.

    `{url}` and `{secret}` stand for those of the webhook.
    """

    name: str
    where: str
    fields: tuple[tuple[str, str], ...]
    note: str = ""
    hosts: tuple[str, ...] = ()


_JSON = "application/json"
_ON_PUSH = "Just the push event"

GUIDES: Final[Mapping[WebhookKind, Guide]] = {
    WebhookKind.GITHUB: Guide(
        name="GitHub",
        where="the repository, Settings > Webhooks > Add webhook",
        fields=(("Payload URL", "{url}"), ("Content type", _JSON), ("Secret", "{secret}"), ("Events", _ON_PUSH)),
        note="GitHub sends a ping at once, which then stands under What arrived. "
        "What failed is not sent again by itself.",
        hosts=("github",),
    ),
    WebhookKind.GITLAB: Guide(
        name="GitLab, with a signing token",
        where="the project, Settings > Webhooks > Add new webhook",
        fields=(("URL", "{url}"), ("Signing token", "{secret}"), ("Trigger", "Push events")),
        note="A GitLab that has no field for a signing token wants the other kind, with a secret token. It tells of no "
        "push that moves more than three branches, so keep the schedule.",
        hosts=("gitlab",),
    ),
    WebhookKind.GITLAB_TOKEN: Guide(
        name="GitLab, with a secret token (older versions)",
        where="the project, Settings > Webhooks > Add new webhook",
        fields=(("URL", "{url}"), ("Secret token", "{secret}"), ("Trigger", "Push events")),
        note="It sends the secret itself with each delivery: only over HTTPS.",
    ),
    WebhookKind.GITEA: Guide(
        name="Gitea",
        where="the repository, Settings > Webhooks > Add webhook > Gitea",
        fields=(
            ("Target URL", "{url}"),
            ("HTTP method", "POST"),
            ("POST content type", _JSON),
            ("Secret", "{secret}"),
            ("Trigger on", "Push events"),
        ),
        note="Test delivery, on the webhook's own page there, shows at once whether it works.",
        hosts=("gitea",),
    ),
    WebhookKind.FORGEJO: Guide(
        name="Forgejo, Codeberg",
        where="the repository, Settings > Webhooks > Add webhook > Forgejo",
        fields=(
            ("Target URL", "{url}"),
            ("HTTP method", "POST"),
            ("POST content type", _JSON),
            ("Secret", "{secret}"),
            ("Trigger on", "Push events"),
        ),
        note="Test delivery, on the webhook's own page there, shows at once whether it works.",
        hosts=("forgejo", "codeberg"),
    ),
    WebhookKind.BITBUCKET_CLOUD: Guide(
        name="Bitbucket Cloud",
        where="the repository, Repository settings > Webhooks > Add webhook",
        fields=(("URL", "{url}"), ("Secret", "{secret}"), ("Status", "Active"), ("Triggers", "Repository push")),
        hosts=("bitbucket.org",),
    ),
    WebhookKind.BITBUCKET_DATA_CENTER: Guide(
        name="Bitbucket Data Center",
        where="the repository, Repository settings > Webhooks > Create webhook",
        fields=(("URL", "{url}"), ("Secret", "{secret}"), ("Events", "Repository: Push")),
        note="Its button Test connection is answered, and leaves no trace here, as it is not signed.",
        hosts=("bitbucket", "stash"),
    ),
    WebhookKind.AZURE_DEVOPS: Guide(
        name="Azure DevOps",
        where="the project, Project settings > Service hooks > Create subscription > Web Hooks",
        fields=(
            ("Trigger", "Code pushed, for this repository"),
            ("URL", "{url}"),
            ("Basic authentication username", "tgl, or any other"),
            ("Basic authentication password", "{secret}"),
        ),
        note=f"The secret may be the header {OWN_HEADER} instead. It sends the secret itself with "
        "each delivery: only over HTTPS.",
        hosts=("dev.azure.com", "visualstudio.com"),
    ),
    WebhookKind.GENERIC: Guide(
        name="Any other sender of Standard Webhooks",
        where="a build or a script, with a library of Standard Webhooks",
        fields=(
            ("POST to", "{url}"),
            ("Sign with", "{secret}"),
            ("Body", '{"type": "push", "repository": "https://...", "ref": "refs/heads/main", "after": "<sha>"}'),
        ),
    ),
}


def guessed_kind(git_url: str | None) -> WebhookKind | None:
    """The kind of forge that an address probably is at; None for one that does not say."""
    host = (git_url or "").partition("://")[2].partition("/")[0] or (git_url or "").partition(":")[0]
    fitting = (kind for kind, guide in GUIDES.items() if any(part in host.lower() for part in guide.hosts))
    return next(fitting, None)
