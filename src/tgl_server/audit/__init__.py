"""The audit log: who did what, from where, when; rows are added and never changed."""
