/** A person as the page shows them: a chip with initials, a tab with their name on the field they are in. */
import { personOf } from "./people.js"

/** @typedef {import("./people.js").Person} Person */
/** @typedef {import("./people.js").Presence} Presence */

/** The hub's list of the plan's people knows hue and profession; someone who joined since is shown by what the hub signed. @param {Document} page @returns {(presence: Presence) => Person} */
export function knownPeople(page) {
  /** @type {NodeListOf<HTMLElement>} */
  const listed = page.querySelectorAll("#people [data-person]")
  const byId = new Map([...listed].map((each) => [each.dataset.person ?? "", each]))
  return (presence) => {
    const known = byId.get(presence.person)
    const stranger = personOf(presence)
    if (!known) return stranger
    const role = known.querySelector("span")?.textContent?.trim()
    return { ...stranger, role: role || stranger.role, initials: known.dataset.initials || stranger.initials, hue: Number(known.dataset.hue) || stranger.hue }
  }
}

/** @param {Person} person @param {string} tag @returns {HTMLElement} */
export function chip({ person, name, role, initials, hue }, tag) {
  const line = document.createElement(tag)
  line.className = "chip-line"
  line.dataset.person = person
  const letters = document.createElement("span")
  letters.className = "chip"
  letters.dataset.hue = String(hue)
  letters.ariaHidden = "true"
  letters.textContent = initials
  const words = document.createElement("span")
  words.className = tag === "li" ? "chip-name" : "spoken"
  const part = document.createElement("small")
  part.textContent = role
  words.append(name, ...(role && tag === "li" ? [part] : []))
  line.append(letters, words)
  line.title = role ? `${name}, ${role}` : name
  return line
}

/** @param {Person} person @param {string | null} draft @param {string} also " too" where I am in the field as well @returns {HTMLElement} */
export function tab({ name, hue }, draft, also) {
  const made = document.createElement("span")
  made.className = "name-tab"
  made.dataset.hue = String(hue)
  made.append(draft === null ? name : `${name} is changing this${also}`)
  if (draft !== null) {
    const words = document.createElement("em")
    words.textContent = draft
    made.append(words)
  }
  return made
}
