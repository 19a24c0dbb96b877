"""Live plans and their record: rooms, the committer, presence, the live socket, the journal, workflows and the store.

Imports auth and crdt. ``websockets`` in ``live_socket.py`` alone, SQLAlchemy in ``store/`` alone; no Starlette, no
Jinja2.
"""
