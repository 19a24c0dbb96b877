/** Rows of the plan: opened in place and closed again; while closed they follow the plan as text. */
import { ask, isAnothers } from "./belonging.js"
import { changed } from "./fragments.js"
import htmx from "./hypermedia.js"
import { tell } from "./messages.js"
import { openIn, whileOpening } from "./open_rows.js"

/**
 * @typedef {object} Keeper
 * @property {(entry: string) => boolean} drafting whether something typed in a field of the entry is in no document yet
 * @property {(sentence: string) => void} say
 * @property {() => void} rescan
 */

/** @type {Keeper} */
let keeper = { drafting: () => false, say: () => {}, rescan: () => {} }

/** @param {Element} entry @returns {HTMLElement | null} the link that the row is */
function linkOf(entry) {
  return entry.querySelector(":scope > h3 > .to")
}

/** @param {Element | null | undefined} element @returns {HTMLElement | null} */
export function entryOf(element) {
  const entry = element?.closest(".entry")
  return entry instanceof HTMLElement ? entry : null
}

/** @param {string} id @returns {HTMLElement | null} */
export function entryById(id) {
  return document.getElementById(`entry-${id}`)
}

/** Unfold what hides a row: a list of what is done, a section folded on a phone. @param {Element} entry */
export function reveal(entry) {
  for (let fold = entry.closest("details:not([open])"); fold instanceof HTMLDetailsElement; fold = fold.parentElement?.closest("details:not([open])") ?? null) fold.open = true
  entry.closest(".section")?.setAttribute("data-unfolded", "")
}

/** @param {HTMLElement} entry @param {string} [focus] the key of a field, "first" for the first one, "" to stay at the row @returns {Promise<boolean>} */
export async function openEntry(entry, focus = "") {
  const link = linkOf(entry)
  const id = entry.dataset.entry ?? ""
  if (!(link instanceof HTMLAnchorElement)) return false
  reveal(entry)
  if (!entry.hasAttribute("data-open")) {
    entry.ariaBusy = "true"
    const text = await fetched(link.href)
    entry.ariaBusy = null
    if (text === null) {
      tell(entry.querySelector(":scope > .entry-form"), "This row can’t be opened while the hub is out of reach. Rows that are open go on.")
      return false
    }
    if (entry.querySelector(":scope > .entry-form[data-tone]")) tell(entry.querySelector(":scope > .entry-form"), "")
    await whileOpening(id, () => htmx.swap({ sourceElement: entry, target: entry, swap: "outerMorph", text }))
    keeper.rescan()
  }
  const opened = entryById(id)
  if (opened && focus) focusIn(opened, focus)
  return opened?.hasAttribute("data-open") === true
}

/** @param {string} address @returns {Promise<string | null>} */
async function fetched(address) {
  try {
    const answer = await ask(address, { headers: { "HX-Request": "true" } })
    return answer.ok && !answer.redirected && !isAnothers(answer) ? await answer.text() : null
  } catch {
    return null // The network is away; the state line says so.
  }
}

/** @param {HTMLElement} entry @param {string} focus */
function focusIn(entry, focus) {
  const wanted = focus === "first" ? null : entry.querySelector(`[data-field="${CSS.escape(focus)}"] :is([data-bound], [data-add])`)
  const control = wanted ?? entry.querySelector(".opened :is([data-bound], [data-add])")
  if (control instanceof HTMLElement) control.focus({ preventScroll: wanted !== null })
}

/** @param {HTMLElement} entry @returns {boolean} whether closing it would lose or hide words that are nowhere else */
function unfinished(entry) {
  if (keeper.drafting(entry.dataset.entry ?? "")) return true
  if (entry.querySelector('.field-message[data-tone="refused"]:not(:empty), .opened [aria-invalid="true"]')) return true
  return [...entry.querySelectorAll(".entry-form :is(input, textarea, select), .comments input")].some((control) => {
    if (control instanceof HTMLInputElement) return control.type !== "hidden" && (control.value !== control.defaultValue || control.checked !== control.defaultChecked)
    if (control instanceof HTMLTextAreaElement) return control.value !== control.defaultValue
    return control instanceof HTMLSelectElement && [...control.options].some((option) => option.selected !== option.defaultSelected)
  })
}

