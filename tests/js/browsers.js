/** As much of a browser as a line needs: events of window and document, sockets that are played by the test, and a hub that answers or not. */

class Told extends EventTarget {
  hidden = false

  querySelector() {
    return null
  }

  /** @param {string} name */
  tell(name) {
    this.dispatchEvent(new Event(name))
  }
}

export class HearingSocket extends EventTarget {
  /** @type {HearingSocket[]} */
  static made = []
  readyState = 0
  /** @type {Uint8Array[]} */
  sent = []

  /** @param {string} address */
  constructor(address) {
    super()
    this.address = address
    HearingSocket.made.push(this)
  }

  open() {
    this.readyState = 1
    this.dispatchEvent(new Event("open"))
  }

  /** @param {Uint8Array} bytes */
  give(bytes) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: Uint8Array.from(bytes).buffer }))
  }

  /** @param {number} code @param {string} reason */
  end(code, reason) {
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason }))
  }

  /** @param {Uint8Array} bytes */
  send(bytes) {
    this.sent.push(bytes)
  }

  close() {
    this.readyState = 3
  }
}

/** @type {string[]} */
const NAMES = ["addEventListener", "document", "location", "WebSocket", "fetch"]

export function aBrowser() {
  const window = new Told()
  const browser = {
    answers: true,
    /** @type {string[]} */
    asked: [],
    document: new Told(),
    /** @param {string} name */
    tell: (name) => window.tell(name),
    /** What was asked by `fetch` has been answered. */
    answered: async () => {
      for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    },
  }
  const given = {
    addEventListener: window.addEventListener.bind(window),
    document: browser.document,
    location: { href: "http://hub.test/plans/p" },
    WebSocket: HearingSocket,
    fetch: async (/** @type {string} */ address) => {
      browser.asked.push(address)
      if (!browser.answers) throw new TypeError("Failed to fetch")
      return { ok: true, status: 200, headers: new Headers() }
    },
  }
  Object.assign(globalThis, given)
  Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true })
  HearingSocket.made = []
  return browser
}

const own = Object.fromEntries(NAMES.map((name) => [name, Reflect.get(globalThis, name)]))

export function letGo() {
  Object.assign(globalThis, own)
}
