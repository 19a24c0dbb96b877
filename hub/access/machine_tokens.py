"""Short-lived tokens for machines that sign: what Authlib asks is loaded before, what it decides is kept after."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from auth.machine_tokens import IssuedToken, SigningMachine, TokenRequestError, claimed_machine, issue
from auth.scopes import read_scopes
from hub.access.machines import FHIR, MachineKeeping
from hub.ids import HUB
from hub.record.journal import Act, Action

USED: Final = {"error": "invalid_client", "error_description": "This assertion was used before."}


async def token_for(keeping: MachineKeeping, form: Mapping[str, str], address: str) -> IssuedToken:
    """Return the token for a request at the token endpoint of this address, kept with its row in the hub's journal.

    Raises:
        TokenRequestError: why there is none. ``JournalAwayError``: the store can't be reached.
    """
    now = keeping.now()
    claimed = claimed_machine(form)
    known = await keeping.rows.get(claimed) if claimed else None
    usable = known is not None and known.purpose == FHIR and known.keys is not None and known.opens(now)
    machine = None
    if known is not None and known.keys is not None and usable:
        machine = SigningMachine(known.machine_id, known.keys, read_scopes(known.scope))
    issued = issue(form, machine, address, now)
    async with keeping.changes.of_plan(HUB) as turn:
        new = await keeping.rows.use_assertion(
            turn, issued.machine_id, sha256(issued.jti.encode()).digest(), issued.assertion_ends, now
        )
        if new:
            token_hash = sha256(issued.token.encode()).digest()
            await keeping.rows.keep_access(turn, token_hash, issued.machine_id, issued.scopes, issued.ends)
        await turn.append(
            [
                Act(
                    plan=HUB,
                    actor=issued.machine_id,
                    action=Action.SIGN_IN,
                    event="machine.token",
                    outcome="success" if new else "refused",
                    words={"scope": " ".join(issued.scopes), "machine": known.name if known is not None else ""},
                )
            ]
        )
    if not new:
        raise TokenRequestError(401, USED)
    return issued
