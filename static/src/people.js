/** Who is here: one per person however many pages they have open, with initials and a hue that everyone sees alike. */

/** @typedef {{ person: string, name: string, role: string, field: string | null, draft: string | null, caret: unknown }} Presence one page of one person */
/** @typedef {{ person: string, name: string, role: string, initials: string, hue: number }} Person */

/** Hues in app.css: --hue-1 and on. */
export const HUES = 8

/** Chips shown before the rest becomes "+n". */
export const CHIPS_MAX = 5

/** @param {string} person @returns {number} FNV-1a of the id, so that every screen gives a stranger to its page the same hue */
export function hueOf(person) {
  let hash = 0x811c9dc5
  for (let index = 0; index < person.length; index++) hash = Math.imul(hash ^ person.charCodeAt(index), 0x01000193) >>> 0
  return 1 + (hash % HUES)
}

const TITLES = new Set(["dr", "prof", "mr", "mrs", "ms", "mx"])

/** @param {string} name @returns {string} one or two letters: first and last name, titles left out */
export function initialsOf(name) {
  const parts = name.split(/[\s,]+/).filter((part) => part && !TITLES.has(part.toLowerCase().replace(/\.$/, "")))
  const chosen = parts.length > 1 ? [parts[0], parts[parts.length - 1]] : parts
  return chosen.map((part) => [...(part ?? "")][0] ?? "").join("").toUpperCase()
}

/** @param {unknown} state an awareness state as it came @returns {Presence | null} */
export function readPresence(state) {
  if (typeof state !== "object" || state === null) return null
  const { person, name, role, field, draft, caret } = /** @type {Record<string, unknown>} */ (state)
  if (typeof person !== "string" || typeof name !== "string") return null
  return {
    person,
    name,
    role: typeof role === "string" ? role.replaceAll("_", " ") : "",
    field: typeof field === "string" ? field : null,
    draft: typeof draft === "string" ? draft : null,
    caret: caret ?? null,
  }
}

/** @param {Presence} presence @returns {Person} */
export function personOf({ person, name, role }) {
  return { person, name, role, initials: initialsOf(name), hue: hueOf(person) }
}

/**
 * @param {Iterable<Presence>} presences @param {string} self the id that is left out
 * @param {(presence: Presence) => Person} [known] what the page knows of someone
 * @returns {Person[]} by name, each once
 */
export function peopleIn(presences, self, known = personOf) {
  /** @type {Map<string, Person>} */
  const people = new Map()
  for (const presence of presences) {
    if (presence.person !== self && !people.has(presence.person)) people.set(presence.person, known(presence))
  }
  return [...people.values()].sort((one, other) => one.name.localeCompare(other.name))
}
