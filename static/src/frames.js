/**
 * The frames of the live socket, for pages that carry no CRDT: `varString(document) varUint(kind) payload`.
 * Pages with Yjs use the stock provider; tests/vectors/frames.json holds both to what crdt/frames.py writes.
 */

/** @typedef {{ document: string, kind: number, payload: Uint8Array }} Frame */

export const Kind = Object.freeze({ SYNC: 0, AWARENESS: 1, AUTH: 2, QUERY_AWARENESS: 3, STATELESS: 5, CLOSE: 7, SYNC_STATUS: 8, PING: 9, PONG: 10 })

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true })

/** A length or a number above this is no honest frame of ours. */
const NUMBER_MAX = 2 ** 31

/** @param {number} number @returns {number[]} */
export function varUint(number) {
  const bytes = []
  let rest = number
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return bytes
}

/** @param {string} words @returns {Uint8Array} */
export function varString(words) {
  const utf8 = encoder.encode(words)
  return Uint8Array.from([...varUint(utf8.length), ...utf8])
}

/** @param {Frame} frame @returns {Uint8Array} */
export function encode({ document, kind, payload }) {
  return Uint8Array.from([...varString(document), ...varUint(kind), ...payload])
}

/** Reads numbers and strings from bytes, and throws a RangeError where they are cut short. */
export class Reader {
  #at = 0

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes
  }

  /** @returns {number} */
  varUint() {
    let number = 0
    let scale = 1
    for (;;) {
      const byte = this.bytes[this.#at++]
      if (byte === undefined) throw new RangeError("a number is cut short")
      number += (byte & 127) * scale
      if (number > NUMBER_MAX) throw new RangeError("a number is too large")
      if (byte < 128) return number
      scale *= 128
    }
  }

  /** @returns {string} */
  varString() {
    const length = this.varUint()
    const end = this.#at + length
    if (end > this.bytes.length) throw new RangeError("a string is cut short")
    const words = decoder.decode(this.bytes.subarray(this.#at, end))
    this.#at = end
    return words
  }

  /** @returns {Uint8Array} */
  rest() {
    return this.bytes.subarray(this.#at)
  }
}

/** @param {Uint8Array} bytes @returns {Frame} */
export function decode(bytes) {
  const reader = new Reader(bytes)
  return { document: reader.varString(), kind: reader.varUint(), payload: reader.rest() }
}
