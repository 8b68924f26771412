"""Every table's model in one import, for Alembic's comparison. Nothing else imports this."""

from tgl_server.accounts import models as accounts
from tgl_server.api_keys import models as api_keys
from tgl_server.audit import models as audit
from tgl_server.db.base import Base
from tgl_server.ingest import models as ingest
from tgl_server.projects import models as projects

__all__ = ["accounts", "api_keys", "audit", "ingest", "metadata", "projects"]

metadata = Base.metadata
