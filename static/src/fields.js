/** A field of the page: its element, its control, and the slots for presence and messages beside it. */
import { readPath } from "./paths.js"
import { dateInWords, shownOfValue } from "./values.js"

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */
/** @typedef {"text" | "register" | "set"} FieldKind */

/** @param {Element} element @returns {element is Control} */
export function isControl(element) {
  return element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement
}

export class Field {
  /** @param {HTMLElement} element with data-field @param {import("./paths.js").Path} path */
  constructor(element, path) {
    this.element = element
    this.path = path
    this.key = `${path.section}/${path.entry}/${path.field}`
  }

  /** @param {HTMLElement} element @returns {Field | null} */
  static of(element) {
    const path = readPath(element.dataset.field ?? "")
    return path && new Field(element, path)
  }

  /** @returns {FieldKind} */
  get kind() {
    const { kind } = this.element.dataset
    return kind === "text" || kind === "set" ? kind : "register"
  }

  get form() {
    return this.element.dataset.form ?? "line"
  }

  /** Whose clock a time in a control means: the plan's. */
  get zone() {
    return document.body.dataset.zone || "UTC"
  }

  get required() {
    return this.element.querySelector(".required") !== null
  }

  /** @returns {Control[]} */
  get controls() {
    return [...this.element.querySelectorAll("[data-bound], [data-add]")].filter(isControl)
  }

  /** @returns {HTMLElement | null} */
  get output() {
    return this.element.querySelector("[data-value]")
  }

  /** @returns {HTMLElement | null} */
  get presence() {
    return this.element.querySelector(".field-presence")
  }

  /** @returns {HTMLElement | null} */
  get message() {
    return this.element.querySelector(".field-message")
  }

  /** A date in words lies over its control while nobody is in it. @param {string} shown */
  tellWords(shown) {
    const words = this.element.querySelector("[data-words]")
    if (words) words.textContent = dateInWords(shown)
  }

  /** @param {unknown} value @returns {string} as a person reads it: a choice's words rather than its id */
  wordsOf(value) {
    const shown = shownOfValue(this.form, value, this.zone)
    const [control] = this.controls
    const chosen = control instanceof HTMLSelectElement && [...control.options].find((option) => option.value === shown)
    return (chosen ? chosen.text.trim() : dateInWords(shown) || shown) || "nothing"
  }

  /** @returns {string} */
  get label() {
    const words = this.element.querySelector("label, legend")?.firstChild?.textContent ?? ""
    return words.trim() || this.path.field.replaceAll("_", " ")
  }
}

/** @param {ParentNode} root @returns {Field[]} */
export function fieldsIn(root) {
  /** @type {HTMLElement[]} */
  const elements = [...root.querySelectorAll("[data-field]")].filter((element) => element instanceof HTMLElement)
  return elements.map((element) => Field.of(element)).filter((field) => field !== null)
}

/** Mark a control as the script's: no morph may touch it. @param {Control} control */
export function claim(control) {
  control.dataset.live = ""
  // A select's choices and a box's member may change with the fragment: they are kept right by other rules.
  const fixed = !(control instanceof HTMLSelectElement) && control.type !== "checkbox"
  control.toggleAttribute("hx-morph-skip", fixed)
  control.autocomplete ||= "off"
}
