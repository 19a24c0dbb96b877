/** What a close code of the socket means for the page. Only these are permanent; after any other the page comes back by itself. */

import { tellPage } from "./belonging.js"

/** @typedef {"sign in" | "ended" | "none" | "another" | "retry"} Closing */

/** @type {Record<number, Closing>} */
const PERMANENT = { 4401: "sign in", 4403: "ended", 4404: "none", 4409: "another" }

/** @param {number | undefined} code @returns {Closing} */
export function closingOf(code) {
  return PERMANENT[code ?? 0] ?? "retry"
}

/** What it means, and what it says of the page itself told to the page. @param {number | undefined} code @returns {Closing} */
export function heedClosing(code) {
  const closing = closingOf(code)
  if (closing === "sign in") tellPage("left")
  if (closing === "another") tellPage("doubted")
  return closing
}
