/** On a medicine's line: c, m and s choose, and the focus goes to the next line that is open or to the words it needs. */
import { goTo } from "./places.js"

/** @typedef {import("./keys.js").Key} Key */

/** @returns {Key[]} none where there is nothing to decide */
export function reconcileKeys() {
  if (!document.getElementById("reconcile")) return []
  return [
    { keys: "c", words: "Continue this medicine", act: () => choose("c") },
    { keys: "m", words: "Change it", act: () => choose("m") },
    { keys: "s", words: "Stop it", act: () => choose("s") },
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
