"""A database as the older system makes it: its tables, and rows as its code writes them."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.fernet import Fernet
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

HEAD: Final = "2026_01_02_1630"

# Ids are UUIDs as text, dates have no time zone, enumerations are short texts.
_DATED = "created_at timestamp NOT NULL DEFAULT '2025-03-04 05:06:07'"
_TABLES: Final = (
    "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
    f"""CREATE TABLE users (
        id varchar(36) PRIMARY KEY, email varchar(255) NOT NULL UNIQUE, role varchar(20) NOT NULL,
        status varchar(20) NOT NULL, display_name varchar(255), {_DATED},
        updated_at timestamp NOT NULL DEFAULT now())""",
    f"""CREATE TABLE git_identities (
        id varchar(36) PRIMARY KEY, user_id varchar(36) NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        git_name varchar(255), git_email varchar(255) NOT NULL, {_DATED})""",
    f"""CREATE TABLE magic_link_tokens (
        id varchar(36) PRIMARY KEY, email varchar(255) NOT NULL, token varchar(500) NOT NULL UNIQUE,
        expires_at timestamp NOT NULL, used boolean NOT NULL, {_DATED})""",
    f"""CREATE TABLE audit_logs (
        id varchar(36) PRIMARY KEY, user_id varchar(36), action varchar(100) NOT NULL, resource_type varchar(100),
        resource_id varchar(36), details varchar(1000), ip_address varchar(45), {_DATED})""",
    f"""CREATE TABLE projects (
        id varchar(36) PRIMARY KEY, name varchar(255) NOT NULL, slug varchar(100) NOT NULL UNIQUE, description text,
        created_by varchar(36) NOT NULL REFERENCES users (id), {_DATED},
        updated_at timestamp NOT NULL DEFAULT now())""",
    f"""CREATE TABLE repos (
        id varchar(36) PRIMARY KEY, project_id varchar(36) NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
        name varchar(255) NOT NULL, remote_url text, remote_type varchar(20), branch varchar(255) NOT NULL,
        sync_frequency varchar(50), last_sync_at timestamp, last_ingested_sha varchar(40), status varchar(20) NOT NULL,
        error_message text, credentials_encrypted text, {_DATED}, updated_at timestamp NOT NULL DEFAULT now(),
        sync_method varchar(20) NOT NULL DEFAULT 'pull_celery')""",
    f"""CREATE TABLE commits (
        id varchar(36) PRIMARY KEY, sha varchar(40) NOT NULL UNIQUE, repo_id varchar(36) NOT NULL REFERENCES repos (id),
        author_name varchar(255) NOT NULL, author_email varchar(255) NOT NULL, committer_name varchar(255) NOT NULL,
        committer_email varchar(255) NOT NULL, commit_date timestamp NOT NULL, message_title varchar(500) NOT NULL,
        message_body text, additions integer NOT NULL DEFAULT 0, deletions integer NOT NULL DEFAULT 0,
        files_changed integer NOT NULL DEFAULT 0, is_merge boolean NOT NULL DEFAULT false,
        parent_count integer NOT NULL DEFAULT 1, {_DATED})""",
    f"""CREATE TABLE api_keys (
        id varchar(36) PRIMARY KEY, user_id varchar(36) NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        name varchar(255) NOT NULL, prefix varchar(12) NOT NULL UNIQUE, key_hash varchar(255) NOT NULL,
        scopes varchar(50) NOT NULL, status varchar(20) NOT NULL, last_used_at timestamp, last_used_ip varchar(45),
        usage_count integer NOT NULL DEFAULT 0, expires_at timestamp, {_DATED},
        updated_at timestamp NOT NULL DEFAULT now(), revoked_at timestamp)""",
    f"CREATE TABLE seasons (id varchar(36) PRIMARY KEY, name varchar(255) NOT NULL, {_DATED})",
)


async def make_tables(connection: AsyncConnection) -> None:
    """The tables, at the version that is known."""
    for statement in _TABLES:
        await connection.execute(text(statement))
    await add(connection, "alembic_version", version_num=HEAD)


async def add(connection: AsyncConnection, table: str, **values: Any) -> None:
    """A row."""
    columns = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    await connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)


def encrypted(fernet: Fernet, **content: str) -> str:
    """Credentials as they are stored there."""
    return fernet.encrypt(json.dumps(content).encode()).decode()


#: Times as it stores them: of an entry of its audit log, and of the end of a key.
LOGGED_AT: Final = datetime(2025, 6, 7, 8, 9, 10, tzinfo=UTC).replace(tzinfo=None)
EXPIRES_AT: Final = datetime(2027, 1, 2, tzinfo=UTC).replace(tzinfo=None)
