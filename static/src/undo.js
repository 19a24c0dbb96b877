/** What I did last on this page, newest last, so that `u` can take it back: my own edits only. */

const STEPS_MAX = 200
const BURST_MS = 500

/** @typedef {{ section: object, undo: () => void, burst: string, when: number }} Step */

export class OwnEdits {
  /** @type {Step[]} */
  #steps = []
  #undoing = false

  /** @param {() => number} now ms */
  constructor(now = () => performance.now()) {
    this.now = now
  }

  /**
   * @param {object} section @param {() => void} undo
   * @param {string} burst edits of one burst follow each other closely and are one step; "" for a step of its own
   */
  add(section, undo, burst = "") {
    if (this.#undoing) return
    const last = this.#steps[this.#steps.length - 1]
    const when = this.now()
    if (last && burst && last.burst === burst && when - last.when < BURST_MS) {
      last.when = when
      return
    }
    this.#steps.push({ section, undo, burst, when })
    if (this.#steps.length > STEPS_MAX) this.#steps.shift()
  }

  /** The section has a new document, in which none of this happened. @param {object} section */
  forget(section) {
    this.#steps = this.#steps.filter((step) => step.section !== section)
  }

  /** @returns {boolean} whether there was anything to take back */
  undo() {
    const step = this.#steps.pop()
    if (!step) return false
    this.#undoing = true
    step.undo()
    this.#undoing = false
    return true
  }
}
