/** The page's one line, and the document `plan` on it: presence and notices. */
import { HocuspocusProvider, HocuspocusProviderWebsocket } from "@hocuspocus/provider"
import * as Y from "yjs"
import { Kind, decode } from "./frames.js"
import { LineSockets } from "./line_sockets.js"
import { Line } from "./lines.js"
import { readNotice } from "./notices.js"
import { Unpacking, unpacks } from "./packed.js"

/** @typedef {import("./notices.js").Notice} Notice */
/**
 * @typedef {object} PlanWatcher
 * @property {() => void} connected
 * @property {(since: number, cause: import("./lines.js").Cause) => void} lost
 * @property {() => void} signedOut
 * @property {(reason: string) => void} ended
 * @property {() => void} tooLarge the hub closed the line, because something sent on it was too large
 * @property {() => void} acknowledged the hub has saved something of this page
 * @property {(notice: Exclude<Notice, import("./notices.js").Ended>) => void} noticed
 */
/** @typedef {import("y-protocols/awareness").Awareness} Awareness */

/** The line has its own timer of silence; the provider's, which can't be switched off, never runs out. */
const NEVER_MS = 2 ** 31 - 1

/** After so many lines that were closed because something was too large, the page opens none by itself. */
const TOO_LARGE_MAX = 3

export class PlanSocket {
  /** Said before the close that it explains; only the close tells whether signing in helps. */
  #ending = ""
  #tooLarge = 0

  /** @param {string} address @param {PlanWatcher} watcher */
  constructor(address, watcher) {
    this.watcher = watcher
    const sockets = new LineSockets(() => this.line)
    const unpacking = new Unpacking((frame) => {
      if (decode(frame).kind === Kind.SYNC_STATUS) queueMicrotask(() => watcher.acknowledged())
      sockets.received(frame)
    })
    this.line = new Line(unpacks ? `${address}?unpacks=yes` : address, {
      opened: () => sockets.opened(),
      received: (bytes) => unpacking.take(bytes),
      connected: () => watcher.connected(),
      lost: (since, cause) => {
        unpacking.forget()
        sockets.lost()
        watcher.lost(since, cause)
      },
      tooLarge: () => {
        this.#tooLarge += 1
        if (this.#tooLarge > TOO_LARGE_MAX) this.line.stop()
        watcher.tooLarge()
      },
      // Why it was closed for good was said before it was.
      stopped: (closing, reason) =>
        unpacking.afterwards(() => {
          sockets.lost()
          this.#stopped(closing, reason)
        }),
    })
    this.socket = new HocuspocusProviderWebsocket({
      url: this.line.address,
      WebSocketPolyfill: sockets.Socket,
      // It makes a socket at once, which waits for the line.
      delay: 1,
      minDelay: 0,
      maxDelay: 1,
      messageReconnectTimeout: NEVER_MS,
      onOpen: () => this.#forgetQueue(),
    })
    this.plan = new HocuspocusProvider({
      name: "plan",
      websocketProvider: this.socket,
      document: new Y.Doc(),
      onStateless: ({ payload }) => this.#noticed(payload),
    })
    this.plan.attach()
  }

  /** @returns {Awareness} */
  get awareness() {
    const { awareness } = this.plan
    if (!awareness) throw new TypeError("the document plan has presence")
    return awareness
  }

  /** Try again at once, after a sign-in; nothing happens where the line is up. */
  resume() {
    this.line.resume()
  }

  /** For good: nothing comes back by itself. */
  end() {
    this.line.stop()
    this.socket.disconnect()
    this.plan.destroy()
  }

  /** What waited for the line belongs to the last one: every document begins its sync anew. */
  #forgetQueue() {
    const queue = /** @type {{ messageQueue?: unknown[] }} */ (/** @type {unknown} */ (this.socket))
    queue.messageQueue = []
  }

  /** @param {"sign in" | "ended" | "none"} closing @param {string} reason */
  #stopped(closing, reason) {
    if (closing === "sign in") this.watcher.signedOut()
    else if (closing === "ended") this.watcher.ended(this.#ending || reason || "Your access to this plan has ended.")
    else this.watcher.ended("There is no such plan, or you may not see it.")
  }

  /** @param {string} payload */
  #noticed(payload) {
    const notice = readNotice(payload)
    if (notice?.kind === "ended") this.#ending = notice.reason
    else if (notice) this.watcher.noticed(notice)
  }
}
