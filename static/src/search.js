/** The search at the top of every page: / leads to it, the arrows walk what was found, Enter opens the first, Esc leaves. */
import { goTo } from "./places.js"

/** @param {string} [words] what to look for at once */
export function search(words) {
  const field = document.getElementById("search")
  // A phone has no room for the field: there a page of its own is the way.
  if (!(field instanceof HTMLInputElement) || field.getClientRects().length === 0) {
    const link = document.querySelector("a.to-search")
    return link instanceof HTMLElement ? link.click() : goTo(document.querySelector("input[type=search]"))
  }
  goTo(field)
  field.select()
  if (!words) return
  field.value = words
  field.dispatchEvent(new Event("input", { bubbles: true }))
}

/** @returns {HTMLElement[]} */
const links = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#search-found a")])

function close() {
  const found = document.getElementById("search-found")
  found?.replaceChildren()
}

/** Arrows, Enter and Esc in the field and in what was found. */
export function listenToSearch() {
  const form = document.querySelector("form.search")
  const field = document.getElementById("search")
  if (!(form instanceof HTMLElement) || !(field instanceof HTMLInputElement)) return
  form.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      const stops = [field, ...links()]
      const at = stops.findIndex((each) => each === document.activeElement)
      stops[Math.min(Math.max(at + step, 0), stops.length - 1)]?.focus()
      event.preventDefault()
    }
    if (event.key === "Escape") {
      event.stopPropagation()
      if (links().length > 0) field.focus()
      else field.blur()
      close()
    }
    const first = links()[0]
    if (event.key === "Enter" && document.activeElement === field && first) {
      event.preventDefault()
      first.click()
    }
  })
  document.addEventListener("pointerdown", ({ target }) => {
    if (target instanceof Node && !form.contains(target)) close()
  })
}
