"""Who may do what: roles, the policy table and ``decide``, and the pure rules of sessions and invitations.

Imports the names of crdt's sections and the standard library; Authlib in ``oidc.py`` alone. No SQL, no pages.
"""
