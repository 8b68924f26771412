"""The ids of projects and repositories as types of their own, so that they cannot be mixed up."""

from typing import NewType
from uuid import UUID

ProjectId = NewType("ProjectId", UUID)
RepoId = NewType("RepoId", UUID)
