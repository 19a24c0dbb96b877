/** What others changed, in one sentence each, for the polite live region. */
import { headlineOf, titleOf } from "./places.js"

/** @typedef {import("./notices.js").Changed} Changed */
/** @typedef {{ label: string, words: string }} Seen a field that was seen to change, and its new value where that is short */

/** A notice and the edit it is about come in either order, this far apart at most. */
const TOGETHER_MS = 400

export class News {
  /** @type {Map<string, Map<string, Seen>>} entry -> field -> what was seen */
  #seen = new Map()
  /** @type {Map<string, { by: string, when: number }>} entry -> who changed it last */
  #last = new Map()

  /** @param {string} self my name @param {(sentence: string) => void} say */
  constructor(self, say) {
    this.self = self
    this.say = say
  }

  /** @param {string} entry @param {string} field @param {Seen} seen */
  saw(entry, field, seen) {
    const fields = this.#seen.get(entry) ?? new Map()
    this.#seen.set(entry, fields.set(field, seen))
    setTimeout(() => this.#seen.delete(entry), 4 * TOGETHER_MS)
  }

  /** @param {string} entry @returns {string | null} who changed an entry in the last seconds */
  lastOf(entry) {
    const last = this.#last.get(entry)
    return last && performance.now() - last.when < 5_000 ? last.by : null
  }

  /** @param {Changed} notice */
  changed({ section, entries, by }) {
    for (const entry of entries) this.#last.set(entry, { by, when: performance.now() })
    if (!by || by === this.self) return
    setTimeout(() => this.say(sentence(section, entries, by, this.#seen)), TOGETHER_MS)
  }
}

/** @param {string} section @param {readonly string[]} entries @param {string} by @param {Map<string, Map<string, Seen>>} seen @returns {string} */
function sentence(section, entries, by, seen) {
  const element = document.getElementById(`section-${section}`)
  const title = element ? titleOf(element) : section.replaceAll("_", " ")
  const [entry] = entries
  if (entry === undefined || entries.length > 1) return `${by} changed ${title}.`
  const headline = headlineOf(document.getElementById(`entry-${entry}`))
  const fields = [...(seen.get(entry)?.values() ?? [])]
  const where = headline ? `${title}, ${headline}` : title
  const [only] = fields
  if (!only || fields.length > 1) return `${by} changed ${where}.`
  return only.words ? `${by} changed ${where}: ${only.label} to ${only.words}.` : `${by} is writing in ${where}: ${only.label}.`
}
