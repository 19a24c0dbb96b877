/** On a medicine's line: c, m and s choose, and the focus goes to the next line that is open or to the words it needs. */
import { goTo } from "./places.js"

/** @typedef {import("./keys.js").Key} Key */

/** @returns {Key[]} none where there is nothing to decide */
export function reconcileKeys() {
  if (document.getElementById("lists")) return listKeys()
  if (!document.getElementById("reconcile")) return []
  const on = ".reconcile-line"
  return [
    { keys: "c", words: "Continue this medicine", act: () => choose("c"), on },
    { keys: "m", words: "Change it", act: () => choose("m"), on },
    { keys: "s", words: "Stop it", act: () => choose("s"), on },
  ]
}

/** @param {string} key */
function choose(key) {
  const all = [...document.querySelectorAll(".reconcile-line")]
  const here = document.activeElement?.closest(".reconcile-line")
  if (!here) return goTo(all.find((each) => !each.querySelector(":checked")) ?? all[0])
  const radio = here.querySelector(`input[data-key="${key}"]`)
  if (!(radio instanceof HTMLInputElement)) return
  radio.checked = true
  if (key === "m") return goTo(here.querySelector('[name^="dose."]'))
  if (key === "s") return goTo(here.querySelector('[name^="reason."]'))
  const behind = all.slice(all.indexOf(here) + 1)
  goTo(behind.find((each) => !each.querySelector(":checked")) ?? document.querySelector('.reconcile-sign [value="sign"]'))
}

/** On a line of two lists: one key decides, and the focus goes to the next line that is open. @returns {Key[]} */
function listKeys() {
  return [
    { keys: "c", words: "Continue this medicine", act: () => press("c"), on: '#lists [data-key="c"]' },
    { keys: "1", words: "The first of the lists counts", act: () => press("1"), on: '#lists [data-key="1"]' },
    { keys: "2", words: "The second of the lists counts", act: () => press("2"), on: '#lists [data-key="2"]' },
    { keys: "3", words: "The third of the lists counts", act: () => press("3"), on: '#lists [data-key="3"]' },
    { keys: "s", words: "Stop it", act: () => press("s"), on: '#lists [data-key="s"]' },
    { keys: "m", words: "Change it", act: () => openMore('[name="dose"]'), on: '.pair-more [name="dose"]' },
    { keys: "u", words: "Hold it until a day", act: () => openMore('[name="until"]'), on: '.pair-more [name="until"]' },
    { keys: "q", words: "Ask somebody", act: () => openMore('[name="asked"]'), on: '.pair-more [name="asked"]' },
    { keys: "C", words: "Continue all that are the same", act: () => same(), on: '#lists [data-key="C"]' },
  ]
}

/** @returns {HTMLElement[]} the lines of the two lists */
const lines = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#lists [data-line]")])

/** @param {Element} line */
const isOpen = (line) => line.querySelector('.pair-acts') !== null

/** @param {string} key */
function press(key) {
  const here = document.activeElement?.closest("[data-line]")
  if (!here) return goTo(lines().find(isOpen))
  const button = here.querySelector(`button[data-key="${key}"]`)
  if (!(button instanceof HTMLButtonElement)) return
  const all = lines()
  const at = all.findIndex((each) => each === here)
  const next = [...all.slice(at + 1), ...all.slice(0, at)].find(isOpen)
  button.click()
  goTo(next ?? document.querySelector('button[data-key="sign"]'))
}

/** @param {string} selector the field that the decision needs */
function openMore(selector) {
  const here = document.activeElement?.closest("[data-line]")
  const more = here?.querySelector(".pair-more")
  if (!(more instanceof HTMLDetailsElement)) return goTo(lines().find(isOpen))
  more.open = true
  goTo(more.querySelector(selector))
}

function same() {
  const button = document.querySelector('button[data-key="C"]')
  if (!(button instanceof HTMLButtonElement)) return
  button.click()
  goTo(lines().find((each) => isOpen(each) && !button.closest("section")?.contains(each)) ?? document.querySelector('button[data-key="sign"]'))
}
