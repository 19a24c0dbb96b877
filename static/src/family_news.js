/** What others changed on the family's page, for who listens to it: which part, and whose hand, at most one sentence in five seconds. */
import { Announcer } from "./announcements.js"
import { ownName } from "./belonging.js"

/** A part is fetched anew soon after the notice of its change; whose it was is remembered for so long. */
const REMEMBERED_MS = 10_000

export class FamilyNews {
  /** What each part held when it was last looked at. @type {Map<string, string>} */
  #held = new Map()
  #by = ""
  #when = -Infinity

  /** @param {HTMLElement | null} region polite, with the words in the page's language */
  constructor(region) {
    const words = region?.dataset ?? {}
    this.words = words
    const joined = (/** @type {readonly string[]} */ waiting) => {
      const distinct = [...new Set(waiting)]
      const more = (words.more ?? "").replace("{count}", String(distinct.length - 1))
      return distinct.length <= 2 ? distinct.join(" ") : `${distinct[distinct.length - 1]} ${more}`
    }
    this.announcer = new Announcer((said) => region && (region.textContent = said), undefined, joined)
    this.#look(() => {})
  }

  /** Somebody changed something: the parts concerned are being fetched. @param {string} by */
  heard(by) {
    this.#by = by
    this.#when = performance.now()
  }

  /** Parts may hold something new. */
  swapped() {
    const recent = performance.now() - this.#when < REMEMBERED_MS
    const by = recent ? this.#by : ""
    this.#look((title) => {
      if (!recent || (by && by === ownName())) return // One knows what one did oneself.
      this.announcer.say(((by ? this.words.by : this.words.changed) ?? "").replace("{name}", by).replace("{what}", title))
    })
  }

  /** @param {(title: string) => void} changed told of each part that holds something else than before */
  #look(changed) {
    for (const part of document.querySelectorAll("section.section")) {
      const holds = part.textContent?.replace(/\s+/g, " ") ?? ""
      const before = this.#held.get(part.id)
      this.#held.set(part.id, holds)
      const title = part.querySelector("h2")?.firstChild?.textContent?.trim() ?? ""
      if (before !== undefined && before !== holds && title) changed(title)
    }
  }
}
