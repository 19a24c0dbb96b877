/** The drawer beside the plan: history, restoring, writers. What it shows is a page of its own without scripts. */

/** @type {HTMLElement | null} */
let opener = null

/** @returns {HTMLElement | null} */
function drawer() {
  return document.getElementById("drawer")
}

/** Empty it: also when access changed, for what it shows may not be one's own to see any more. */
export function closeDrawer() {
  const open = drawer()
  if (!open || !open.hasChildNodes()) return
  open.replaceChildren()
  if (opener?.isConnected) opener.focus()
  opener = null
}

function entered() {
  const open = drawer()
  const content = open?.querySelector(".history")
  if (!open || !(content instanceof HTMLElement)) return
  for (const button of open.querySelectorAll("[data-close-drawer]")) button.removeAttribute("hidden")
  if (!open.contains(document.activeElement)) content.focus({ preventScroll: true })
}

export function keepDrawer() {
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element)) return
    if (target.closest("[data-close-drawer]")) return closeDrawer()
    const link = target.closest('[hx-target="#drawer"]')
    // A link in a menu that closes takes no focus back: its summary does.
    if (link instanceof HTMLElement) opener = link.closest("details")?.querySelector("summary") ?? link
  })
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !drawer()?.contains(document.activeElement)) return
    event.preventDefault()
    closeDrawer()
  })
  document.addEventListener("htmx:after:swap", entered)
}
