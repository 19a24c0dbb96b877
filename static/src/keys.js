/** Keys of the page. Single keys work outside of fields only; an entry of the table is all that it takes to add one. */
import { palette } from "./palette.js"
import { ITEMS, goTo, goToSection, step } from "./places.js"
import { entryOf, openEntry } from "./rows.js"
import { listenToSearch, search } from "./search.js"

/**
 * @typedef {{ keys: string, words: string, act?: () => void, on?: string }} Key `keys` as in "g p", "Ctrl+k" or "Alt+Shift+w";
 * `on` is what has to be on the page for the key to do anything; without `act` the page does it elsewhere
 */

/** The second key of a pair comes within this time. */
const PAIR_MS = 1_500

/** Where letters are words. */
const FIELDS = "input:not([type=radio]), textarea, select, [contenteditable]"

/** @returns {Key[]} those that every page has */
export function commonKeys() {
  return [
    { keys: "/", words: "Search", act: () => search(), on: "#search, a.to-search, input[type=search]" },
    { keys: "?", words: "These keys" },
    { keys: "j", words: "Next line", act: () => step(1), on: ITEMS },
    { keys: "k", words: "Previous line", act: () => step(-1), on: ITEMS },
    { keys: "g p", words: "My patients", act: () => location.assign("/panel"), on: 'nav a[href="/panel"]' },
    { keys: "g h", words: "Huddles", act: () => location.assign("/huddles"), on: 'nav a[href="/huddles"]' },
    { keys: "Ctrl+k", words: "Go to or do anything", act: () => (document.querySelector("section.section") ? palette() : search()) },
  ]
}

/** @param {string} key of the patient in focus */
function press(key) {
  const button = document.activeElement?.closest(".patient")?.querySelector(`[data-key="${key}"]`)
  if (button instanceof HTMLElement) button.click()
}

/** @returns {Key[]} those of the panel */
export function panelKeys() {
  return [
    { keys: "h", words: "Add to huddle", act: () => press("h"), on: '.patient [data-key="h"]' },
    { keys: "e", words: "Mark this patient seen", act: () => press("e"), on: '.patient [data-key="e"]' },
    { keys: "f", words: "Narrow this list", act: () => goTo(document.getElementById("narrow")), on: "#narrow" },
  ]
}

/** @returns {Key[]} those of a plan that need nothing but the page */
export function planKeys() {
  const numbers = Array.from({ length: 9 }, (_, index) => ({ keys: String(index + 1), words: `Section ${index + 1}`, act: () => goToSection(index + 1), on: "section.section" }))
  const [row, suggested] = ["article.entry", '.sub[data-rank="suggests"], .suggestion-acts']
  return [
    ...numbers,
    { keys: "t", words: "Add a task about this entry", act: () => void task(), on: "#task-line" },
    { keys: "c", words: "Comment on this entry", act: () => void comment(), on: row },
    { keys: "a", words: "Accept the suggestion on this entry", act: () => decide("form button"), on: suggested },
    { keys: "d", words: "Decline the suggestion on this entry", act: () => decide("a.act"), on: suggested },
    { keys: "h", words: "History of this entry", act: () => void history(), on: row },
    { keys: "Enter", words: "Open this row", on: row },
    { keys: "Escape", words: "Leave the field; again: close the row", on: row },
  ]
}

/** @param {string} selector @returns {Promise<HTMLElement | null>} what the row in focus holds once it is open */
async function inRow(selector) {
  const entry = entryOf(document.activeElement)
  if (!entry || !(await openEntry(entry))) return null
  const found = entry.querySelector(selector)
  return found instanceof HTMLElement ? found : null
}

async function history() {
  const link = await inRow('.opened a[href$="/history"]')
  link?.click()
}

/** With an entry in focus the task is about it, else it is one of the plan. */
async function task() {
  if (!entryOf(document.activeElement)) return goTo(document.getElementById("task-line"))
  const link = await inRow("a.task-about")
  link?.click()
}

async function comment() {
  const comments = await inRow("details.comments-more")
  if (!(comments instanceof HTMLDetailsElement)) return
  comments.open = true
  goTo(comments.querySelector('input[name="words"]'))
}

