"""The door to Celery and its broker, a Redis or Valkey: messages that wake up workers, and the pool that hears them.

A message only says that a repository may be due. Whether it is, the database decides; so a message that is lost, or
comes twice, changes nothing. The packages of the extra `pull` are imported only where BROKER_URL is set.
"""
