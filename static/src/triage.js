/** Waiting on me by keyboard: j and k walk, s chooses, a accepts, x completes, r declines what is chosen or in focus. */
import { goTo } from "./places.js"

/** @typedef {import("./keys.js").Key} Key */

/** @returns {Key[]} */
export function triageKeys() {
  return [
    { keys: "s", words: "Choose this line", act: () => toggle(here()), on: '.work-item input[name="item"]' },
    { keys: "a", words: "Accept what is chosen", act: () => press("accept"), on: '.work-bar [data-verb="accept"]' },
    { keys: "x", words: "Done: what is chosen", act: () => press("done"), on: '.work-bar [data-verb="done"]' },
    { keys: "r", words: "Decline what is chosen, with a reason", act: () => press("reject"), on: '.work-bar [data-verb="reject"]' },
    { keys: "Enter", words: "Open this line", act: () => here()?.querySelector("a")?.click(), on: ".work-item" },
  ]
}

/** @returns {Element | null | undefined} */
function here() {
  return document.activeElement?.closest(".work-item")
}

/** @returns {HTMLInputElement[]} */
function chosen() {
  return [...document.querySelectorAll('input[name="item"]:checked')].map((each) => /** @type {HTMLInputElement} */ (each))
}

/** @param {Element | null | undefined} item */
function toggle(item) {
  const box = item?.querySelector('input[name="item"]')
  if (box instanceof HTMLInputElement) box.checked = !box.checked
}

/** Words first where the verb wants them: Enter in their field presses the verb. @param {string} verb */
function press(verb) {
  if (chosen().length === 0) toggle(here())
  if (chosen().length === 0) return
  const words = document.getElementById("work-words")
  const button = document.querySelector(`.work-bar button[data-verb="${verb}"]`)
  if (!(button instanceof HTMLButtonElement) || !(words instanceof HTMLInputElement)) return
  if (verb === "accept" || words.value.trim() !== "") return button.click()
  words.dataset.verb = verb
  goTo(words)
}

/** Without news the list is renewed all the same: what was due today is late tomorrow. */
const RENEW_MS = 60_000

/** What changed while somebody was choosing, typing or away is looked at once they have done. */
let stale = false

/** @returns {boolean} whether a renewal would come between somebody and what they are doing */
function busy() {
  const words = document.getElementById("work-words")
  return document.hidden || chosen().length > 0 || (words instanceof HTMLInputElement && words.value !== "")
}

/** Looks again for what waits, now or once nobody is in the middle of something. */
export function renew() {
  stale = busy()
  if (!stale) document.body.dispatchEvent(new CustomEvent("work:stale"))
}

/** A morph keeps what was chosen and typed before the answer came: the answer says what is left of it. */
function settle() {
  for (const box of document.querySelectorAll('input[name="item"]')) if (box instanceof HTMLInputElement) box.checked = box.defaultChecked
  const words = document.getElementById("work-words")
  if (words instanceof HTMLInputElement) words.value = words.defaultValue
}

/** @returns {HTMLElement[]} the lines that wait, each known by its ``data-item`` */
const lines = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".work-item[data-item]")])

/** The line whose place somebody has taken is gone: the one that stands there now. @param {number} place */
function stayAt(place) {
  const left = lines()
  goTo(left[Math.min(place, left.length - 1)] ?? document.querySelector(".work-item"))
}

/** Enter in the words presses the verb that led there; another line keeps the focus after the list was renewed. @param {(words: string) => void} say */
export function triage(say) {
  let known = new Set(lines().map((line) => line.dataset.item))
  let place = -1
  setInterval(renew, RENEW_MS)
  for (const kind of ["change", "input", "visibilitychange"]) document.addEventListener(kind, () => stale && renew())
  document.addEventListener("keydown", (event) => {
    const { target, key } = event
    if (key !== "Enter" || !(target instanceof HTMLInputElement) || target.id !== "work-words") return
    event.preventDefault()
    const button = document.querySelector(`.work-bar button[data-verb="${target.dataset.verb ?? "done"}"]`)
    if (button instanceof HTMLButtonElement && target.value.trim() !== "") button.click()
  })
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = /** @type {CustomEvent<{ ctx?: { sourceElement?: Element } }>} */ (event).detail
    const renewed = ctx?.sourceElement?.matches("#work") === true
    if (renewed && busy()) {
      stale = true
      return event.preventDefault()
    }
    // What came of the last press stays until the next one, whatever others do meanwhile.
    document.getElementById("work-told")?.toggleAttribute("hx-morph-skip", renewed)
    const line = here()
    place = lines().findIndex((each) => each === line)
  })
  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = /** @type {CustomEvent<{ ctx?: { sourceElement?: Element } }>} */ (event).detail
    if (!ctx?.sourceElement?.matches("#work, #work-form")) return
    const settled = ctx.sourceElement.matches("#work-form")
    if (settled) settle()
    if (document.activeElement === document.body && (settled || place >= 0)) stayAt(Math.max(place, 0))
    const fresh = lines().filter((line) => !known.has(line.dataset.item))
    known = new Set(lines().map((line) => line.dataset.item))
    if (!settled && fresh.length > 0) say(fresh.length === 1 ? `New: ${fresh[0].querySelector("a")?.textContent?.trim() ?? ""}.` : `${fresh.length} new lines.`)
    document.body.dispatchEvent(new CustomEvent("work:changed"))
  })
}
