/**
 * A page belongs to the person and the sign-in for whom it was rendered; everything it sends says so, through `ask`,
 * `socketAddress` and htmx. What the hub answers about that is told to the page as an event: `page:left` (signed out),
 * `page:another` (someone else is signed in now). static/src/cover.js acts on them.
 */

/** What the hub is told the page's mark by, and how it says that the page is another's. */
const HEADER = "page-of"
const ANOTHER = "page-belongs-to"

/** @typedef {{ ctx: { sourceElement: Element, request: { headers: Record<string, string> }, response?: { status: number, headers: Headers } } }} Asking */

/** @returns {HTMLMetaElement | null} */
const meta = () => document.querySelector('meta[name="page-of"]')

/** @returns {string} `person.sign-in`, "" for a page rendered for nobody */
export function mark() {
  return meta()?.content ?? ""
}

/** @param {string} of a mark @returns {string} the person it names */
export function personOf(of) {
  return of.split(".")[0] ?? ""
}

/** @returns {string} the name of the page's person */
export function ownName() {
  return meta()?.dataset.name ?? ""
}

/** @returns {string} 64 hex digits: what the page's person alone is given, to keep unsent words under */
export function draftKey() {
  return meta()?.dataset.draftKey ?? ""
}

/** @param {string} address as in data-socket @returns {string} */
export function socketAddress(address) {
  const url = new URL(address, location.href)
  url.protocol = url.protocol.replace(/^http/, "ws")
  url.searchParams.set("of", mark())
  return url.href
}

/** The one way in which the page's own scripts ask the hub. @param {string} address @param {RequestInit} [options] @returns {Promise<Response>} */
export async function ask(address, options = {}) {
  const headers = new Headers(options.headers)
  headers.set(HEADER, mark())
  const answer = await fetch(address, { credentials: "same-origin", ...options, headers })
  heed(answer.status, answer.headers)
  return answer
}

/** @param {Response} answer @returns {boolean} whether it says that someone else is signed in now: nothing was taken */
export function isAnothers(answer) {
  return answer.headers.has(ANOTHER)
}

/** @param {"left" | "another" | "doubted"} what doubted: the hub has to be asked whose page it is @param {string} [name] who is signed in now */
export function tellPage(what, name = "") {
  document.dispatchEvent(new CustomEvent(`page:${what}`, { detail: name }))
}

/** @param {number} status @param {Headers} headers @returns {boolean} whether the page may not go on */
function heed(status, headers) {
  const another = headers.get(ANOTHER)
  if (another !== null) tellPage("another", decodeURIComponent(another))
  else if (status === 401) tellPage("left")
  return another !== null
}

/**
 * A form that was taken and still stands here is another form the next time. @param {Element} source
 */
export function renewKey(source) {
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (source.querySelectorAll("input[name=_page]"))) field.value = `${mark()}/${crypto.randomUUID()}`
}

/** Have htmx say whose page it is, and show nothing of another's answer. */
export function markRequests() {
  document.addEventListener("htmx:config:request", (event) => {
    /** @type {CustomEvent<Asking>} */ (event).detail.ctx.request.headers[HEADER] = mark()
  })
  document.addEventListener("htmx:before:response", (event) => {
    const { response } = /** @type {CustomEvent<Asking>} */ (event).detail.ctx
    if (response && heed(response.status, response.headers)) event.preventDefault()
  })
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement, response } = /** @type {CustomEvent<Asking>} */ (event).detail.ctx
    if (response && response.status < 400) renewKey(sourceElement.closest("form") ?? sourceElement)
  })
}
