/** The page's one websocket, and the document `plan` on it: presence and notices. */
import { HocuspocusProvider, HocuspocusProviderWebsocket } from "@hocuspocus/provider"
import * as Y from "yjs"
import { socketAddress } from "./belonging.js"
import { heedClosing } from "./closings.js"
import { readNotice } from "./notices.js"

/** @typedef {import("./notices.js").Notice} Notice */
/**
 * @typedef {object} PlanWatcher
 * @property {() => void} connected
 * @property {() => void} lost
 * @property {() => void} signedOut
 * @property {(reason: string) => void} ended
 * @property {(notice: Exclude<Notice, import("./notices.js").Ended>) => void} noticed
 */
/** @typedef {import("y-protocols/awareness").Awareness} Awareness */

const DELAY_MS = 400
const DELAY_MS_MAX = 4_000

/** The hub pings every 20 s: silence above this is a dead line. */
const SILENCE_MS_MAX = 30_000

export class PlanSocket {
  /** Said before the close that it explains; only the close tells whether signing in helps. */
  #ending = ""
  #covered = false

  /** @param {string} address @param {PlanWatcher} watcher */
  constructor(address, watcher) {
    this.watcher = watcher
    this.socket = new HocuspocusProviderWebsocket({
      url: socketAddress(address),
      delay: DELAY_MS,
      minDelay: DELAY_MS / 2,
      factor: 1.5,
      maxDelay: DELAY_MS_MAX,
      messageReconnectTimeout: SILENCE_MS_MAX,
      onOpen: () => this.#forgetQueue(),
      onConnect: () => watcher.connected(),
      onDisconnect: ({ event }) => this.#disconnected(event?.code, event?.reason),
    })
    this.plan = new HocuspocusProvider({
      name: "plan",
      websocketProvider: this.socket,
      document: new Y.Doc(),
      onStateless: ({ payload }) => this.#noticed(payload),
    })
    this.plan.attach()
    addEventListener("offline", () => this.#cut())
    addEventListener("online", () => this.resume())
    document.addEventListener("page:covered", () => {
      this.#covered = true
      this.socket.disconnect()
    })
    document.addEventListener("page:back", () => {
      this.#covered = false
      this.resume()
    })
  }

  /** @returns {Awareness} */
  get awareness() {
    const { awareness } = this.plan
    if (!awareness) throw new TypeError("the document plan has presence")
    return awareness
  }

  /** Try again at once, after a sign-in or when the network is back; nothing happens where the line is up. */
  resume() {
    if (this.#covered) return
    if (this.socket.status === "disconnected" || this.socket.status === "connecting") void this.socket.connect()
  }

  /** For good: nothing comes back by itself. */
  end() {
    this.socket.disconnect()
    this.plan.destroy()
  }

  /** What waited for the line belongs to the last one: every document begins its sync anew. */
  #forgetQueue() {
    const queue = /** @type {{ messageQueue?: unknown[] }} */ (/** @type {unknown} */ (this.socket))
    queue.messageQueue = []
  }

  #cut() {
    // A dead line takes half a minute to say so; the browser already knows.
    if (this.socket.status !== "connected") return
    const emitter = /** @type {{ emit: (name: string, told: unknown) => void }} */ (/** @type {unknown} */ (this.socket))
    emitter.emit("close", { event: { code: 4408, reason: "offline" } })
  }

  /** @param {number | undefined} code @param {string | undefined} reason */
  #disconnected(code, reason) {
    const closing = heedClosing(code)
    if (closing !== "retry") this.socket.disconnect()
    if (closing === "sign in" || closing === "another") this.watcher.signedOut()
    else if (closing === "ended") this.watcher.ended(this.#ending || reason || "Your access to this plan has ended.")
    else if (closing === "none") this.watcher.ended("There is no such plan, or you may not see it.")
    else this.watcher.lost()
  }

  /** @param {string} payload */
  #noticed(payload) {
    const notice = readNotice(payload)
    if (notice?.kind === "ended") this.#ending = notice.reason
    else if (notice) this.watcher.noticed(notice)
  }
}
