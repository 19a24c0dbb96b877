/** Sentences beside a field, each with what one can do about it. */

/** @typedef {{ words: string, act: () => void }} Choice */

/** @param {string} words @param {() => void} act @returns {HTMLButtonElement} */
export function button(words, act) {
  const made = document.createElement("button")
  made.type = "button"
  made.className = "quiet"
  made.textContent = words
  made.addEventListener("click", act)
  return made
}

/** @param {HTMLElement | null} slot @param {string} words "" empties the slot @param {readonly Choice[]} [choices] @param {string} [tone] */
export function tell(slot, words, choices = [], tone = "notice") {
  if (!slot) return
  if (words) slot.dataset.tone = tone
  else delete slot.dataset.tone
  const sentence = document.createElement("span")
  sentence.textContent = words
  slot.replaceChildren(...(words ? [sentence, ...choices.map((choice) => button(choice.words, choice.act))] : []))
}

/**
 * What was typed before the page was live is never taken unasked: it may be what the browser remembers of an earlier visit.
 * @param {import("./fields.js").Field} field @param {string} words @param {() => void} use
 */
export function offerEarly(field, words, use) {
  const clear = () => tell(field.message, "")
  const act = () => {
    clear()
    use()
  }
  tell(field.message, `Typed before the page was ready: ${words || "nothing"}`, [{ words: "Use it", act }, { words: "Drop it", act: clear }])
}
