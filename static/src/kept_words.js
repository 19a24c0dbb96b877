/** Words that the hub refused: kept beside their field, to copy or to send as a suggestion, until the person drops them. */
import { ask } from "./belonging.js"
import { tell } from "./messages.js"

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./live_sections.js").Unsent} Unsent */

/** @param {Unsent} edit @returns {string} */
export function wordsOf({ kind, member, value }) {
  if (kind === "set") return `${value ? "" : "without "}${member}`
  return value === null ? "" : String(value)
}

/** @param {Field} field @param {string} reason @param {Unsent} edit @param {string} plan */
export function keepWords(field, reason, edit, plan) {
  const slot = field.message
  const words = wordsOf(edit)
  const drop = { words: "Drop it", act: () => tell(slot, "") }
  const copy = { words: "Copy", act: () => void navigator.clipboard?.writeText(words) }
  const suggest = { words: "Send as a suggestion", act: () => void send() }
  const choices = edit.kind === "set" ? [suggest, drop] : [copy, suggest, drop]
  const send = async () => tell(slot, (await suggested(field, edit, plan)) ? "Sent as a suggestion." : `That did not go through. Your words: ${words}`, [copy, drop])
  tell(slot, `${reason} Your words: ${words}`, choices, "refused")
}

/** @param {Field} field @param {Unsent} edit @param {string} plan @returns {Promise<boolean>} */
async function suggested(field, edit, plan) {
  const { section, entry, field: name } = field.path
  const body = new URLSearchParams({ field: name, value: edit.kind === "set" ? edit.member : wordsOf(edit), words: "" })
  const address = `/plans/${plan}/entries/${section}/${entry}/suggestion.make`
  try {
    return (await ask(address, { method: "POST", body, headers: { "HX-Request": "true" } })).ok
  } catch {
    return false // The network is away; the words stay where they are.
  }
}
