"""Which events belong to a project, as conditions in SQL on an event `e`."""

# Events about keys are of a person; they are of a project as well where the key pushes to it: those who change the
# project see these keys in its history, too.
_KEYS = "'key.created', 'key.changed', 'key.revoked', 'key.expiring'"


def is_in_project(project: str) -> str:
    """An event that the endpoints of a project are sent; `project` is an expression of its id."""
    return f"""(
        e.project_id = {project} OR (e.project_id IS NULL AND e.type IN ({_KEYS}) AND EXISTS (
            SELECT FROM api_keys k JOIN projects p ON p.id = {project}
            WHERE k.id = CAST(e.data ->> 'key_id' AS uuid) AND 'sync:commits' = ANY(k.scopes)
              AND (p.owner_id = k.user_id OR EXISTS (
                  SELECT FROM project_members m
                  WHERE m.project_id = p.id AND m.user_id = k.user_id AND m.role = 'maintainer'
              ))
              AND (k.repo_ids IS NULL OR EXISTS (
                  SELECT FROM repos x WHERE x.project_id = p.id AND x.id = ANY(k.repo_ids)
              ))
        ))
    )"""  # noqa: S608 -- our own expression
