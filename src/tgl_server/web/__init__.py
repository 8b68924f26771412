"""The console: pages rendered on the server, for people. Each page calls the use cases of the features.

Pages work without JavaScript. A session of the browser is a cookie (`session.py`), which only these pages read: the
API knows bearer tokens alone. `docs/subsystems/console.md` describes the parts.
"""
