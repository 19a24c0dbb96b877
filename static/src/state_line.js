/** What the state line says: a pure fold of what happened. `wording` decides what is shown, and when to look again. */

/**
 * @typedef {object} LineState
 * @property {boolean} connected
 * @property {number | null} lost since when the line is not up, ms; null while it is
 * @property {import("./lines.js").Cause} cause why it is not
 * @property {number} unsent fields with edits that the hub has not acknowledged
 * @property {number | null} waiting since when nothing was acknowledged of what there is to save, ms; null where there is nothing
 * @property {number | null} saved when the hub last acknowledged an edit
 * @property {boolean} storageAway
 * @property {string} refused why the last edit was refused, "" for none
 * @property {string} ended why there is no more plan here, "" while there is
 * @property {boolean} signedOut
 */
/**
 * @typedef {{ kind: "connected" } | { kind: "lost", since: number, cause: import("./lines.js").Cause } | { kind: "unsent", count: number } | { kind: "acknowledged" } | { kind: "saved" } | { kind: "storage", away: boolean }
 *   | { kind: "refused", reason: string } | { kind: "noticed" } | { kind: "ended", reason: string } | { kind: "signed out" }} Happening
 */
/** @typedef {{ state: "connecting" | "live" | "saving" | "offline" | "trouble" | "refused" | "ended", words: string, again: number | null }} Wording */

/** A gap shorter than this is never mentioned. */
export const GAP_SHOWN_MS = 4_000

/** Edits that wait longer than this for any answer are called not saved, whatever the cause. */
export const SAVING_MS_MAX = 4_500

/** @type {LineState} */
export const START = { connected: false, lost: null, cause: "closed", unsent: 0, waiting: null, saved: null, storageAway: false, refused: "", ended: "", signedOut: false }

/** What is known of why, in the words of somebody who has to tell it on the telephone. @type {Partial<Record<import("./lines.js").Cause, string>>} */
const WHY = {
  storage: ": the hub can't reach its storage",
  silence: ": the hub does not answer",
  blocked: ": the hub answers, but something on the way holds up live connections. Tell whoever runs the hub",
}

/** @param {LineState} line @param {Happening} happening @param {number} now ms @returns {LineState} */
export function after(line, happening, now) {
  switch (happening.kind) {
    case "connected":
      return { ...line, connected: true, lost: null, signedOut: false }
    case "lost":
      // Whether the storage is away is said anew by whoever answers next.
      return { ...line, connected: false, lost: Math.min(line.lost ?? happening.since, happening.since), cause: happening.cause, storageAway: false }
    case "unsent":
      return { ...line, unsent: happening.count, waiting: happening.count > 0 ? (line.waiting ?? now) : null }
    case "acknowledged":
      return { ...line, waiting: line.unsent > 0 ? now : null }
    case "saved":
      // Refused words stay mentioned until the next edit is through: they are not saved.
      return { ...line, unsent: 0, waiting: null, saved: now, refused: "" }
    case "storage":
      return { ...line, storageAway: happening.away }
    case "refused":
      return { ...line, refused: happening.reason }
    case "noticed":
      return { ...line, refused: "" }
    case "ended":
      return { ...line, connected: false, ended: happening.reason }
    case "signed out":
      return { ...line, connected: false, lost: line.lost ?? now, signedOut: true }
  }
}

/** @param {number} instant @returns {string} 24 h clock */
export function clock(instant) {
  const when = new Date(instant)
  return `${String(when.getHours()).padStart(2, "0")}:${String(when.getMinutes()).padStart(2, "0")}`
}

/** @param {number} count @returns {string} */
export function edits(count) {
  return count === 1 ? "1 edit" : `${count} edits`
}

/** @param {LineState} line @param {number} now ms @returns {Wording} */
export function wording(line, now) {
  if (line.ended) return { state: "ended", words: line.ended, again: null }
  if (line.signedOut) return { state: "offline", words: `Signed out. ${kept(line.unsent)}Sign in again to go on.`, again: null }
  if (!line.connected && line.lost !== null) return away(line, line.lost, now)
  if (line.storageAway) return { state: "trouble", words: `Not saved: the hub can't reach its storage. ${kept(line.unsent)}Trying again.`, again: null }
  if (line.refused) return { state: "refused", words: `Not saved: ${line.refused}`, again: null }
  if (!line.connected) return { state: "connecting", words: "Connecting", again: null }
  return calm(line, now)
}

/** @param {LineState} line @param {number} now @returns {Wording} */
function calm(line, now) {
  if (line.unsent > 0) {
    const shownAt = (line.waiting ?? now) + SAVING_MS_MAX
    if (now < shownAt) return { state: "saving", words: "Saving", again: shownAt }
    return { state: "trouble", words: `Not saved: the hub has not answered since ${clock(line.waiting ?? now)}. ${kept(line.unsent)}`.trim(), again: null }
  }
  return { state: "live", words: line.saved === null ? "Live" : `Live, saved at ${clock(line.saved)}`, again: null }
}

/** @param {LineState} line @param {number} lost @param {number} now @returns {Wording} */
function away(line, lost, now) {
  const shownAt = lost + GAP_SHOWN_MS
  if (now < shownAt) return { ...calm(line, now), again: shownAt }
  const words = line.unsent > 0 ? `${edits(line.unsent)} not sent, kept in this page.` : "Keep working: your edits stay in this page."
  const why = WHY[line.cause] ?? ""
  return { state: line.cause === "storage" ? "trouble" : "offline", words: `Offline since ${clock(lost)}${why}. ${words}`, again: null }
}

/** @param {number} unsent @returns {string} */
function kept(unsent) {
  return unsent > 0 ? `${edits(unsent)} kept in this page. ` : ""
}
