/** Notices of the hub: JSON in Stateless frames. Anything that is not one of these is ignored, so that a newer hub may say more. */

/**
 * @typedef {{ kind: "changed", section: string, entries: string[], structure: boolean, by: string }} Changed
 * @typedef {{ kind: "refused", section: string, code: string, reason: string, entry: string, field: string }} Refused
 * @typedef {{ kind: "access", sections: string[] }} Access
 * @typedef {{ kind: "ended", reason: string }} Ended
 * @typedef {{ kind: "say", words: string }} Say
 * @typedef {{ kind: "trouble", storage: "away" | "back" }} Trouble
 * @typedef {{ kind: "huddle", version: number, here: string[] }} HuddleMoved
 * @typedef {{ kind: "work" }} WorkMoved
 * @typedef {Changed | Refused | Access | Ended | Say | Trouble | HuddleMoved | WorkMoved} Notice
 */

/** @param {unknown} value @returns {string} */
const words = (value) => (typeof value === "string" ? value : "")

/** @param {unknown} value @returns {string[]} */
const list = (value) => (Array.isArray(value) ? value.filter((each) => typeof each === "string") : [])

/** @param {string} payload @returns {Notice | null} */
export function readNotice(payload) {
  /** @type {Record<string, unknown>} */
  let said
  try {
    said = JSON.parse(payload)
  } catch {
    return null
  }
  if (typeof said !== "object" || said === null) return null
  switch (said.kind) {
    case "changed":
      return { kind: "changed", section: words(said.section), entries: list(said.entries), structure: said.structure !== false, by: words(said.by) }
    case "refused":
      return { kind: "refused", section: words(said.section), code: words(said.code), reason: words(said.reason), entry: words(said.entry), field: words(said.field) }
    case "access":
      return { kind: "access", sections: list(said.sections) }
    case "ended":
      return { kind: "ended", reason: words(said.reason) || "Your access to this plan has ended." }
    case "say":
      return { kind: "say", words: words(said.words) }
    case "trouble":
      return { kind: "trouble", storage: said.storage === "back" ? "back" : "away" }
    case "huddle":
      return { kind: "huddle", version: Number(said.version) || 0, here: list(said.here) }
    case "work":
      return { kind: "work" }
    default:
      return null
  }
}
