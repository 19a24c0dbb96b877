/** What a close code of the socket means for the page. Only these are permanent; after any other the page comes back by itself. */

/** @typedef {"sign in" | "ended" | "none" | "retry"} Closing */

/** @type {Record<number, Closing>} */
const PERMANENT = { 4401: "sign in", 4403: "ended", 4404: "none" }

/** @param {number | undefined} code @returns {Closing} */
export function closingOf(code) {
  return PERMANENT[code ?? 0] ?? "retry"
}
