/** A websocket that goes nowhere: what is sent is kept, what arrives is given. For the stock provider's WebSocketPolyfill. */

export class DeafSocket extends EventTarget {
  /** @type {DeafSocket[]} */
  static made = []
  readyState = 0
  /** @type {Uint8Array[]} */
  sent = []

  constructor() {
    super()
    DeafSocket.made.push(this)
  }

  open() {
    this.readyState = 1
    this.dispatchEvent(new Event("open"))
  }

  /** @param {Uint8Array} frame */
  send(frame) {
    this.sent.push(frame)
  }

  /** @param {Uint8Array} frame */
  give(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: frame.buffer.slice(frame.byteOffset, frame.byteOffset + frame.byteLength) }))
  }

  close() {
    if (this.readyState === 3) return
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event("close"), { code: 1006, reason: "" }))
  }
}

/** @returns {DeafSocket} the one that was opened last */
export const lastSocket = () => DeafSocket.made[DeafSocket.made.length - 1]

/** What was promised comes first. */
export const settled = () => new Promise((resolve) => setImmediate(resolve))
