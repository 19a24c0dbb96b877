/** The things on a page that keys and commands lead to: sections, entries, the search box. */

/** @param {Element} element @returns {boolean} whether it is on the screen's page at all */
const shown = (element) => element.getClientRects().length > 0

/** @returns {HTMLElement[]} */
export function sections() {
  return [...document.querySelectorAll("section.section")].filter((each) => each instanceof HTMLElement)
}

/** What j and k walk over. */
export const ITEMS = "article.entry > h3 > .to, .patient, .work-item, .reconcile-line"

/** @returns {HTMLElement[]} what j and k walk over: rows of a plan, patients of a panel */
export function items() {
  return [...document.querySelectorAll(ITEMS)].filter((each) => each instanceof HTMLElement && shown(each)).map((each) => /** @type {HTMLElement} */ (each))
}

/** @param {Element} section @returns {string} */
export function titleOf(section) {
  return section.querySelector("h2")?.textContent?.trim() ?? ""
}

/** @param {Element | null} entry @returns {string} the words that stand for an entry */
export function headlineOf(entry) {
  return entry?.querySelector("h3")?.textContent?.trim() ?? ""
}

/** @param {Element | null | undefined} element scrolled to and focused, made focusable where it is not */
export function goTo(element) {
  if (!(element instanceof HTMLElement)) return
  if (!element.hasAttribute("tabindex") && element.tabIndex < 0) element.tabIndex = -1
  element.focus({ preventScroll: true })
  element.scrollIntoView({ block: "nearest" })
}

/** @param {1 | -1} step the next or the last item, seen from where the focus is */
export function step(step) {
  const all = items()
  const now = document.activeElement
  const at = all.findIndex((each) => each === now || each.contains(now) || (each.matches(".to") && each.closest(".entry")?.contains(now) === true))
  const from = at >= 0 ? at + step : all.findIndex((each) => each.getBoundingClientRect().bottom > 150)
  goTo(all[Math.min(Math.max(from, 0), all.length - 1)])
}

/** @param {number} number from 1 */
export function goToSection(number) {
  const section = sections()[number - 1]
  if (!section) return
  section.scrollIntoView({ block: "start" })
  goTo(section.querySelector("h2") ?? section)
}
