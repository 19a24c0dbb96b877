/**
 * What is typed or pasted is never cut in silence. A browser cuts at `maxlength` and says nothing, so with scripts the
 * bound is ours: the words stay whole in their control, it says that they are too many, and the form is not sent.
 */

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Lengthy */

/** @param {EventTarget | null} target @returns {target is Lengthy} */
const isLengthy = (target) => target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement

/** @param {Lengthy} control @returns {number} in characters as the hub counts them; also where a swap has rendered the attribute again */
function charactersMax(control) {
  if (control.maxLength > 0) {
    control.dataset.charactersMax = String(control.maxLength)
    control.removeAttribute("maxlength")
  }
  return Number(control.dataset.charactersMax ?? Infinity)
}

/** @param {string} words @param {number} max @returns {string} a sentence when there are too many, otherwise "" */
export function faultOfLength(words, max) {
  const count = words.length > max ? [...words].length : 0
  return count > max ? `These are ${count.toLocaleString("en-US")} characters; ${max.toLocaleString("en-US")} fit. Shorten it, or split it.` : ""
}

/** @param {Lengthy} control */
function judge(control) {
  const fault = faultOfLength(control.value, charactersMax(control))
  if (fault === "" && control.dataset.tooLong === undefined) return
  control.toggleAttribute("data-too-long", fault !== "")
  control.setCustomValidity(fault)
  if (fault) control.reportValidity()
}

/** @param {Document} page */
export function keepWhole(page) {
  for (const name of ["focusin", "beforeinput"]) page.addEventListener(name, ({ target }) => void (isLengthy(target) && charactersMax(target)), { capture: true })
  page.addEventListener("input", ({ target }) => isLengthy(target) && judge(target), { capture: true })
  page.addEventListener("reset", ({ target }) => {
    // The reset itself comes after its event.
    if (target instanceof HTMLFormElement) setTimeout(() => [...target.elements].forEach((element) => isLengthy(element) && judge(element)))
  })
}
