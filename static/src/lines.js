/**
 * A line to the hub, the same on every page that has one: one websocket at a time, one timer of silence, and one way back.
 *
 * A line is up once the hub has said something on it. It is lost when the socket closes, when an upgrade is not answered,
 * when nothing was heard for `SILENCE_MS_MAX`, or when the browser says that the network is gone. It comes back by itself,
 * after a delay that doubles with every try and begins anew only after a line that held, so that a hub which ends every
 * socket is not called twice a second; at once where the network is back or the page is seen again.
 */
import { ask, socketAddress } from "./belonging.js"
import { heedClosing } from "./closings.js"
import { Kind } from "./frames.js"

/**
 * @typedef {"offline" | "silence" | "storage" | "blocked" | "closed"} Cause storage: the hub can't reach it · blocked: the hub
 * answers, and no socket comes through · closed: for whatever else
 */
/**
 * @typedef {object} LineListener
 * @property {() => void} opened the socket is open: say who is there
 * @property {(bytes: Uint8Array) => void} received a message; pings are answered before
 * @property {() => void} connected the hub has spoken
 * @property {(since: number, cause: Cause) => void} lost when the line was last known to be up (ms since 1970), and why it is not
 * @property {() => void} [tooLarge] the hub closed the line because of what was sent on it, which is not to be sent again; after `lost`
 * @property {(closing: "sign in" | "ended" | "none", reason: string) => void} stopped for good, or until `resume`
 */

/** The hub pings every 20 s (PING_SECONDS of hub/sockets/live_socket.py): silence above this is a dead line. */
export const SILENCE_MS_MAX = 35_000

/** An upgrade and the hub's first word come within this: it may ask its storage for 5 s. */
export const OPENING_MS_MAX = 10_000

/** A line that was up for so long has held: the next delay is the shortest. */
export const HELD_MS_MIN = 10_000

const DELAY_MS_MIN = 500
const DELAY_MS_MAX = 8_000

/** After so many upgrades in a row that did not come through, the hub is asked whether it is there at all. */
const BLOCKED_AFTER = 3

const STORAGE_AWAY = 1013

/** @param {number} attempt from 0 @param {number} chance in [0, 1) @returns {number} ms: doubling, and never the same for all */
export function delayBefore(attempt, chance) {
  return Math.min(DELAY_MS_MIN * 2 ** attempt, DELAY_MS_MAX) * (0.5 + chance / 2)
}

export class Line {
  /** @type {WebSocket | null} */
  #socket = null
  #up = false
  /** Tries since the last line that held. */
  #attempt = 0
  /** Upgrades in a row that did not come through. */
  #refusedUpgrades = 0
  /** When the line came up, and when something was last heard; ms since 1970, which goes on while a computer sleeps. */
  #upSince = 0
  #heard = 0
  #tried = -Infinity
  /** Not to come back by itself. */
  #stopped = false
  /** The page is not its person's at the moment (static/src/cover.js). */
  #covered = false
  /** @type {ReturnType<typeof setTimeout> | undefined} for the next try, or for what has to come before it runs out */
  #timer

