/** A form keeps what was typed when the hub can't take it: htmx would show the failure's page in its place. */

/** @typedef {CustomEvent<{ ctx: { sourceElement: Element, response?: { status: number } } }>} Swapping */

const AWAY = "Not saved: the hub can't reach its record. Your words are still here; try again in a minute."
const BROKEN = "Not saved: something broke on our side. Your words are still here; try again in a minute."
const TOO_LONG = "Not saved: this is too long. Your words are still here; shorten or split them, then send them again."
const TOO_OFTEN = "Not saved: too much was asked at once. Your words are still here; try again in a minute."
const UNREADABLE = "Not saved: this could not be read. Your words are still here; try again."
const UNSENT = "Not saved: the hub could not be reached. Your words are still here; try again."
const NOT_FETCHED = "This could not be fetched. Try again in a minute."

export function keepForms() {
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = /** @type {Swapping} */ (event).detail
    const status = ctx.response?.status ?? 200
    const words = trouble(status)
    if (!words || ctx.sourceElement.matches("section.section")) return
    event.preventDefault()
    tell(ctx.sourceElement, words)
  })
  document.addEventListener("htmx:error", ({ target }) => target instanceof HTMLFormElement && tell(target, UNSENT))
  document.addEventListener("htmx:before:request", (event) => {
    /** @type {Swapping} */ (event).detail.ctx.sourceElement.querySelector(".form-trouble")?.remove()
  })
}

/** What to say of an answer that is no page for the form's place. @param {number} status */
function trouble(status) {
  if (status === 400 || status === 415) return UNREADABLE
  if (status === 413) return TOO_LONG
  if (status === 429) return TOO_OFTEN
  if (status === 503) return AWAY
  return status >= 500 ? BROKEN : ""
}

/** @param {Element} source @param {string} words */
function tell(source, words) {
  if (!(source instanceof HTMLFormElement)) {
    const region = document.getElementById("alert")
    if (region) region.textContent = NOT_FETCHED
    return
  }
  const told = source.querySelector(".form-trouble") ?? document.createElement("p")
  told.className = "fault form-trouble"
  told.role = "alert"
  told.textContent = words
  source.prepend(told)
}
