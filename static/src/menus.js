/** Menus close behind the action chosen in them; a line that was sent is empty again. */

/** @typedef {{ ctx?: { sourceElement?: Element, response?: { status: number } } }} Requested */

export function tidyMenus() {
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element)) return
    const menu = target.closest("details.menu")
    if (menu instanceof HTMLDetailsElement && target.closest(".sheet a, .sheet button")) menu.open = false
    for (const open of document.querySelectorAll("details.menu[open]")) if (open !== menu && open instanceof HTMLDetailsElement) open.open = false
  })
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target instanceof Element ? event.target.closest("details.menu[open]") : null
    if (!(menu instanceof HTMLDetailsElement)) return
    event.preventDefault()
    menu.open = false
    menu.querySelector("summary")?.focus()
  })
}

export function clearSentLines() {
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = /** @type {CustomEvent<Requested>} */ (event).detail
    const form = ctx?.sourceElement
    if (form instanceof HTMLFormElement && form.matches("[data-clears]") && (ctx?.response?.status ?? 500) < 300) form.reset()
  })
}
