/**
 * What was typed on a page of those at home and has not been sent yet: kept on this device through reload and restart,
 * sealed under a key that the hub gives to its person's pages alone, and sent in the order in which it was typed.
 */
import { openDB } from "idb"
import { seal, unseal } from "./kept_drafts.js"

/**
 * @typedef {object} Letter
 * @property {string} address where it goes @property {[string, string][]} body with the key of its form: sent twice, it counts once
 * @property {string} section whose part of the page it changes @property {string} words to show @property {number} typed ms since 1970
 * @property {Refusal} [refused] why the hub did not take it; it is not sent again by itself
 */
/** @typedef {{ why: string, sure: boolean }} Refusal sure: it asks whether an unlikely value is right */
/** @typedef {Letter & { id: number }} Kept id: its place in the order */
/** @typedef {"sent" | "later" | Refusal} Outcome */

const LETTERS = "letters"

/** As long as drafts are (static/src/kept_drafts.js). */
export const KEPT_MS_MAX = 30 * 86_400_000

/** @param {string} name of the database @returns {Promise<import("idb").IDBPDatabase>} */
const database = (name) =>
  openDB(name, 1, { upgrade: (made) => void made.createObjectStore(LETTERS, { keyPath: "id", autoIncrement: true }).createIndex("person", "person") })

export class Letters {
  /** Where the device gives no room: kept as long as the page is. @type {Kept[]} */
  #held = []
  /** What is added is added in its order. @type {Promise<unknown>} */
  #adding = Promise.resolve()

  /** @param {string} person whose @param {string} key 64 hex digits @param {string} [name] of the database */
  constructor(person, key, name = "careplan-letters") {
    this.person = person
    this.key = key
    this.name = name
  }

  /** @returns {number} how many are lost with the page */
  get held() {
    return this.#held.length
  }

  /** @param {Letter} letter @returns {Promise<unknown>} once it is on the device */
  add(letter) {
    return (this.#adding = this.#adding.then(() => this.#add(letter)))
  }

  /** @param {Letter} letter */
  async #add(letter) {
    try {
      await this.#put({ person: this.person, typed: letter.typed, sealed: await seal(letter, this.key) })
    } catch {
      this.#held.push({ ...letter, id: -1 - this.#held.length })
    }
  }

  /** @param {object} row */
  async #put(row) {
    const kept = await database(this.name)
    const turn = kept.transaction(LETTERS, "readwrite", { durability: "strict" })
    await Promise.all([turn.store.put(row), turn.done])
    kept.close()
  }

  /** @param {number} [now] @returns {Promise<Kept[]>} this person's, the oldest first; what is too old is deleted, whoever typed it */
  async all(now = Date.now()) {
    /** @type {Kept[]} */
    const found = []
    try {
      const kept = await database(this.name)
      for (const { id, typed } of await kept.getAll(LETTERS)) if (now - typed > KEPT_MS_MAX) await kept.delete(LETTERS, id)
      const rows = await kept.getAllFromIndex(LETTERS, "person", this.person)
      kept.close()
      for (const { id, sealed } of rows) {
        const letter = /** @type {Letter | null} */ (await unseal(sealed, this.key))
        if (letter) found.push({ ...letter, id })
      }
    } catch {
      // The device keeps nothing.
    }
    return [...found.sort((one, other) => one.id - other.id), ...this.#held]
  }

  /** @param {number} id */
  async remove(id) {
    this.#held = this.#held.filter((each) => each.id !== id)
    if (id < 0) return
    const kept = await database(this.name)
    await kept.delete(LETTERS, id)
    kept.close()
  }

  /** Keep its words, with why. @param {Kept} letter @param {Refusal} refused */
  async refuse(letter, refused) {
    const told = { ...letter, refused }
    if (letter.id < 0) this.#held = this.#held.map((each) => (each.id === letter.id ? told : each))
    else await this.#put({ id: letter.id, person: this.person, typed: letter.typed, sealed: await seal(told, this.key) })
  }
}

/**
 * Send what waits, the oldest first; stop at the first that can't go now. A page that ends between the hub's word and ours
 * sends it again: the key of its form makes it count once.
 * @param {Pick<Letters, "all" | "remove" | "refuse">} letters @param {(letter: Kept) => Promise<Outcome>} send
 */
export async function sendInOrder(letters, send) {
  for (;;) {
    const next = (await letters.all()).find(({ refused }) => !refused)
    if (!next) return
    const outcome = await send(next)
    if (outcome === "later") return
    if (outcome === "sent") await letters.remove(next.id)
    else await letters.refuse(next, outcome)
  }
}
