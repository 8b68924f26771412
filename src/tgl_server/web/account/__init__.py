"""The viewer's own account: sessions, password, and how pages look."""
