/** Waiting on me by keyboard: j and k walk, s chooses, a accepts, x completes, r declines what is chosen or in focus. */
import { goTo } from "./places.js"

/** @typedef {import("./keys.js").Key} Key */

/** @returns {boolean} whether this page has a list to triage */
export function triaging() {
  return document.querySelector("[data-work]") !== null
}

/** @returns {Key[]} */
export function triageKeys() {
  return [
    { keys: "s", words: "Choose this line", act: () => toggle(here()) },
    { keys: "a", words: "Accept what is chosen", act: () => press("accept") },
    { keys: "x", words: "Done: what is chosen", act: () => press("done") },
    { keys: "r", words: "Decline what is chosen, with a reason", act: () => press("reject") },
    { keys: "Enter", words: "Open this line", act: () => here()?.querySelector("a")?.click() },
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

/** The list is renewed while nobody is choosing or typing in it. */
const RENEW_MS = 60_000

function renew() {
  const words = document.getElementById("work-words")
  const busy = chosen().length > 0 || (words instanceof HTMLInputElement && words.value !== "")
  if (!busy) document.body.dispatchEvent(new CustomEvent("work:stale"))
}

/** A morph keeps what was chosen and typed before the answer came: the answer says what is left of it. */
function settle() {
  for (const box of document.querySelectorAll('input[name="item"]')) if (box instanceof HTMLInputElement) box.checked = box.defaultChecked
  const words = document.getElementById("work-words")
  if (words instanceof HTMLInputElement) words.value = words.defaultValue
}

/** Enter in the words presses the verb that led there; another line keeps the focus after the list was renewed. */
export function triage() {
  setInterval(renew, RENEW_MS)
  document.addEventListener("keydown", (event) => {
    const { target, key } = event
    if (key !== "Enter" || !(target instanceof HTMLInputElement) || target.id !== "work-words") return
    event.preventDefault()
    const button = document.querySelector(`.work-bar button[data-verb="${target.dataset.verb ?? "done"}"]`)
    if (button instanceof HTMLButtonElement && target.value.trim() !== "") button.click()
  })
  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = /** @type {CustomEvent<{ ctx?: { sourceElement?: Element } }>} */ (event).detail
    if (!ctx?.sourceElement?.matches("#work, #work-form")) return
    settle()
    if (document.activeElement === document.body) goTo(document.querySelector(".work-item"))
    document.body.dispatchEvent(new CustomEvent("work:changed"))
  })
}
