"""Deletions that take something from others: the form is shown again with what, and submitted again to confirm."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.access.ids import RepoId
from tgl_server.followers import service
from tgl_server.followers.follower import Followers
from tgl_server.http.confirmation import ConfirmationNeeded
from tgl_server.web.forms import Form


async def confirm_losses(
    tx: AsyncSession, followers: Followers, repo_ids: Sequence[RepoId], viewer: UUID | None, form: Form
) -> None:
    """Raises `ConfirmationNeeded`, with the token kept in the form, unless the form confirms what is lost."""
    try:
        await service.confirm_losses(tx, followers, repo_ids, viewer, form.text("confirm") or None)
    except ConfirmationNeeded as needed:
        form.fields["confirm"] = [needed.token]
        raise
