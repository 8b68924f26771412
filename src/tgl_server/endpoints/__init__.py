"""Endpoints: the events of a project are sent to addresses that its maintainers name, signed by Standard Webhooks."""
