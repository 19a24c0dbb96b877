"""Who may do what: roles, the policy table and ``decide``, and the pure rules of sessions and invitations.

Imports crdt's declarations and the standard library; Authlib, joserfc and httpx2 in ``oidc.py`` alone, webauthn in
``passkeys.py`` alone. No SQL, no pages, no clock and no randomness of its own: ``now`` and tokens come in.
"""
