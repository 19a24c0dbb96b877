/** Where others stand in a text: a mirror of the textarea, out of sight, says where each caret is on the screen. */
import * as Y from "yjs"
/** @typedef {import("./people.js").Presence} Presence */
/** @typedef {import("./people.js").Person} Person */

/** What decides where a textarea breaks its lines. */
const MIRRORED = [
  "box-sizing", "width", "padding-top", "padding-right", "padding-bottom", "padding-left", "border-top-width", "border-right-width",
  "border-bottom-width", "border-left-width", "font-family", "font-size", "font-weight", "font-style", "font-variant", "letter-spacing",
  "word-spacing", "line-height", "text-indent", "text-transform", "tab-size", "direction",
]

/** @param {HTMLTextAreaElement} control @param {number} offset @returns {{ left: number, top: number, height: number }} from the control's border edge */
function placeOf(control, offset) {
  const styles = getComputedStyle(control)
  const mirror = document.createElement("div")
  mirror.className = "caret-mirror"
  mirror.ariaHidden = "true"
  for (const name of MIRRORED) mirror.style.setProperty(name, styles.getPropertyValue(name))
  const mark = document.createElement("span")
  mark.textContent = control.value.slice(offset, offset + 1) || "."
  mirror.append(control.value.slice(0, offset), mark)
  document.body.append(mirror)
  const height = parseFloat(styles.lineHeight) || parseFloat(styles.fontSize) * 1.2
  const place = { left: mark.offsetLeft - control.scrollLeft, top: mark.offsetTop - control.scrollTop, height }
  mirror.remove()
  return place
}

/** @param {unknown} position as it came from another page @param {Y.Doc} doc @returns {number | null} offset in the text */
function offsetOf(position, doc) {
  if (typeof position !== "object" || position === null) return null
  try {
    return Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(position), doc)?.index ?? null
  } catch {
    return null // Another page may say anything; one caret is not worth more than its absence.
  }
}

/** @param {import("./fields.js").Field} field @param {readonly Presence[]} presences @param {readonly Person[]} people @param {Y.Doc | undefined} doc @returns {HTMLElement[]} */
export function drawCarets(field, presences, people, doc) {
  const [control] = field.controls
  if (!(control instanceof HTMLTextAreaElement) || !doc || field.kind !== "text") return []
  /** @type {HTMLElement[]} */
  const carets = []
  for (const { person, caret } of presences) {
    const owner = people.find((each) => each.person === person)
    const offset = offsetOf(caret, doc)
    if (offset === null || offset > control.value.length || !owner) continue
    const { left, top, height } = placeOf(control, offset)
    if (top < -height || top > control.clientHeight) continue
    const made = document.createElement("span")
    made.className = "caret"
    made.ariaHidden = "true"
    made.dataset.hue = String(owner.hue)
    made.dataset.initials = owner.initials
    made.style.setProperty("left", `${control.offsetLeft + left}px`)
    made.style.setProperty("top", `${control.offsetTop + top}px`)
    made.style.setProperty("height", `${height}px`)
    control.after(made)
    carets.push(made)
  }
  return carets
}
