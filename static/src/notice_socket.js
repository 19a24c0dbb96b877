/** The live socket for a page without CRDT: only the document `plan`, only notices. */
import { Kind, Reader, decode, encode, varString } from "./frames.js"
import { Line } from "./lines.js"
import { readNotice } from "./notices.js"

/** @typedef {import("./notices.js").Notice} Notice */
/**
 * @typedef {object} Listener
 * @property {() => void} connected
 * @property {(since: number, cause: import("./lines.js").Cause) => void} lost
 * @property {() => void} signedOut
 * @property {(reason: string) => void} ended
 * @property {(notice: Notice) => void} noticed
 */

/** Token "" and the version of the client, as the stock provider sends them: the cookie says who it is. */
const HELLO = encode({ document: "plan", kind: Kind.AUTH, payload: Uint8Array.from([0, ...varString(""), ...varString("notices")]) })

export class NoticeSocket {
  /** Said before the close that it explains; only the close tells whether signing in helps. */
  #ending = ""

  /** @param {string} address as in data-socket @param {Listener} listener */
  constructor(address, listener) {
    this.listener = listener
    this.line = new Line(address, {
      opened: () => this.line.send(HELLO),
      received: (bytes) => this.#received(bytes),
      connected: () => listener.connected(),
      lost: (since, cause) => listener.lost(since, cause),
      stopped: (closing, reason) => {
        if (closing === "sign in") listener.signedOut()
        else listener.ended(this.#ending || reason || "Your access to this plan has ended.")
      },
    })
  }

  /** @param {Uint8Array} bytes */
  #received(bytes) {
    const { document, kind, payload } = decode(bytes)
    if (document !== "plan" || kind !== Kind.STATELESS) return
    const notice = readNotice(new Reader(payload).varString())
    if (notice?.kind === "ended") this.#ending = notice.reason
    else if (notice) this.listener.noticed(notice)
  }
}
