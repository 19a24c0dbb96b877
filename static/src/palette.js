/** Ctrl-K: type a few letters of a section, an entry or an action, and go there. Everything in it is on the page already. */
import { goTo, headlineOf, sections, titleOf } from "./places.js"
import { openEntry } from "./rows.js"
import { search } from "./search.js"

/** @typedef {{ words: string, kind: string, act: () => void }} Command */

const SHOWN_MAX = 12

/** @returns {Command[]} */
function commands() {
  /** @type {Command[]} */
  const found = []
  for (const section of sections()) {
    found.push({ words: titleOf(section), kind: "section", act: () => goTo(section.querySelector("h2")) })
    for (const entry of section.querySelectorAll("article.entry")) {
      if (entry instanceof HTMLElement) found.push({ words: headlineOf(entry), kind: titleOf(section), act: () => void openEntry(entry).then(() => goTo(entry.querySelector(".to"))) })
    }
    /** @type {HTMLElement | null} */
    const add = section.querySelector("a.add")
    if (add) found.push({ words: add.textContent?.trim() ?? "", kind: "action", act: () => add.click() })
  }
  for (const link of document.querySelectorAll(".app-bar nav a, .patient h3 a")) {
    if (link instanceof HTMLElement) found.push({ words: link.textContent?.trim() ?? "", kind: "page", act: () => link.click() })
  }
  return found.filter(({ words }) => words !== "")
}

/** @param {readonly Command[]} all @param {string} typed @returns {Command[]} every typed word is in it; those that begin with it first */
export function matching(all, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const fits = all.filter((command) => words.every((word) => `${command.words} ${command.kind}`.toLowerCase().includes(word)))
  const first = words[0] ?? ""
  const rank = (/** @type {Command} */ command) => (command.words.toLowerCase().startsWith(first) ? 0 : 1)
  return fits.sort((one, other) => rank(one) - rank(other)).slice(0, SHOWN_MAX)
}

export function palette() {
  const all = commands()
  const dialog = document.createElement("dialog")
  const input = document.createElement("input")
  const list = document.createElement("div")
  let shown = matching(all, "")
  const everywhere = () => ({ words: `Search all patients for “${input.value.trim()}”`, kind: "search", act: () => search(input.value.trim()) })
  let chosen = 0
  const draw = () => list.replaceChildren(...shown.map((command, index) => option(command, index === chosen, () => choose(index))))
  const choose = (/** @type {number} */ index) => {
    dialog.close()
    shown[index]?.act()
  }
  input.addEventListener("input", () => {
    shown = [...matching(all, input.value), ...(input.value.trim() && document.getElementById("search") ? [everywhere()] : [])]
    chosen = 0
    draw()
  })
  input.addEventListener("keydown", (event) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (move) chosen = (chosen + move + shown.length) % Math.max(shown.length, 1)
    if (move) draw()
    if (event.key === "Enter") choose(chosen)
    if (move || event.key === "Enter") event.preventDefault()
    input.setAttribute("aria-activedescendant", `command-${chosen}`)
  })
  describe(dialog, input, list)
  draw()
  dialog.append(input, list)
  dialog.addEventListener("close", () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}

/** @param {HTMLDialogElement} dialog @param {HTMLInputElement} input @param {HTMLElement} list */
function describe(dialog, input, list) {
  dialog.className = "palette"
  dialog.ariaLabel = "Go to or do"
  list.id = "commands"
  list.role = "listbox"
  list.ariaLabel = "Matches"
  input.role = "combobox"
  input.ariaLabel = "Section, entry or action"
  input.placeholder = "Section, entry or action"
  input.ariaExpanded = "true"
  input.autocomplete = "off"
  input.setAttribute("aria-controls", list.id)
}

/** @param {Command} command @param {boolean} selected @param {() => void} act @returns {HTMLElement} */
function option({ words, kind }, selected, act) {
  const made = document.createElement("div")
  made.role = "option"
  made.ariaSelected = String(selected)
  made.append(words)
  const where = document.createElement("small")
  where.textContent = kind
  made.append(where)
  made.addEventListener("click", act)
  made.addEventListener("pointerdown", (event) => event.preventDefault())
  return made
}
