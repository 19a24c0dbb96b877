/** The pages of those at home: HTML and notices, no CRDT. */
import { workerAddress } from "./hypermedia.js"
import { FamilyLine } from "./family_line.js"
import { FamilyNews } from "./family_news.js"
import { changed, edited, keepSections, refetchPage, retry } from "./fragments.js"
import { typedNow } from "./kept_drafts.js"
import { keepWhole } from "./lengths.js"
import { NoticeSocket } from "./notice_socket.js"
import { tellZone } from "./zones.js"

/** @typedef {import("./notices.js").Notice} Notice */

/** @param {string} reason */
function end(reason) {
  const notice = document.getElementById("access-ended") ?? document.createElement("div")
  notice.hidden = false
  // In the page's language where it brought the words along; the reason itself is the hub's English sentence.
  notice.textContent = notice.dataset.words ?? reason
  const unsent = document.getElementById("unsent") // One's own words stay, to be copied.
  document.querySelector("main")?.replaceChildren(notice, ...(unsent ? [unsent] : []))
  document.querySelectorAll("#kept-at, #line, .top .updated, .foot").forEach((each) => each.remove())
}

/** From when the page is, where it was opened without a network (static/src/offline_worker.js). */
const keptAt = () => document.querySelector("#kept-at:not([hidden])")

/** @param {string} event what the script that keeps the page (static/src/away.js) is told */
const tell = (event) => void document.dispatchEvent(new Event(event))

/** The last fetch of the whole page: what changed meanwhile is fetched after it, or its older words would come on top. */
let renewed = Promise.resolve()

/** The page as it stands now. */
function renew() {
  renewed = renewed.then(async () => {
    if (!(await refetchPage(() => typedNow().length === 0).catch(() => false))) return
    keptAt()?.setAttribute("hidden", "")
    document.body.removeAttribute("data-day-over")
    tell("page:fresh")
  })
}

/** @param {(section: string) => void} fetching @param {string} section */
const afterRenewal = (fetching, section) => void renewed.then(() => fetching(section))

/** @param {Notice} notice @param {FamilyNews} news */
function noticed(notice, news) {
  if (notice.kind === "changed") {
    news.heard(notice.by)
    afterRenewal(notice.structure ? changed : edited, notice.section)
    tell("page:changed")
  } else if (notice.kind === "access") renew()
  else if (notice.kind === "say") news.announcer.say(notice.words)
}

/** What can wait until the page is read comes then. */
function goOn() {
  document.addEventListener("letter:sent", (event) => afterRenewal(changed, /** @type {CustomEvent<string>} */ (event).detail))
  // Without the hub, or not allowed in this browser: a worker that is there goes on.
  void navigator.serviceWorker?.register(workerAddress(), { scope: location.pathname }).catch(() => {})
  const { away } = document.body.dataset
  if (away) void import(away)
}

function start() {
  keepWhole(document)
  const { socket, plan } = document.body.dataset
  const line = new FamilyLine(document.getElementById("line"))
  const news = new FamilyNews(document.getElementById("say"))
  document.addEventListener("htmx:after:swap", () => news.swapped())
  document.addEventListener("page:left", () => line.signedOut())
  if (keptAt()) line.say(keptAt()?.textContent ?? "") // The date stays in sight.
  keepSections()
  tellZone()
  goOn()
  new NoticeSocket(socket ?? `/plans/${plan}/live`, {
    connected: () => {
      line.connected()
      renew() // The first time, too: nobody told what changed between the page's answer and this line.
      retry()
      tell("line:connected")
    },
    lost: (since) => keptAt() ?? line.lost(since),
    signedOut: () => line.signedOut(),
    ended: (reason) => {
      end(reason)
      tell("page:ended")
    },
    noticed: (notice) => noticed(notice, news),
  })
}

start()
