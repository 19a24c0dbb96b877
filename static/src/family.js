/** The family's page: HTML and notices, no CRDT. */
import "./hypermedia.js"
import { changed, keepSections, refetchPage, retry } from "./fragments.js"
import { NoticeSocket } from "./notice_socket.js"
import { Status } from "./status.js"

/** @typedef {import("./notices.js").Notice} Notice */

/** @param {Status} status @param {string} reason */
function end(status, reason) {
  const notice = document.getElementById("access-ended") ?? document.createElement("div")
  notice.hidden = false
  notice.textContent = reason
  document.querySelector("main")?.replaceChildren(notice)
  status.happened({ kind: "ended", reason })
}

/** @param {Status} status @param {Notice} notice */
function noticed(status, notice) {
  if (notice.kind === "changed") changed(notice.section)
  else if (notice.kind === "access") void refetchPage()
  else if (notice.kind === "say") status.say(notice.words)
}

function start() {
  const { socket, plan } = document.body.dataset
  const url = new URL(socket ?? `/plans/${plan}/live`, location.href)
  url.protocol = url.protocol.replace(/^http/, "ws")
  let everConnected = false
  keepSections()
  const status = new Status(document, () => location.reload())
  new NoticeSocket(url.href, {
    connected: () => {
      status.happened({ kind: "connected" })
      if (everConnected) void refetchPage()
      everConnected = true
      retry()
    },
    lost: () => status.happened({ kind: "lost" }),
    signedOut: () => status.happened({ kind: "signed out" }),
    ended: (reason) => end(status, reason),
    noticed: (notice) => noticed(status, notice),
  })
}

start()
