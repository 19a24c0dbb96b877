/**
 * The rules by which a page of those at home is kept on this device, to be opened without a network. The service worker
 * (static/src/offline_worker.js) acts on them.
 *
 * A kept page opens for as long as its hub said, counted from when it was rendered. It is shown only with its date, and only
 * with the very files it was rendered with: both stand in it.
 */

/** A page is served at once where the hub answers within this; a line that carries nothing would keep it waiting for a minute. */
export const NETWORK_MS_MAX = 8_000

/** A clock that was set back by more than this can't say how old a page is. */
const CLOCK_BACK_MS_MAX = 5 * 60_000
const HOUR_MS = 3_600_000

/** What stands between us and the hub answers with these: nothing is said of whose page it is. */
const AWAY = new Set([408, 425, 429, 500, 502, 503, 504])
/** Nobody has this page any more, or someone else is signed in. */
const REFUSED = new Set([403, 404, 409, 410])

/** @param {string} path @returns {boolean} whether it is the address of a page that may be kept; nothing else ever is */
export function isHome(path) {
  return /^\/plans\/[0-9a-f-]{36}\/(family|mine)$/.test(path)
}

/** @param {string} path @returns {boolean} whether it names a file by the hash of what the hub serves */
export function isFile(path) {
  return /^\/static\/[0-9a-f]{16}\/[\w./-]+$/.test(path)
}

/** @param {number} kept ms since 1970 @param {number} hours @param {number} now @returns {boolean} */
export function opens(kept, hours, now) {
  return now - kept < hours * HOUR_MS && now - kept > -CLOCK_BACK_MS_MAX
}

/** @param {string} html @returns {string} for whom it was rendered, "" for nobody */
export function markIn(html) {
  return /<meta name="page-of" content="([\w.-]+)"/.exec(html)?.[1] ?? ""
}

/** @param {string} html @returns {string[]} the files that it wants, each once */
export function filesIn(html) {
  return [...new Set(html.match(/\/static\/[0-9a-f]{16}\/[\w./-]+/g) ?? [])]
}

/** @param {string} html @returns {string | null} the page with its date shown; null where it has none, and is not to be opened */
export function dated(html) {
  const hidden = /(<p id="kept-at"[^>]*?) hidden>/
  return hidden.test(html) ? html.replace(hidden, "$1>") : null
}

/**
 * @typedef {"keep" | "forget" | "doubt" | "nothing"} Heeding doubt: the hub is to be asked whether the page may stay
 * @param {{ type: string, status: number, hours: number, plain: boolean }} answer of the hub to a page's address; plain: without a question behind it
 * @returns {Heeding}
 */
export function heeding({ type, status, hours, plain }) {
  if (type === "opaqueredirect" || status === 401) return "doubt" // Led to sign in: time ends a sign-in too.
  if (status === 200) return hours > 0 ? (plain ? "keep" : "nothing") : "forget"
  return REFUSED.has(status) ? "forget" : "nothing"
}

/** @param {number} status @returns {boolean} whether it is as if nobody had answered */
export function isAway(status) {
  return AWAY.has(status)
}
