/** What the pages of those at home do once they can be read: be without a network, and say in time that the sign-in ends. */
import { startKeeping } from "./keeping.js"
import { Outbox } from "./outbox.js"
import { watchSession } from "./session_left.js"

new Outbox(document)
void startKeeping()
watchSession()
