"""How access comes and goes: signing in, invitations, sharing, emergencies. Each in one transaction with its row."""
