/** Lists, bars and tools are one tab stop each; the arrows, and j and k, move within them. */

const STOPS = ":scope > .entry > h3 > .to, :scope > a, :scope > form button, :scope > .plan-ways > a, :scope > .section-head summary, :scope > .next-lines > .next-line .act"

/** @param {Element} list @returns {HTMLElement[]} */
function stopsOf(list) {
  return [...list.querySelectorAll(STOPS)].filter((each) => each instanceof HTMLElement && each.getClientRects().length > 0).map((each) => /** @type {HTMLElement} */ (each))
}

/** After every swap: one stop of each list stays in the order of Tab. */
export function settleStops() {
  for (const list of document.querySelectorAll("[data-roving]")) {
    const stops = [...list.querySelectorAll(STOPS)].map((each) => /** @type {HTMLElement} */ (each))
    const chosen = stops.find((each) => each === document.activeElement) ?? stops.find((each) => each.getAttribute("tabindex") === "0") ?? stops[0]
    for (const stop of stops) stop.setAttribute("tabindex", stop === chosen ? "0" : "-1")
  }
}

export function rove() {
  settleStops()
  document.addEventListener("focusin", ({ target }) => {
    const list = target instanceof Element ? target.closest("[data-roving]") : null
    if (!(target instanceof HTMLElement) || !list || !target.matches("[tabindex]")) return
    if (!stopsOf(list).includes(target)) return
    for (const stop of list.querySelectorAll(STOPS)) stop.setAttribute("tabindex", stop === target ? "0" : "-1")
  })
  document.addEventListener("keydown", (event) => {
    const { target, key } = event
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[key]
    const list = target instanceof Element ? target.closest("[data-roving]") : null
    if (!step || !list || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || !(target instanceof HTMLElement)) return
    const stops = stopsOf(list)
    const at = stops.indexOf(target)
    if (at < 0) return
    event.preventDefault()
    stops[Math.min(Math.max(at + step, 0), stops.length - 1)]?.focus()
  })
  document.addEventListener("htmx:after:swap", settleStops)
}
