/** What others changed, in one sentence each, for the polite live region. */
import { headlineOf, titleOf } from "./places.js"

/** @typedef {import("./notices.js").Changed} Changed */
/** @typedef {{ by: () => string | null, label: string, words: string }} Seen who changed which field as far as is known by then, and its new value where that is short */

/** Changes of one entry that come within this time are told together. */
const TOGETHER_MS = 400

/** An edit may overtake the word of who is where; so long is it waited for, before nobody is named. */
const NAMED_MS_MAX = 3_000
const NAMED_EVERY_MS = 200

/** Who changed an entry is remembered for so long. */
const LAST_MS = 5_000

export class News {
  /** @type {Map<string, Map<string, Seen>>} section/entry -> field -> what was seen */
  #seen = new Map()
  /** @type {Map<string, { by: string, when: number }>} entry -> who changed it last */
  #last = new Map()

  /** @param {string} self my name @param {(sentence: string) => void} say */
  constructor(self, say) {
    this.self = self
    this.say = say
  }

  /** @param {string} section @param {string} entry @param {string} field @param {Seen} seen */
  saw(section, entry, field, seen) {
    const key = `${section}/${entry}`
    const known = this.#seen.get(key)
    if (known) return void known.set(field, seen)
    this.#seen.set(key, new Map([[field, seen]]))
    setTimeout(() => this.#tell(section, entry, key, NAMED_MS_MAX), TOGETHER_MS)
  }

  /** @param {string} entry @returns {string | null} who changed an entry in the last seconds */
  lastOf(entry) {
    const last = this.#last.get(entry)
    return last && performance.now() - last.when < LAST_MS ? last.by : null
  }

  /** The structure of a section changed. @param {Changed} notice */
  changed({ section, entries, by }) {
    for (const entry of entries) this.#last.set(entry, { by, when: performance.now() })
    if (!by || by === this.self) return
    const [only] = entries.length === 1 ? entries : []
    setTimeout(() => this.say(`${by} changed ${placeOf(section, only)}.`), TOGETHER_MS)
  }

  /** @param {string} section @param {string} entry @param {string} key @param {number} patience ms */
  #tell(section, entry, key, patience) {
    const seen = [...(this.#seen.get(key)?.values() ?? [])]
    const [first] = seen
    const name = first?.by()
    if (first && !name && patience > 0) {
      setTimeout(() => this.#tell(section, entry, key, patience - NAMED_EVERY_MS), NAMED_EVERY_MS)
      return
    }
    this.#seen.delete(key)
    if (!first) return
    const by = name ?? "Someone"
    const where = placeOf(section, entry)
    if (seen.length > 1) this.say(`${by} changed ${where}.`)
    else this.say(first.words ? `${by} changed ${where}: ${first.label} to ${first.words}.` : `${by} is writing in ${where}: ${first.label}.`)
  }
}

/** @param {string} section @param {string} [entry] @returns {string} */
function placeOf(section, entry) {
  const element = document.getElementById(`section-${section}`)
  const title = element ? titleOf(element) : section.replaceAll("_", " ")
  const headline = entry ? headlineOf(document.getElementById(`entry-${entry}`)) : ""
  return headline ? `${title}, ${headline}` : title
}
