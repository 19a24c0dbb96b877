/** Others on the page: chips, the ring and name on the field someone is in, drafts of registers, carets in texts. */
import * as Y from "yjs"
import { drawCarets } from "./carets.js"
import { chip, knownPeople, tab } from "./chips.js"
import { CHIPS_MAX, peopleIn, readPresence } from "./people.js"

/** @typedef {import("./people.js").Presence} Presence */
/** @typedef {import("./people.js").Person} Person */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("y-protocols/awareness").Awareness} Awareness */
/**
 * @typedef {object} Surroundings
 * @property {string} self my person id
 * @property {HTMLElement | null} here
 * @property {(key: string) => Field | undefined} field
 * @property {(section: string) => Y.Doc | undefined} docOf
 * @property {(sentence: string) => void} say
 */

/** The hub takes ten presence states a second from a page; this stays far below. */
const SEND_EVERY_MS = 150
const DRAFT_CHARACTERS_MAX = 200

/** An edit may come after its author has gone on to the next field; who was in it is remembered for so long. */
const REMEMBERED_MS = 5_000

export class PresenceView {
  /** @type {Map<string, Presence[]>} field key -> others in it */
  #byField = new Map()
  /** @type {Map<string, { name: string, when: number }>} field key -> who was last seen in it */
  #lastIn = new Map()
  /** @type {Person[]} */
  #people = []
  /** @type {Map<HTMLElement, HTMLElement[]>} a field that someone is in -> the carets drawn in it */
  #ringed = new Map()
  /** @type {{ field: string | null, draft: string | null, caret: unknown }} */
  #own = { field: null, draft: null, caret: null }
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null
  #greeted = false
  quiet = false

