"""The tables of match weeks."""

from uuid import UUID

from sqlalchemy import Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from tgl_protocol.matches import MatchResult
from tgl_server.db.base import Base, one_of


class EntrantRow(Base):
    """Who plays matches in a season, since it was opened; somebody who is out takes no part."""

    __tablename__ = "entrants"

    season_id: Mapped[UUID] = mapped_column(primary_key=True)
    player_id: Mapped[UUID] = mapped_column(primary_key=True)
    is_out: Mapped[bool] = mapped_column(server_default=text("false"), default=False)


class FixtureRow(Base):
    """A match of a week, from 0; without `away` it is a bye. Scores and result are null until the week is settled.

    With `is_held` the scores are those of the moment when it was, whatever the weeks of both come to now.
    """

    __tablename__ = "fixtures"

    season_id: Mapped[UUID] = mapped_column(primary_key=True)
    week: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    home: Mapped[UUID] = mapped_column(primary_key=True)
    away: Mapped[UUID | None]
    home_score: Mapped[int | None] = mapped_column(Integer)
    away_score: Mapped[int | None] = mapped_column(Integer)
    result: Mapped[str | None]
    is_held: Mapped[bool] = mapped_column(server_default=text("false"), default=False)

    __table_args__ = (one_of("result", MatchResult),)
