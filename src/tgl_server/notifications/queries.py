"""The SQL of notifications. The rule of who is told of a repository without a choice: its owner and its maintainers."""

from sqlalchemy import text

_NOTICE = """
    INSERT INTO notices (id, user_id, topic, event_id, type, project_id, repo_id, about_user_id, data, at)
    SELECT gen_random_uuid(), {user}, :topic, CAST(:event_id AS uuid), CAST(:type AS text), CAST(:project_id AS uuid),
           CAST(:repo_id AS uuid), CAST(:about_user_id AS uuid), CAST(:data AS jsonb), :at
"""

# True for whom is told of one of :kinds in a project. Who has no role there is told only where they chose that project,
# as commissioners may, who see all of them.
_IS_TOLD_OF_PROJECT = """
    coalesce(
        pc.wanted,
        (p.owner_id = u.id OR m.user_id IS NOT NULL)
            AND coalesce(c.wanted, p.owner_id = u.id OR m.role = 'maintainer')
    )
"""

_OF_PROJECT = """
    JOIN users u ON u.state = 'active'
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = u.id
    CROSS JOIN unnest(CAST(:kinds AS text[])) AS k (kind)
    LEFT JOIN notification_choices c ON c.user_id = u.id AND c.kind = k.kind
    LEFT JOIN project_notification_choices pc
        ON pc.user_id = u.id AND pc.project_id = p.id AND pc.kind = k.kind
"""

TELL_PROJECT = text(f"""
    {_NOTICE.format(user="told.id")}
    FROM (
        SELECT DISTINCT u.id FROM projects p {_OF_PROJECT}
        WHERE p.id = CAST(:project_id AS uuid)
          AND (p.owner_id = u.id OR m.user_id IS NOT NULL OR u.role = 'commissioner')
          AND {_IS_TOLD_OF_PROJECT}
    ) told
    ON CONFLICT (user_id, event_id) DO NOTHING
""")  # noqa: S608 -- our own text

TELL_USER = text(f"""
    {_NOTICE.format(user="u.id")}
    FROM users u LEFT JOIN notification_choices c ON c.user_id = u.id AND c.kind = :kind
    WHERE u.id = CAST(:about_user_id AS uuid) AND u.state = 'active' AND coalesce(c.wanted, true)
    ON CONFLICT (user_id, event_id) DO NOTHING
""")

TELL_COMMISSIONERS = text(f"""
    {_NOTICE.format(user="u.id")}
    FROM users u LEFT JOIN notification_choices c ON c.user_id = u.id AND c.kind = :kind
    WHERE u.role = 'commissioner' AND u.state = 'active' AND coalesce(c.wanted, true)
    ON CONFLICT (user_id, event_id) DO NOTHING
""")

TRY_TO_DIGEST = text("SELECT pg_try_advisory_xact_lock(:key)")

# Whose mail about a topic is due: the oldest notice is as old as its topic waits for others, and the last mail about it
# is as long ago as there is between two.
DUE = text("""
    SELECT n.user_id, n.topic
    FROM notices n
    JOIN unnest(CAST(:topics AS text[]), CAST(:quiet AS interval[]), CAST(:spacing AS interval[]))
        AS t (topic, quiet, spacing) ON t.topic = n.topic
    GROUP BY n.user_id, n.topic, t.quiet, t.spacing
    HAVING min(n.created_at) <= now() - t.quiet
       AND NOT EXISTS (
           SELECT FROM outgoing_mail o
           WHERE o.user_id = n.user_id AND o.kind = n.topic AND o.created_at > now() - t.spacing
       )
    ORDER BY n.user_id, n.topic LIMIT :limit
""")

TAKE = text("""
    WITH taken AS (
        DELETE FROM notices WHERE user_id = :user_id AND topic = :topic
        RETURNING event_id, type, project_id, repo_id, about_user_id, data, at
    )
    SELECT t.type, t.data, t.at, p.slug, p.name AS project_name, r.name AS repo_name,
           a.display_name, a.email, a.state
    FROM taken t
    LEFT JOIN projects p ON p.id = t.project_id
    LEFT JOIN repos r ON r.id = t.repo_id
    LEFT JOIN users a ON a.id = t.about_user_id
    ORDER BY t.at, t.event_id
""")

CHOICES = text("SELECT kind, wanted FROM notification_choices WHERE user_id = :user_id")

# The projects that a person has a role in, or chose something for, with the choices and what follows from them.
PROJECT_CHOICES = text(f"""
    SELECT p.slug, p.name, k.kind, pc.wanted, {_IS_TOLD_OF_PROJECT} AS is_told
    FROM projects p {_OF_PROJECT}
    WHERE u.id = :user_id
      AND (p.owner_id = u.id OR m.user_id IS NOT NULL OR (u.role = 'commissioner' AND EXISTS (
          SELECT FROM project_notification_choices x WHERE x.user_id = u.id AND x.project_id = p.id
      )))
    ORDER BY p.slug, k.kind
""")  # noqa: S608 -- our own text

# The project, if the person may see it.
PROJECT_SEEN = text("""
    SELECT p.id FROM projects p JOIN users u ON u.id = :user_id
    LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = u.id
    WHERE (p.slug = :project OR CAST(p.id AS text) = :project)
      AND (p.owner_id = u.id OR m.user_id IS NOT NULL OR u.role = 'commissioner')
""")

CHOOSE = text("""
    INSERT INTO notification_choices (user_id, kind, wanted) VALUES (:user_id, :kind, :wanted)
    ON CONFLICT (user_id, kind) DO UPDATE SET wanted = excluded.wanted
""")

CHOOSE_NOTHING = text("DELETE FROM notification_choices WHERE user_id = :user_id AND kind = :kind")

CHOOSE_FOR_PROJECT = text("""
    INSERT INTO project_notification_choices (user_id, project_id, kind, wanted)
    VALUES (:user_id, :project_id, :kind, :wanted)
    ON CONFLICT (user_id, project_id, kind) DO UPDATE SET wanted = excluded.wanted
""")

CHOOSE_NOTHING_FOR_PROJECT = text("""
    DELETE FROM project_notification_choices
    WHERE user_id = :user_id AND project_id = :project_id AND kind = :kind
""")

# An unsubscription is meant for every project, whatever was chosen for one.
FORGET_WISHES = text("""
    DELETE FROM project_notification_choices WHERE user_id = :user_id AND kind = :kind AND wanted
""")

FORGET_NOTICES = text("DELETE FROM notices WHERE user_id = :user_id AND topic = :topic")

EMAIL = text("SELECT email FROM users WHERE id = :user_id AND state <> 'retired'")
