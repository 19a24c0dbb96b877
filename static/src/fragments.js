/** Asks for fresh fragments: the sections listen for these events on the body and fetch themselves (their hx-trigger). */
import { ask, isAnothers } from "./belonging.js"
import htmx from "./hypermedia.js"
import { openIn } from "./open_rows.js"

/** Notices that come together are answered by one fetch. */
const GATHER_MS = 60

/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const waiting = new Map()

/** Events whose fetch failed: tried again when the line is back. @type {Set<string>} */
const failed = new Set()

/** @param {string} event */
function dispatchSoon(event) {
  if (waiting.has(event)) return
  waiting.set(event, setTimeout(() => {
    waiting.delete(event)
    document.body.dispatchEvent(new CustomEvent(event))
    // What is next stands on all sections: it hears of any of them.
    document.body.dispatchEvent(new CustomEvent(event.replace(/-.*$/, "")))
  }, GATHER_MS))
}

/** Entries came, went or moved, or a command changed them: at once. @param {string} section */
export function changed(section) {
  dispatchSoon(`plan:changed-${section}`)
}

/** Values changed: what stands beside them follows when the typing pauses. @param {string} section */
export function edited(section) {
  dispatchSoon(`plan:edited-${section}`)
}

/** Fetch again what could not be fetched. */
export function retry() {
  for (const event of failed) dispatchSoon(event)
  failed.clear()
}

/** A section stays as it is when its fetch fails: htmx would show the answer in its place. */
export function keepSections() {
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = /** @type {CustomEvent<{ ctx: { sourceElement: Element, response?: { status: number } } }>} */ (event).detail
    if ((ctx.response?.status ?? 200) < 400 || !ctx.sourceElement.matches("section.section")) return
    event.preventDefault()
    note(ctx.sourceElement)
  })
  document.addEventListener("htmx:error", (event) => event.target instanceof Element && note(event.target))
}

/** @param {Element} section */
function note(section) {
  const name = section.matches("section.section") ? section.getAttribute("data-section") : null
  if (name) failed.add(`plan:changed-${name}`)
}

/** The page as the person may see it now, morphed in: sections may have come or gone. @param {() => boolean} [mayReload] whether nothing in the page would be lost: then one of a newer hub comes whole, with its own scripts @returns {Promise<boolean>} whether it stands here now */
export async function refetchPage(mayReload = () => false) {
  const address = new URL(location.href)
  for (const id of openIn(document)) address.searchParams.append("open", id)
  const response = await ask(address.href)
  if (isAnothers(response)) return false
  const text = await response.text()
  if (!response.ok || response.redirected || (isOtherHub(text) && mayReload())) {
    location.reload()
    return false
  }
  for (const selector of ["main", ".jump", ".plan-tools", "#updated"]) {
    const target = document.querySelector(selector)
    if (target) await htmx.swap({ sourceElement: target, target, select: selector, swap: "outerMorph", text })
  }
  return true
}

/** @param {string} page @returns {boolean} whether it belongs to other scripts than those that run here */
function isOtherHub(page) {
  const ours = document.querySelector("script[src]")?.getAttribute("src")
  return Boolean(ours) && !page.includes(`"${ours}"`)
}
