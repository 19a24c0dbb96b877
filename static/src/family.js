/** The family's page: HTML and notices, no CRDT. What is sent waits in the page while the hub is away. */
import "./hypermedia.js"
import { FamilyLine } from "./family_line.js"
import { changed, edited, keepSections, refetchPage, retry } from "./fragments.js"
import { keepWhole } from "./lengths.js"
import { NoticeSocket } from "./notice_socket.js"
import { Outbox } from "./outbox.js"
import { watchSession } from "./session_left.js"

/** @typedef {import("./notices.js").Notice} Notice */

/** @param {string} reason */
function end(reason) {
  const notice = document.getElementById("access-ended") ?? document.createElement("div")
  notice.hidden = false
  // In the page's language where it brought the words along; the reason itself is the hub's English sentence.
  notice.textContent = notice.dataset.words ?? reason
  document.querySelector("main")?.replaceChildren(notice)
  document.querySelectorAll(".top .updated, .foot").forEach((each) => each.remove())
}

/** @param {Notice} notice */
function noticed(notice) {
  if (notice.kind === "changed") (notice.structure ? changed : edited)(notice.section)
  else if (notice.kind === "access") void refetchPage()
  else if (notice.kind === "say") {
    const say = document.getElementById("say")
    if (say) say.textContent = notice.words
  }
}

function start() {
  keepWhole(document)
  const { socket, plan } = document.body.dataset
  const line = new FamilyLine(document.getElementById("line"))
  const outbox = new Outbox(document, () => line.signedOut())
  let everConnected = false
  keepSections()
  watchSession()
  new NoticeSocket(socket ?? `/plans/${plan}/live`, {
    connected: () => {
      line.connected()
      if (everConnected) void refetchPage()
      everConnected = true
      retry()
      void outbox.flush()
    },
    lost: (since) => line.lost(since),
    signedOut: () => line.signedOut(),
    ended: end,
    noticed,
  })
}

start()
