/** Waiting on me: the list by keyboard, and live: the hub says when one of my plans has changed, the page looks again. */
import "./extra_styles.js"
import "./hypermedia.js"
import { keepForms } from "./kept_forms.js"
import { commonKeys, listen } from "./keys.js"
import { keepWhole } from "./lengths.js"
import { tidyMenus } from "./menus.js"
import { NoticeSocket } from "./notice_socket.js"
import { watchSession } from "./session_left.js"
import { tellZone } from "./zones.js"
import { Status } from "./status.js"
import { renew, triage, triageKeys } from "./triage.js"

function start() {
  keepWhole(document)
  const status = new Status(document, () => location.reload())
  tidyMenus()
  keepForms()
  watchSession()
  tellZone()
  triage((words) => status.say(words))
  listen([...commonKeys(), ...triageKeys()])
  new NoticeSocket(document.body.dataset.socket ?? "", {
    connected: () => status.happened({ kind: "connected" }),
    lost: (since, cause) => status.happened({ kind: "lost", since, cause }),
    signedOut: () => status.happened({ kind: "signed out" }),
    ended: (reason) => status.happened({ kind: "ended", reason }),
    noticed: (notice) => notice.kind === "work" && renew(),
  })
}

start()
