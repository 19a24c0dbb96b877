/** Whose clock a page tells: where it is not that of this device, it says so. */
import { localMinute } from "./values.js"

/** @param {string} zone an IANA name @param {number} now @returns {boolean} whether the clock here shows another time than there */
export function differs(zone, now) {
  const here = new Date(now - new Date(now).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
  return localMinute(now, zone) !== here
}

/** Show the page's note about its clock to who reads it by another. */
export function tellZone() {
  const { zone } = document.body.dataset
  if (!zone || !differs(zone, Date.now())) return
  for (const note of document.querySelectorAll("[data-zone-note]")) if (note instanceof HTMLElement) note.hidden = false
}
