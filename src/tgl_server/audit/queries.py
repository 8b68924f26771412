"""The SQL that writes the audit log."""

from sqlalchemy import text

INSERT_ENTRY = text("""
    INSERT INTO audit_logs (id, action, outcome, actor_user_id, actor_key_id, resource_type, resource_id,
                            ip, user_agent, request_id, details)
    VALUES (:id, :action, :outcome, :actor_user_id, :actor_key_id, :resource_type, :resource_id,
            CAST(:ip AS inet), :user_agent, :request_id, CAST(:details AS jsonb))
""")
