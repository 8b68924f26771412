"""Lists of all features of the service, of their tables, and of the followers of the ingest log."""

from tgl_server.access.feature import access
from tgl_server.accounts import models as accounts_models
from tgl_server.accounts.feature import accounts
from tgl_server.activity import models as activity_models
from tgl_server.activity.feature import activity
from tgl_server.activity.service import ACTIVITY
from tgl_server.api_keys import models as api_keys_models
from tgl_server.api_keys.feature import api_keys
from tgl_server.audit import models as audit_models
from tgl_server.audit_logs.feature import audit_logs
from tgl_server.auth.feature import auth
from tgl_server.chat import models as chat_models
from tgl_server.chat.feature import chat
from tgl_server.commits import models as commits_models
from tgl_server.commits.feature import commits
from tgl_server.credentials import models as credentials_models
from tgl_server.credentials.feature import credentials
from tgl_server.db.base import Base
from tgl_server.device import models as device_models
from tgl_server.device.feature import device
from tgl_server.endpoints import models as endpoints_models
from tgl_server.endpoints.feature import endpoints
from tgl_server.events import models as events_models
from tgl_server.explain.feature import explain
from tgl_server.followers import models as followers_models
from tgl_server.followers.follower import Followers
from tgl_server.http.feature import Feature
from tgl_server.ingest.feature import ingest
from tgl_server.leagues import awards_models as league_awards_models
from tgl_server.leagues import matches_models as league_matches_models
from tgl_server.leagues import models as leagues_models
from tgl_server.leagues import totals_models as league_totals_models
from tgl_server.leagues.feature import leagues
from tgl_server.leagues.follower import LEAGUES
from tgl_server.legacy.feature import legacy
from tgl_server.mail import models as mail_models
from tgl_server.migration import models as migration_models
from tgl_server.migration.feature import migration
from tgl_server.notifications import models as notifications_models
from tgl_server.notifications.feature import notifications
from tgl_server.players import models as players_models
from tgl_server.players.feature import players
from tgl_server.players.service import PLAYERS
from tgl_server.projects import models as projects_models
from tgl_server.projects.feature import projects
from tgl_server.pull import models as pull_models
from tgl_server.pull.feature import pull
from tgl_server.remote_tips import models as remote_tips_models
from tgl_server.removals.feature import removals
from tgl_server.roots import models as roots_models
from tgl_server.roots.service import ROOTS
from tgl_server.streams.feature import streams
from tgl_server.system.feature import system
from tgl_server.verify.feature import verify
from tgl_server.web.feature import web
from tgl_server.webhooks import models as webhooks_models
from tgl_server.webhooks.feature import webhooks

__all__ = ["FEATURES", "FOLLOWERS", "METADATA"]

#: The features, in the order of the document.
FEATURES: tuple[Feature, ...] = (
    system,
    auth,
    access,
    accounts,
    api_keys,
    device,
    projects,
    commits,
    credentials,
    explain,
    ingest,
    pull,
    migration,
    webhooks,
    endpoints,
    notifications,
    streams,
    chat,
    activity,
    leagues,
    players,
    audit_logs,
    verify,
    web,
    removals,
    legacy,
)

# Importing the models adds their tables to the metadata.
_MODELS = (
    accounts_models,
    activity_models,
    api_keys_models,
    audit_models,
    chat_models,
    commits_models,
    credentials_models,
    device_models,
    endpoints_models,
    events_models,
    followers_models,
    leagues_models,
    league_awards_models,
    league_matches_models,
    league_totals_models,
    players_models,
    mail_models,
    migration_models,
    notifications_models,
    projects_models,
    pull_models,
    remote_tips_models,
    roots_models,
    webhooks_models,
)
#: The metadata of every table, which only the comparison of models with migrations needs.
METADATA = Base.metadata

#: The followers; a new one comes with a migration that makes its marks.
FOLLOWERS: Followers = (ROOTS, ACTIVITY, PLAYERS, LEAGUES)
