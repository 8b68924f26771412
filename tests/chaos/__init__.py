"""What must hold whatever breaks: real pushers, a real server and a real PostgreSQL, and a monkey among them.

docs/subsystems/chaos.md says what is done and what is checked; `just chaos` runs it for longer.
"""
