/**
 * Words that were typed and not sent when a page had to stop: kept on this device for the one who typed them. They are
 * encrypted (AES-GCM) under a key that the hub gives to that person's pages alone, so the next person at this browser
 * can't read them. They are offered to their person on the next page of theirs, and sent by nobody else.
 */
import { draftKey, mark, personOf } from "./belonging.js"
import { button } from "./messages.js"

/** @typedef {{ label: string, words: string }} Typed */
/** @typedef {{ address: string, title: string, kept: string, typed: Typed[] }} Draft */

const PREFIX = "careplan-draft"

/** Kept for this long, and so many of one person. */
const DAYS_MAX = 30
const DRAFTS_MAX = 50

/** @type {(() => Typed[])[]} */
const sources = []

/** @param {() => Typed[]} source of what is typed and not sent, beside the fields of forms */
export function alsoTyped(source) {
  sources.push(source)
}

/** @returns {Typed[]} everything typed in this page that has not been sent */
export function typedNow() {
  const fields = /** @type {NodeListOf<HTMLInputElement | HTMLTextAreaElement>} */ (document.querySelectorAll("form textarea, form input"))
  const inForms = [...fields].filter(isTyped).map((field) => ({ label: labelOf(field), words: field.value }))
  return [...sources.flatMap((source) => source()), ...inForms].filter(({ words }) => words.trim() !== "")
}

const WORDS = new Set(["text", "search", "tel", "email", "url", "number", "date", "datetime-local", "time", "textarea"])

/** @param {HTMLInputElement | HTMLTextAreaElement} field @returns {boolean} */
function isTyped(field) {
  return WORDS.has(field.type) && field.value !== field.defaultValue && !field.closest("[data-field]") && field.autocomplete !== "one-time-code"
}

/** @param {HTMLInputElement | HTMLTextAreaElement} field @returns {string} */
function labelOf(field) {
  return (field.labels?.[0]?.textContent ?? field.ariaLabel ?? field.name).trim().replace(/\s+/g, " ")
}

/** @param {string} person @returns {string[]} */
function placesOf(person) {
  return Object.keys(localStorage).filter((place) => place.startsWith(`${PREFIX}/${person}/`)).sort()
}

/** @param {string} hex @returns {Promise<CryptoKey>} */
function keyFrom(hex) {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (each) => parseInt(each, 16))
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"])
}

/** @param {unknown} draft what JSON can say @param {string} key @returns {Promise<string>} */
export async function seal(draft, key) {
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const words = new TextEncoder().encode(JSON.stringify(draft))
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyFrom(key), words))
  return [...iv, ...sealed].map((byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** @param {string} sealed @param {string} key @returns {Promise<unknown>} null for what is not of this key */
export async function unseal(sealed, key) {
  const bytes = Uint8Array.from(sealed.match(/../g) ?? [], (each) => parseInt(each, 16))
  try {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes.slice(0, 12) }, await keyFrom(key), bytes.slice(12))
    return JSON.parse(new TextDecoder().decode(plain))
  } catch {
    return null // Of another key, or cut short.
  }
}

/** @returns {Promise<string | null>} the place where what is typed is kept now; "" for nothing typed, null where it could not be kept */
export async function keepTyped() {
  const typed = typedNow()
  if (typed.length === 0) return ""
  try {
    const draft = { address: location.pathname, title: document.title, kept: new Date().toISOString(), typed }
    const place = `${PREFIX}/${personOf(mark())}/${draft.kept}`
    localStorage.setItem(place, await seal(draft, draftKey()))
    return place
  } catch {
    return null // The device gives no room: the words stay in the page, which says so.
  }
}

/** @param {string} place */
export function dropDraft(place) {
  localStorage.removeItem(place)
}

/** Show the page's person what was kept for them, each with the ways on. Of others nothing is touched but what is too old. */
export async function offerDrafts() {
  for (const place of Object.keys(localStorage)) if (place.startsWith(`${PREFIX}/`) && isOld(place)) dropDraft(place)
  const places = placesOf(personOf(mark()))
  for (const place of places.slice(0, -DRAFTS_MAX)) dropDraft(place)
  const shown = []
  for (const place of places.slice(-DRAFTS_MAX)) {
    const draft = /** @type {Draft | null} */ (await unseal(localStorage.getItem(place) ?? "", draftKey()))
    if (draft) shown.push(itemOf(place, draft))
  }
  const words = document.getElementById("kept-drafts")
  if (shown.length === 0 || !(words instanceof HTMLTemplateElement)) return
  const region = /** @type {HTMLElement} */ (/** @type {DocumentFragment} */ (words.content.cloneNode(true)).firstElementChild)
  region.querySelector("ul")?.append(...shown)
  document.querySelector("main")?.before(region)
}

/** @param {string} place @returns {boolean} */
function isOld(place) {
  const kept = Date.parse(place.split("/")[2] ?? "")
  return Number.isNaN(kept) || Date.now() - kept > DAYS_MAX * 86_400_000
}

/** @param {string} place @param {Draft} draft @returns {HTMLLIElement} */
function itemOf(place, { address, title, kept, typed }) {
  const words = document.getElementById("kept-drafts")?.dataset ?? {}
  const item = document.createElement("li")
  const from = Object.assign(document.createElement("a"), { href: address, textContent: title })
  const when = Object.assign(document.createElement("span"), { textContent: `, ${new Date(kept).toLocaleString(document.documentElement.lang)}` })
  const told = document.createElement("dl")
  for (const { label, words: said } of typed) {
    told.append(Object.assign(document.createElement("dt"), { textContent: label }), Object.assign(document.createElement("dd"), { textContent: said }))
  }
  const all = typed.map(({ words: said }) => said).join("\n\n")
  const copy = button(words.copy ?? "Copy", () => void navigator.clipboard?.writeText(all))
  const drop = button(words.drop ?? "Drop it", () => {
    dropDraft(place)
    const region = item.closest(".kept-drafts")
    item.remove()
    if (!region?.querySelector("li")) region?.remove()
  })
  item.append(from, when, told, copy, drop)
  return item
}
