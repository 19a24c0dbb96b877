/** What the hub packs, its long answers, is unpacked in the order in which it came; what comes behind it waits meanwhile. */
import { decode } from "./frames.js"

/** The type of a packed message: the rest of it is a whole frame, deflated (crdt/frames.py). */
const PACKED = 32

/** Whether this browser unpacks. The few that don't are answered as ever. */
export const unpacks = "DecompressionStream" in globalThis

export class Unpacking {
  /** Behind a message that is being unpacked. @type {Uint8Array[] | null} */
  #behind = null
  /** What is to be done once nothing waits any more. @type {(() => void) | null} */
  #then = null

  /** @param {(frame: Uint8Array) => void} deliver */
  constructor(deliver) {
    this.deliver = deliver
  }

  /** @param {Uint8Array} bytes a message, as it came */
  take(bytes) {
    if (this.#behind) this.#behind.push(bytes)
    else if (decode(bytes).kind === PACKED) void this.#unpack(decode(bytes).payload)
    else this.deliver(bytes)
  }

  /** At once where nothing waits, else when all that came before was told. @param {() => void} act */
  afterwards(act) {
    if (this.#behind) this.#then = act
    else act()
  }

  /** The line is lost: nothing that came on it is told any more. */
  forget() {
    this.#behind = null
  }

  /** @param {Uint8Array} deflated */
  async #unpack(deflated) {
    /** @type {Uint8Array[]} */
    const behind = []
    this.#behind = behind
    const frame = await inflated(deflated)
    if (this.#behind !== behind) return
    this.#behind = null
    this.deliver(frame)
    for (const each of behind) this.take(each)
    if (this.#behind) return
    const act = this.#then
    this.#then = null
    act?.()
  }
}

/** @param {Uint8Array} deflated @returns {Promise<Uint8Array>} */
async function inflated(deflated) {
  const stream = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (deflated)]).stream().pipeThrough(new DecompressionStream("deflate"))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
