"""The tables of what the ledger comes to: days, weeks and places of players."""

from uuid import UUID

from sqlalchemy import Index, Integer
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tgl_server.db.base import Base


class PlayerDayRow(Base):
    """A player's day with a change that counts."""

    __tablename__ = "player_days"

    season_id: Mapped[UUID] = mapped_column(primary_key=True)
    player_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    changes: Mapped[int] = mapped_column(Integer)
    value: Mapped[int]
    points: Mapped[int] = mapped_column(Integer)


class PlayerWeekRow(Base):
    """A player's week, from 0, with a day that counts; `points` are those of its best days."""

    __tablename__ = "player_weeks"

    season_id: Mapped[UUID] = mapped_column(primary_key=True)
    player_id: Mapped[UUID] = mapped_column(primary_key=True)
    week: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    days: Mapped[int] = mapped_column(Integer)
    changes: Mapped[int] = mapped_column(Integer)
    value: Mapped[int]
    points: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index("ix_player_weeks_season_id_week_points", "season_id", "week", "points"),)


class Standing(Base):
    """A player's place in a season; `week_points` has one number for each week that has begun."""

    __tablename__ = "standings"

    season_id: Mapped[UUID] = mapped_column(primary_key=True)
    player_id: Mapped[UUID] = mapped_column(primary_key=True)
    points: Mapped[int] = mapped_column(Integer)
    week_points: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    weeks: Mapped[int] = mapped_column(Integer)
    days: Mapped[int] = mapped_column(Integer)
    best_week: Mapped[int] = mapped_column(Integer)
    rank: Mapped[int] = mapped_column(Integer)
    is_tied: Mapped[bool]

    __table_args__ = (Index("ix_standings_season_id_rank", "season_id", "rank", "player_id"),)
