"""Writing the audit log: who did what, from where and when. Rows are added and never changed."""
