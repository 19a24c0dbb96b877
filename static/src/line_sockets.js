/**
 * A line as the stock provider wants it: a WebSocket that it makes anew whenever the last one closed. Each waits until the
 * line is open, tells what comes, and closes when the line is lost; when to call the hub again is the line's own affair.
 */

/** @typedef {import("./lines.js").Line} Line */

/** Where the line's sockets are made, and where the line tells what happens. */
export class LineSockets {
  /** @type {LineSocket | null} the one that the provider has now */
  current = null

  /** @param {() => Line} line */
  constructor(line) {
    const sockets = this
    this.line = line
    /** For the provider's `WebSocketPolyfill`. */
    this.Socket = class extends LineSocket {
      constructor() {
        super(sockets)
      }
    }
  }

  opened() {
    this.current?.opened()
  }

  /** @param {Uint8Array} bytes */
  received(bytes) {
    this.current?.dispatchEvent(Object.assign(new Event("message"), { data: bytes.buffer }))
  }

  lost() {
    this.current?.lost()
  }
}

class LineSocket extends EventTarget {
  readyState = 0
  binaryType = "arraybuffer"

  /** @param {LineSockets} sockets */
  constructor(sockets) {
    super()
    this.sockets = sockets
    sockets.current = this
    // The provider begins to listen once it has the socket.
    queueMicrotask(() => this.opened())
  }

  opened() {
    if (this.readyState !== 0 || this.sockets.current !== this || !this.sockets.line().isOpen) return
    this.readyState = 1
    this.dispatchEvent(new Event("open"))
  }

  lost() {
    if (this.readyState !== 1) return // It waits for the line already.
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event("close"), { code: 1006, reason: "" }))
  }

  /** @param {Uint8Array} bytes */
  send(bytes) {
    this.sockets.line().send(bytes)
  }

  close() {
    this.readyState = 3
    if (this.sockets.current === this) this.sockets.current = null
  }
}
