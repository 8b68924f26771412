"""The tables of awards, and of what a season knows of its players beside their points."""

from typing import Any
from uuid import UUID

from sqlalchemy import Index, Integer, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.awards import AwardName
from tgl_server.db.base import Base, one_of


class EntryRow(Base):
    """What a season knows of a player: see `awarding.Entry`. It is as of when a week was settled last."""

    __tablename__ = "entries"

    season_id: Mapped[UUID] = mapped_column(primary_key=True)
    player_id: Mapped[UUID] = mapped_column(primary_key=True)
    barred_from: Mapped[int | None] = mapped_column(Integer)
    earlier: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    last_weeks: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'"))


class AwardRow(Base):
    """An award that a player was given with the end of a week, from 0; `value` is what decided."""

    __tablename__ = "awards"

    season_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    week: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    player_id: Mapped[UUID] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(Integer)

    __table_args__: Any = (one_of("name", AwardName), Index("ix_awards_player_id", "player_id", "season_id"))
