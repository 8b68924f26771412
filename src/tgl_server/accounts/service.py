"""Making and finding users."""

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tgl_server.accounts.models import Role, User, UserState
from tgl_server.audit.actions import AuditAction
from tgl_server.audit.service import AuditEntry, record


class Users(SQLAlchemyAsyncRepository[User]):
    """Rows of `users`."""

    model_type = User


async def create_user(
    tx: AsyncSession,
    email: str,
    *,
    role: Role,
    state: UserState = UserState.ACTIVE,
    display_name: str = "",
    password_hash: str | None = None,
) -> User:
    """A new account; an e-mail address that is taken is a conflict, however it is written."""
    user = User(email=email, display_name=display_name or email, role=role, state=state, password_hash=password_hash)
    user = await Users(session=tx, wrap_exceptions=False).add(user)
    await record(
        tx,
        AuditEntry(
            action=AuditAction.USER_CREATED,
            resource_type="user",
            resource_id=str(user.id),
            details={"role": role, "state": state},
        ),
    )
    return user


async def find_user(tx: AsyncSession, email: str) -> User | None:
    """By e-mail address, in any case."""
    found: User | None = await tx.scalar(select(User).where(func.lower(User.email) == email.lower()))
    return found
