/** The live socket for a page without CRDT: only the document `plan`, only notices. Comes back by itself unless the hub says never. */
import { socketAddress } from "./belonging.js"
import { heedClosing } from "./closings.js"
import { Kind, Reader, decode, encode, varString } from "./frames.js"
import { readNotice } from "./notices.js"

/** @typedef {import("./notices.js").Notice} Notice */
/** @typedef {{ connected: () => void, lost: () => void, signedOut: () => void, ended: (reason: string) => void, noticed: (notice: Notice) => void }} Listener */

const DELAY_MS_MIN = 500
const DELAY_MS_MAX = 8_000

/** @param {number} attempt from 0 @param {number} chance in [0, 1) @returns {number} ms: doubling, and never the same for all */
export function delayBefore(attempt, chance) {
  return Math.min(DELAY_MS_MIN * 2 ** attempt, DELAY_MS_MAX) * (0.5 + chance / 2)
}

export class NoticeSocket {
  #attempt = 0
  /** Said before the close that it explains; only the close tells whether signing in helps. */
  #ending = ""
  /** @type {WebSocket | null} */
  #socket = null

  #covered = false

  /** @param {string} address as in data-socket @param {Listener} listener */
  constructor(address, listener) {
    this.address = socketAddress(address)
    this.listener = listener
    this.open()
    addEventListener("online", () => this.#socket ?? this.open())
    document.addEventListener("page:covered", () => {
      this.#covered = true
      this.#socket?.close()
    })
    document.addEventListener("page:back", () => {
      this.#covered = false
      this.#socket ?? this.open()
    })
  }

  open() {
    if (this.#covered) return
    const socket = new WebSocket(this.address)
    this.#socket = socket
    socket.binaryType = "arraybuffer"
    socket.addEventListener("open", () => {
      // Token "" and the version of the client, as the stock provider sends them: the cookie says who it is.
      const payload = Uint8Array.from([0, ...varString(""), ...varString("notices")])
      socket.send(encode({ document: "plan", kind: Kind.AUTH, payload }))
    })
    socket.addEventListener("message", ({ data }) => this.#received(new Uint8Array(data)))
    socket.addEventListener("close", ({ code, reason }) => this.#closed(code, reason))
  }

  /** @param {Uint8Array} bytes */
  #received(bytes) {
    if (bytes.length === 1 && bytes[0] === Kind.PING) return this.#socket?.send(Uint8Array.of(Kind.PONG))
    const { document, kind, payload } = decode(bytes)
    if (this.#attempt >= 0) this.listener.connected()
    this.#attempt = -1
    if (document !== "plan" || kind !== Kind.STATELESS) return
    const notice = readNotice(new Reader(payload).varString())
    if (notice?.kind === "ended") this.#ending = notice.reason
    else if (notice) this.listener.noticed(notice)
  }

  /** @param {number} code @param {string} reason */
  #closed(code, reason) {
    this.#socket = null
    const closing = heedClosing(code)
    if (closing === "sign in" || closing === "another") return this.listener.signedOut()
    if (closing !== "retry") return this.listener.ended(this.#ending || reason || "Your access to this plan has ended.")
    this.listener.lost()
    this.#attempt += 1
    setTimeout(() => this.#socket ?? this.open(), delayBefore(this.#attempt, Math.random()))
  }
}
