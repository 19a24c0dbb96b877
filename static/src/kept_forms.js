/** A form keeps what was typed when the hub can't take it: htmx would show the failure's page in its place. */

/** @typedef {CustomEvent<{ ctx: { sourceElement: Element, response?: { status: number } } }>} Swapping */

const AWAY = "Not saved: the hub can't reach its record. Your words are still here; try again in a minute."
const BROKEN = "Not saved: something broke on our side. Your words are still here; try again in a minute."
const UNSENT = "Not saved: the hub could not be reached. Your words are still here; try again."
const NOT_FETCHED = "This could not be fetched. Try again in a minute."

export function keepForms() {
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = /** @type {Swapping} */ (event).detail
    const status = ctx.response?.status ?? 200
    if (status < 500 || ctx.sourceElement.matches("section.section")) return
    event.preventDefault()
    tell(ctx.sourceElement, status === 503 ? AWAY : BROKEN)
  })
  document.addEventListener("htmx:error", ({ target }) => target instanceof HTMLFormElement && tell(target, UNSENT))
  document.addEventListener("htmx:before:request", (event) => {
    /** @type {Swapping} */ (event).detail.ctx.sourceElement.querySelector(".form-trouble")?.remove()
  })
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