  /** @param {Awareness} awareness @param {Surroundings} around */
  constructor(awareness, around) {
    this.awareness = awareness
    this.around = around
    awareness.setLocalState({ ...this.#own })
    awareness.on("change", () => this.#changed())
    this.#changed()
  }

  get people() {
    return this.#people
  }

  /** @param {string} key @returns {string | null} the name of who is in a field, or was a moment ago */
  lastIn(key) {
    const last = this.#lastIn.get(key)
    const isThere = this.#byField.has(key)
    return last && (isThere || performance.now() - last.when < REMEMBERED_MS) ? last.name : null
  }

  /** Where I am. @param {string | null} field */
  enter(field) {
    this.#tell({ field, draft: null, caret: null })
  }

  /** @param {string} field @param {string | null} words */
  drafting(field, words) {
    this.#tell({ ...this.#own, field: this.#own.field ?? field, draft: words === null ? null : [...words].slice(0, DRAFT_CHARACTERS_MAX).join("") })
  }

  /** @param {string} field @param {Y.Text} text @param {number} offset */
  caret(field, text, offset) {
    // Assoc -1: my caret belongs to the character before it, as the eye sees it.
    this.#tell({ field, draft: null, caret: Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, offset, -1)) })
  }

  /** Draw again, after a swap or a scroll. */
  draw() {
    this.#drawChips()
    this.#drawNav()
    this.#drawFields()
  }

  /** @param {{ field: string | null, draft: string | null, caret: unknown }} own */
  #tell(own) {
    this.#own = own
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.awareness.setLocalState({ ...this.#own })
    }, SEND_EVERY_MS)
  }

  #changed() {
    const others = [...this.awareness.getStates()]
      .filter(([client]) => client !== this.awareness.clientID)
      .map(([, state]) => readPresence(state))
      .filter((presence) => presence !== null)
    const people = peopleIn(others, this.around.self, knownPeople(document))
    if (this.#greeted) this.#sayWhoMoved(people)
    this.#greeted ||= people.length > 0
    this.#people = people
    this.#byField = new Map()
    for (const presence of others) {
      if (presence.field === null || presence.person === this.around.self) continue
      this.#byField.set(presence.field, [...(this.#byField.get(presence.field) ?? []), presence])
    }
    for (const [key, [first]] of this.#byField) if (first) this.#lastIn.set(key, { name: first.name, when: performance.now() })
    this.draw()
  }

  /** @param {Person[]} people */
  #sayWhoMoved(people) {
    const before = new Set(this.#people.map(({ person }) => person))
    const after = new Set(people.map(({ person }) => person))
    for (const { person, name } of people) if (!before.has(person)) this.around.say(`${name} is here.`)
    for (const { person, name } of this.#people) if (!after.has(person)) this.around.say(`${name} has left.`)
  }

  #drawChips() {
    const { here } = this.around
    if (!here) return
    const more = this.#people.length - CHIPS_MAX
    const rest = document.createElement("li")
    rest.className = "quiet"
    rest.textContent = more > 0 ? `+${more}` : "Only you here"
    if (more > 0) rest.title = this.#people.slice(CHIPS_MAX).map(({ name }) => name).join(", ")
    const chips = this.#people.slice(0, CHIPS_MAX).map((person) => chip(person, "li"))
    here.replaceChildren(...chips, ...(more > 0 || chips.length === 0 ? [rest] : []))
  }

  /** Who is in which section, beside its name in the list of sections. */
  #drawNav() {
    for (const slot of document.querySelectorAll(".jump [data-section] .nav-presence")) {
      const section = slot.closest("[data-section]")?.getAttribute("data-section")
      const inside = [...this.#byField].filter(([key]) => key.startsWith(`${section}/`)).flatMap(([, presences]) => presences)
      slot.replaceChildren(...peopleIn(inside, this.around.self, knownPeople(document)).slice(0, CHIPS_MAX).map((person) => chip(person, "span")))
    }
  }

  #drawFields() {
    const drawn = new Map()
    for (const carets of this.#ringed.values()) carets.forEach((caret) => caret.remove())
    for (const [key, presences] of this.quiet ? [] : this.#byField) {
      const field = this.around.field(key)
      if (field) drawn.set(field.element, this.#drawField(field, presences))
      else this.#drawRow(key, presences, drawn)
    }
    for (const element of this.#ringed.keys()) if (!drawn.has(element)) clearField(element)
    this.#ringed = drawn
  }

  /** Someone in a row that is closed here: a ring around it, and who is where. @param {string} key @param {Presence[]} presences @param {Map<HTMLElement, HTMLElement[]>} drawn */
  #drawRow(key, presences, drawn) {
    const [, entry = "", name = ""] = key.split("/")
    const row = document.getElementById(`entry-${entry}`)
    const [first] = peopleIn(presences, this.around.self, knownPeople(document))
    if (!row || !first) return
    const who = document.createElement("span")
    who.className = "row-person"
    who.dataset.hue = String(first.hue)
    const label = row.querySelector(`[data-shows="${CSS.escape(key)}"]`)?.getAttribute("data-label") ?? name.replaceAll("_", " ")
    who.append(`${first.name}, in ${label}`)
    row.dataset.presentHue = String(first.hue)
    row.querySelector(":scope > .entry-presence")?.replaceChildren(chip(first, "span"), who)
    drawn.set(row, [])
  }

  /** @param {Field} field @param {Presence[]} presences @returns {HTMLElement[]} the carets */
  #drawField(field, presences) {
    const people = peopleIn(presences, this.around.self, knownPeople(document))
    const also = this.#own.field === field.key ? " too" : ""
    field.element.dataset.presentHue = String(people[0]?.hue ?? 1)
    field.presence?.replaceChildren(...people.map((person) => tab(person, presences.find((each) => each.person === person.person)?.draft ?? null, also)))
    return drawCarets(field, presences, people, this.around.docOf(field.path.section))
  }
}

/** @param {HTMLElement} element */
function clearField(element) {
  delete element.dataset.presentHue
  element.querySelector(element.matches(".entry") ? ":scope > .entry-presence" : ".field-presence")?.replaceChildren()
}
