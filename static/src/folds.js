/** On a phone a section is its head until it is unfolded; which ones are, is kept for the person in this browser. */

/** @param {string} person @returns {string} */
const keyOf = (person) => `unfolded.${person}`

/** @param {string} person @returns {string[]} */
function kept(person) {
  try {
    return (localStorage.getItem(keyOf(person)) ?? "").split(" ").filter(Boolean)
  } catch {
    return [] // A browser that keeps nothing unfolds anew.
  }
}

/** @param {string} person */
function keep(person) {
  const unfolded = [...document.querySelectorAll(".section[data-unfolded]")].map((section) => section.getAttribute("data-section"))
  try {
    localStorage.setItem(keyOf(person), unfolded.join(" "))
  } catch {
    return // As above.
  }
}

function tellButtons() {
  for (const button of document.querySelectorAll(".section-head > .unfold")) button.setAttribute("aria-expanded", String(button.closest(".section")?.hasAttribute("data-unfolded") === true))
}

/** @param {string} person */
export function foldSections(person) {
  for (const name of kept(person)) document.getElementById(`section-${name}`)?.setAttribute("data-unfolded", "")
  tellButtons()
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element)) return
    const jumped = target.closest(".jump a")?.getAttribute("data-section")
    const section = jumped ? document.getElementById(`section-${jumped}`) : target.closest(".unfold")?.closest(".section")
    if (!section) return
    section.toggleAttribute("data-unfolded", jumped ? true : undefined)
    tellButtons()
    keep(person)
  })
  document.addEventListener("htmx:after:swap", tellButtons)
}
