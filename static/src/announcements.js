/** What is said aloud: politely at most one message in five seconds, never character by character. */

export const QUIET_MS = 5_000

/** Sentences that wait; more are told as a number. */
const WAITING_MAX = 20

/**
 * @param {readonly string[]} waiting sentences, oldest first @returns {string} what is said for all of them
 */
export function joined(waiting) {
  const distinct = [...new Set(waiting)]
  if (distinct.length <= 2) return distinct.join(" ")
  return `${distinct[distinct.length - 1]} And ${distinct.length - 1} other changes.`
}

/** Speaks through a polite live region. */
export class Announcer {
  /** @type {string[]} */
  #waiting = []
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null
  #spoken = -Infinity

  /**
   * @param {(words: string) => void} speak
   * @param {() => number} now ms
   * @param {(waiting: readonly string[]) => string} join
   */
  constructor(speak, now = () => performance.now(), join = joined) {
    this.speak = speak
    this.join = join
    this.now = now
  }

  /** @param {string} sentence */
  say(sentence) {
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(sentence)
    if (this.#timer !== null) return
    const rest = this.#spoken + QUIET_MS - this.now()
    // Even the first waits a little, so that changes which come together are told together.
    this.#timer = setTimeout(() => this.#flush(), Math.max(300, rest))
  }

  #flush() {
    this.#timer = null
    this.#spoken = this.now()
    const words = this.join(this.#waiting)
    this.#waiting = []
    this.speak(words)
  }
}
