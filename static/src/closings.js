/** What a close code of the socket means for the page. After any other than these the page comes back by itself with all it has. */

import { tellPage } from "./belonging.js"

/** @typedef {"sign in" | "ended" | "none" | "another" | "too large" | "retry"} Closing */

/** @type {Record<number, Closing>} */
const TOLD = { 1009: "too large", 4401: "sign in", 4403: "ended", 4404: "none", 4409: "another" }

/** @param {number | undefined} code @returns {Closing} */
export function closingOf(code) {
  return TOLD[code ?? 0] ?? "retry"
}

/** What it means, and what it says of the page itself told to the page. @param {number | undefined} code @returns {Closing} */
export function heedClosing(code) {
  const closing = closingOf(code)
  if (closing === "sign in") tellPage("left")
  if (closing === "another") tellPage("doubted")
  return closing
}
