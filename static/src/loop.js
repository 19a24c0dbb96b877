/** A page of its own about one thing of a plan: HTML that renews itself by notices, no CRDT. */
import "./extra_styles.js"
import "./hypermedia.js"
import { changed, keepSections, refetchPage, retry } from "./fragments.js"
import { keepForms } from "./kept_forms.js"
import { commonKeys, listen } from "./keys.js"
import { keepWhole } from "./lengths.js"
import { tidyMenus } from "./menus.js"
import { NoticeSocket } from "./notice_socket.js"
import { reconcileKeys } from "./reconcile.js"
import { watchSession } from "./session_left.js"
import { tellZone } from "./zones.js"
import { Status } from "./status.js"

/** @param {Status} status @param {string} reason */
function end(status, reason) {
  const notice = document.getElementById("access-ended") ?? document.createElement("div")
  notice.hidden = false
  notice.textContent = reason
  document.querySelector("main")?.replaceChildren(notice)
  status.happened({ kind: "ended", reason })
}

function start() {
  keepWhole(document)
  const status = new Status(document, () => location.reload())
  tidyMenus()
  keepForms()
  keepSections()
  watchSession()
  tellZone()
  listen([...commonKeys(), ...reconcileKeys()])
  new NoticeSocket(document.body.dataset.socket ?? "", {
    connected: () => {
      status.happened({ kind: "connected" })
      // The first time, too: nobody told what changed between the page's answer and this line.
      document.body.dispatchEvent(new CustomEvent("plan:reconnected"))
      retry()
    },
    lost: (since, cause) => status.happened({ kind: "lost", since, cause }),
    signedOut: () => status.happened({ kind: "signed out" }),
    ended: (reason) => end(status, reason),
    noticed: (notice) => {
      if (notice.kind === "changed") changed(notice.section)
      else if (notice.kind === "access") void refetchPage()
      else if (notice.kind === "say") status.say(notice.words)
    },
  })
}

start()