/**
 * Decides on the first suggestion of the entry in focus; from elsewhere it only goes there, so that nobody decides unseen.
 * @param {string} choice
 */
function decide(choice) {
  const here = entryOf(document.activeElement)?.querySelector(".suggestion-acts")
  if (!here) {
    const entry = entryOf(document.activeElement)?.querySelector('.sub[data-rank="suggests"]') ?? document.querySelector('.entry > .sub[data-rank="suggests"]')
    const suggested = entryOf(entry)
    return suggested ? void openEntry(suggested).then(() => goTo(suggested.querySelector(".to"))) : undefined
  }
  /** @type {HTMLElement | null} */
  const control = here.querySelector(choice)
  control?.click()
}

/** @param {readonly Key[]} keys */
export function listen(keys) {
  listenToSearch()
  const table = new Map(keys.map((key) => [key.keys, key]))
  table.set("?", { keys: "?", words: "", act: () => help(keys.filter(works)) })
  let first = { key: "", when: -Infinity }
  addEventListener("keydown", (event) => {
    const name = nameOf(event)
    if (event.defaultPrevented || event.isComposing) return
    if (name === "Escape" && leaveField(event.target)) return
    if (!mayAct(event, name)) return
    const pair = event.timeStamp - first.when < PAIR_MS ? `${first.key} ${name}` : ""
    first = { key: name, when: event.timeStamp }
    const key = table.get(pair) ?? table.get(name)
    if (!key?.act || !works(key)) return
    if (name !== "Enter") event.preventDefault()
    key.act()
  })
}

/** @param {Key} key @returns {boolean} whether it does anything on the page as it stands */
function works({ on }) {
  return !on || document.querySelector(on) !== null
}

/** @param {KeyboardEvent} event @returns {string} */
function nameOf(event) {
  const { ctrlKey, metaKey, altKey, shiftKey, code } = event
  // With Alt some layouts give another letter: the key itself counts there.
  const key = altKey && code.startsWith("Key") ? code.slice(3).toLowerCase() : event.key.length === 1 && (ctrlKey || metaKey) ? event.key.toLowerCase() : event.key
  const shift = shiftKey && (altKey || ctrlKey || metaKey || key.length > 1)
  return [ctrlKey || metaKey ? "Ctrl" : "", altKey ? "Alt" : "", shift ? "Shift" : "", key].filter(Boolean).join("+")
}

/** Where a row or a room has nothing else in mind, Esc leaves the field, so that keys are keys again. @param {EventTarget | null} target @returns {boolean} */
function leaveField(target) {
  if (!(target instanceof HTMLElement) || !target.matches(FIELDS) || target.closest("dialog")) return false
  target.blur()
  return true
}

/** @param {KeyboardEvent} event @param {string} name @returns {boolean} */
function mayAct(event, name) {
  if (document.querySelector("dialog[open]")) return false
  if (/^(Ctrl|Alt)\+/.test(name)) return true
  const target = event.target instanceof Element ? event.target : null
  if (target?.closest(FIELDS)) return false
  return name !== "Enter" || target?.matches(".work-item") === true
}

/** @param {readonly Key[]} keys */
function help(keys) {
  const dialog = document.createElement("dialog")
  dialog.className = "keys"
  const title = document.createElement("h2")
  title.textContent = "Keys"
  const list = document.createElement("dl")
  for (const { keys: names, words } of keys.filter(({ keys: each }) => !/^[2-9]$/.test(each))) {
    const term = document.createElement("dt")
    const key = document.createElement("kbd")
    key.textContent = names === "1" ? "1 to 9" : names.replace(/\+(\w)$/, (_, letter) => `+${letter.toUpperCase()}`)
    term.append(key)
    const meaning = document.createElement("dd")
    meaning.textContent = names === "1" ? "Section by its number" : words
    list.append(term, meaning)
  }
  const close = document.createElement("button")
  close.type = "button"
  close.textContent = "Close"
  close.addEventListener("click", () => dialog.close())
  dialog.append(title, list, close)
  dialog.ariaLabel = "Keys"
  dialog.addEventListener("close", () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}
