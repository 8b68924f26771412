"""The person who looks at a page, as the guard of the pages finds them by the session of their browser."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tgl_protocol.accounts import Role, UserState


class Viewer(Struct, frozen=True, kw_only=True):
    """The signed-in person; `waiting` is how many accounts wait for approval, None for who is no commissioner."""

    user_id: UUID
    session_id: UUID
    display_name: str
    email: str
    role: Role
    state: UserState
    now: datetime
    waiting: int | None

    @property
    def is_commissioner(self) -> bool:
        return self.role is Role.COMMISSIONER

    @property
    def is_active(self) -> bool:
        return self.state is UserState.ACTIVE
