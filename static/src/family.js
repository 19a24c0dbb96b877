/** The family's page: HTML and notices, no CRDT. What is sent waits in the page while the hub is away. */
import "./hypermedia.js"
import { FamilyLine } from "./family_line.js"
import { FamilyNews } from "./family_news.js"
import { changed, edited, keepSections, refetchPage, retry } from "./fragments.js"
import { keepWhole } from "./lengths.js"
import { NoticeSocket } from "./notice_socket.js"
import { Outbox } from "./outbox.js"
import { watchSession } from "./session_left.js"
import { tellZone } from "./zones.js"

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

/** @param {Notice} notice @param {FamilyNews} news */
function noticed(notice, news) {
  if (notice.kind === "changed") {
    news.heard(notice.by)
    ;(notice.structure ? changed : edited)(notice.section)
  } else if (notice.kind === "access") void refetchPage()
  else if (notice.kind === "say") news.announcer.say(notice.words)
}

function start() {
  keepWhole(document)
  const { socket, plan } = document.body.dataset
  const line = new FamilyLine(document.getElementById("line"))
  const outbox = new Outbox(document, () => line.signedOut())
  const news = new FamilyNews(document.getElementById("say"))
  document.addEventListener("htmx:after:swap", () => news.swapped())
  let everConnected = false
  keepSections()
  watchSession()
  tellZone()
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
    noticed: (notice) => noticed(notice, news),
  })
}

start()