  /** @param {string} address as in data-socket @param {LineListener} listener */
  constructor(address, listener) {
    this.address = socketAddress(address)
    this.listener = listener
    this.#heard = Date.now()
    document.addEventListener("page:covered", () => this.#cover())
    document.addEventListener("page:back", () => {
      this.#covered = false
      this.resume()
    })
    addEventListener("online", () => this.#again())
    addEventListener("offline", () => this.#lose("offline"))
    addEventListener("pageshow", () => this.#look())
    document.addEventListener("resume", () => this.#look())
    document.addEventListener("visibilitychange", () => document.hidden || this.#look())
    this.#open()
  }

  get isOpen() {
    return this.#socket?.readyState === 1
  }

  /** @param {Uint8Array} bytes lost where the line is not open: who sends begins anew on every line */
  send(bytes) {
    if (this.isOpen) this.#socket?.send(/** @type {Uint8Array<ArrayBuffer>} */ (bytes))
  }

  /** Try again at once, also after a stop; nothing happens where the line is up. */
  resume() {
    this.#stopped = false
    this.#again()
  }

  /** Close the line, and don't come back before `resume`. */
  stop() {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#drop()
  }

  #cover() {
    this.#covered = true
    clearTimeout(this.#timer)
    if (!this.#socket) return
    this.#drop()
    this.listener.lost(Date.now(), "closed")
  }

  #open() {
    clearTimeout(this.#timer)
    if (this.#covered) return
    this.#tried = Date.now()
    const socket = new WebSocket(this.address)
    this.#socket = socket
    socket.binaryType = "arraybuffer"
    // What a socket tells that was given up is told to nobody.
    const own = (/** @type {(event: any) => void} */ act) => (/** @type {Event} */ event) => void (this.#socket === socket && act(event))
    socket.addEventListener("open", own(() => {
      this.#refusedUpgrades = 0
      this.listener.opened()
    }))
    socket.addEventListener("message", own(({ data }) => this.#received(new Uint8Array(data))))
    socket.addEventListener("close", own(({ code, reason }) => this.#closed(code, reason)))
    this.#timer = setTimeout(() => this.#lose("silence"), OPENING_MS_MAX)
  }

  /** @param {Uint8Array} bytes */
  #received(bytes) {
    this.#heard = Date.now()
    if (!this.#up) {
      this.#up = true
      this.#upSince = this.#heard
      this.#listen()
      this.listener.connected()
    }
    if (bytes.length === 1 && bytes[0] === Kind.PING) return this.send(Uint8Array.of(Kind.PONG))
    this.listener.received(bytes)
  }

  /** Look again when the silence may have become too long. */
  #listen() {
    clearTimeout(this.#timer)
    const left = this.#heard + SILENCE_MS_MAX - Date.now()
    this.#timer = setTimeout(() => this.#look(true), Math.max(left, 0))
  }

  /** The page may have slept, or the time of silence is over. @param {boolean} [listening] */
  #look(listening = false) {
    if (this.#up && Date.now() - this.#heard >= SILENCE_MS_MAX) return this.#lose("silence", this.#heard)
    if (this.#up) return listening ? this.#listen() : undefined
    if (!listening) this.#again()
  }

  /** @param {number} code @param {string} reason */
  #closed(code, reason) {
    const closing = heedClosing(code)
    if (closing === "retry") return this.#lose(code === STORAGE_AWAY ? "storage" : "closed")
    if (closing === "too large") {
      this.#lose("closed")
      return this.listener.tooLarge?.()
    }
    this.stop()
    // Whoever belongs to the page may sign in again where another person is signed in now.
    this.listener.stopped(closing === "another" ? "sign in" : closing, reason)
  }

  /** @param {Cause} cause @param {number} [since] */
  #lose(cause, since = Date.now()) {
    if (this.#stopped || (cause === "offline" && !this.#socket)) return
    const opened = this.isOpen || this.#up
    if (this.#up && Date.now() - this.#upSince >= HELD_MS_MIN) this.#attempt = 0
    if (!opened && cause === "closed") this.#refusedUpgrades += 1
    this.#drop()
    const delay = delayBefore(this.#attempt, Math.random())
    this.#attempt += 1
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#open(), delay)
    this.listener.lost(since, cause)
    if (this.#refusedUpgrades >= BLOCKED_AFTER && navigator.onLine) void this.#askWhy(since)
  }

  /** A browser doesn't say why an upgrade failed: is it the line alone? @param {number} since */
  async #askWhy(since) {
    const tried = this.#tried
    const answers = await ask("/healthz", { cache: "no-store" }).then(({ ok }) => ok, () => false)
    if (answers && !this.#up && !this.#stopped && this.#tried === tried) this.listener.lost(since, "blocked")
  }

  /** Now rather than later, but no sooner after the last try than the shortest delay. */
  #again() {
    if (this.#socket || this.#stopped || this.#covered) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#open(), Math.max(0, this.#tried + DELAY_MS_MIN - Date.now()))
  }

  #drop() {
    const socket = this.#socket
    this.#socket = null
    this.#up = false
    // A closing handshake that nobody answers would keep the page waiting; the socket is on its own from here.
    socket?.close()
  }
}