/** @param {HTMLElement} entry @param {{ focus: boolean }} [how] @returns {boolean} whether it is closed now */
export function closeEntry(entry, { focus } = { focus: true }) {
  if (!entry.hasAttribute("data-open")) return true
  if (document.activeElement instanceof HTMLElement && entry.contains(document.activeElement)) document.activeElement.blur() // What was typed is taken, or found wanting.
  if (unfinished(entry)) {
    if (focus) keeper.say("Something here is not saved yet. Save it or drop it, then close.")
    if (focus) focusUnfinished(entry)
    return false
  }
  entry.querySelector(":scope > .opened")?.remove()
  entry.querySelector(":scope > .entry-form")?.replaceChildren()
  entry.removeAttribute("data-open")
  const link = linkOf(entry)
  link?.setAttribute("aria-expanded", "false")
  if (focus) link?.focus({ preventScroll: true })
  keeper.rescan()
  if (entry.hasAttribute("data-settled")) changed(entry.closest(".section")?.getAttribute("data-section") ?? "")
  return true
}

/** @param {HTMLElement} entry */
function focusUnfinished(entry) {
  const found = entry.querySelector('[aria-invalid="true"], .field-message[data-tone="refused"] button, .entry-form :is(input:not([type="hidden"]), textarea, select)')
  if (found instanceof HTMLElement) found.focus()
}

/** @param {MouseEvent} event @returns {string} the field whose words were pointed at */
function pointedAt({ clientX, clientY }) {
  for (const each of document.elementsFromPoint(clientX, clientY)) {
    const shows = each instanceof HTMLElement && !each.matches(".to") ? each.dataset.shows : undefined
    if (shows) return shows
  }
  return ""
}

/** @param {MouseEvent} event */
function clicked(event) {
  const { target } = event
  if (!(target instanceof Element) || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
  const entry = entryOf(target)
  if (target.closest("[data-close-entry]") && entry) return void closeEntry(entry)
  if (target.closest("[data-not-now]")) return target.closest(".entry-why")?.remove()
  if (entry && target.closest(".to")) {
    event.preventDefault()
    if (entry.hasAttribute("data-open")) return void closeEntry(entry)
    const byKey = event.detail === 0
    const withMouse = !byKey && matchMedia("(hover: hover)").matches
    return void openEntry(entry, byKey ? "first" : withMouse ? pointedAt(event) : "")
  }
  if (!target.isConnected || target.closest(".entry[data-open], a, button, summary, form, label, input, textarea, select, dialog, #drawer, .plan-top")) return
  for (const id of openIn(document)) {
    const open = entryById(id)
    if (open) closeEntry(open, { focus: false })
  }
}

/** Esc leaves the field for the row, a second one closes the row. @param {KeyboardEvent} event */
function pressed(event) {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || !(event.target instanceof Element)) return
  const entry = entryOf(event.target)
  if (!entry || document.querySelector("dialog[open]")) return
  const inField = event.target.closest("input, textarea, select, .entry-form, details.menu")
  if (!entry.hasAttribute("data-open") && !inField) return
  event.preventDefault()
  if (inField) linkOf(entry)?.focus({ preventScroll: true })
  else closeEntry(entry)
}

/** A link to an entry, as from "Waiting on me", leads to its row and opens it. */
function arrive() {
  const entry = location.hash.startsWith("#entry-") ? document.getElementById(location.hash.slice(1)) : null
  if (entry instanceof HTMLElement && entry.matches(".entry")) void openEntry(entry).then(() => linkOf(entry)?.focus())
  else if (location.hash.startsWith("#section-")) document.getElementById(location.hash.slice(1))?.setAttribute("data-unfolded", "")
}

/** @param {Keeper} made */
export function keepRows(made) {
  keeper = made
  document.addEventListener("click", clicked)
  document.addEventListener("keydown", pressed)
  addEventListener("hashchange", arrive)
  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = /** @type {CustomEvent<{ ctx: { sourceElement: Element, request: { body: FormData } } }>} */ (event).detail
    const section = ctx.sourceElement.matches("section.section, .section-more a") ? ctx.sourceElement.closest("section.section") : null
    if (section) for (const id of openIn(section)) ctx.request.body.append("open", id)
  })
  arrive()
}

/** The words of a closed row follow the plan at once; the fragment that comes later has them as they are meant to stand. @param {string} key @param {unknown} value */
export function showInRows(key, value) {
  const words = typeof value === "number" ? String(value) : value
  if (typeof words !== "string") return
  for (const place of document.querySelectorAll(`[data-shows="${CSS.escape(key)}"]`)) if (place.textContent !== words) place.textContent = words
}
