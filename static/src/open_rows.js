/** Which rows of the plan stand open, and what a fresh fragment may do to them. */

/** Rows whose opened form is on its way. @type {Set<string>} */
const opening = new Set()

/** @param {string} entry @param {() => Promise<void>} swap */
export async function whileOpening(entry, swap) {
  opening.add(entry)
  try {
    await swap()
  } finally {
    opening.delete(entry)
  }
}

/** @param {ParentNode} root @returns {string[]} the entries that stand open in it */
export function openIn(root) {
  return [...root.querySelectorAll(".entry[data-open]")].map((entry) => entry.getAttribute("data-entry") ?? "")
}

/**
 * A fragment that was asked for before a row was opened would close it, one asked for before it was closed would open it:
 * the person decides, not the order in which answers come.
 * @param {Element} old @param {Element} fresh @returns {boolean} whether the row may be renewed from it
 */
export function mayRenew(old, fresh) {
  if (!old.matches(".entry")) return true
  if (old.hasAttribute("data-open")) return fresh.hasAttribute("data-open")
  if (fresh.hasAttribute("data-open") && !opening.has(old.getAttribute("data-entry") ?? "")) {
    fresh.removeAttribute("data-open")
    fresh.querySelector(".to")?.setAttribute("aria-expanded", "false")
    fresh.querySelector(".opened")?.remove()
  }
  return true
}
