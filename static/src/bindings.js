/** Which fields of the page are bound to which section, kept right through every swap of a fragment. */
import { fieldsIn, isControl } from "./fields.js"
import { OutputBinding } from "./outputs.js"
import { RegisterBinding } from "./registers.js"
import { SetBinding } from "./sets.js"
import { TextBinding } from "./text_bindings.js"

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./live_sections.js").LiveSection} LiveSection */
/** @typedef {import("./live_sections.js").Touch} Touch */
/** @typedef {RegisterBinding | TextBinding | SetBinding | OutputBinding} Binding */
/**
 * @typedef {object} Company what a binding needs of the page around it
 * @property {(key: string, words: string | null) => void} drafting
 * @property {(key: string, text: import("yjs").Text, offset: number) => void} caret
 * @property {(section: LiveSection, undo: () => void, burst?: string) => void} undoable
 * @property {(field: Field) => string} lastIn the name of who was last seen changing the field
 * @property {(section: string) => void} stale the section's fragment has to be fetched anew
 */

export class Bindings {
  /** @type {Map<string, { field: Field, binding: Binding, anchor: Element }>} */
  #bound = new Map()

  /** @param {Company} company @param {(section: string) => LiveSection | undefined} sectionOf */
  constructor(company, sectionOf) {
    this.company = company
    this.sectionOf = sectionOf
  }

  /** Bind what is new on the page, and let go what is gone from it. @param {ParentNode} root */
  scan(root) {
    for (const [key, { anchor }] of this.#bound) if (!anchor.isConnected) this.#bound.delete(key)
    for (const field of fieldsIn(root)) {
      const section = this.sectionOf(field.path.section)
      const known = this.#bound.get(field.key)
      const anchor = anchorOf(field)
      if (!section || !anchor) continue
      if (known?.anchor === anchor) known.binding.bind()
      else this.#bind(field, anchor, section)
    }
  }

  /** The section has the hub's content, for the first time or in a new document. @param {LiveSection} section */
  ready(section) {
    for (const { binding } of this.#of(section.name)) {
      if (section.openings > 1) binding.renew()
      else binding.bind()
    }
  }

  /** @param {LiveSection} section @param {readonly Touch[]} touches */
  touched(section, touches) {
    for (const touch of touches) {
      if (touch.field === "") for (const { field, binding } of this.#of(section.name)) field.path.entry === touch.entry && binding.bind()
      else this.#bound.get(`${section.name}/${touch.entry}/${touch.field}`)?.binding.touched(touch)
    }
  }

  /** @param {string} key @returns {Field | undefined} */
  field(key) {
    return this.#bound.get(key)?.field
  }

  /** @param {Element} element @returns {Field | undefined} the bound field that an element stands in */
  fieldOf(element) {
    const key = element.closest("[data-field]")?.getAttribute("data-field")
    return key ? this.field(key) : undefined
  }

  /** @returns {number} fields with something typed that is not in the plan's documents */
  get drafts() {
    return [...this.#bound.values()].filter(({ binding }) => binding.draft).length
  }

  /** @returns {{ label: string, words: string }[]} the same fields, with what is typed */
  get typed() {
    const drafts = [...this.#bound.values()].filter(({ binding }) => binding.draft)
    return drafts.map(({ field }) => ({ label: field.label, words: field.controls[0]?.value ?? "" }))
  }

  /** @param {string} entry @returns {boolean} whether something typed in its fields is in no document yet */
  drafting(entry) {
    return [...this.#bound.values()].some(({ field, binding, anchor }) => field.path.entry === entry && anchor.isConnected && binding.draft)
  }

  /** @param {string} section */
  #of(section) {
    return [...this.#bound.values()].filter(({ field }) => field.path.section === section)
  }

  /** @param {Field} field @param {Element} anchor @param {LiveSection} section */
  #bind(field, anchor, section) {
    const binding = bindingOf(field, anchor, section, this.company)
    if (binding) this.#bound.set(field.key, { field, binding, anchor })
  }
}

/** @param {Field} field @returns {Element | undefined} the element that a field's binding lives and dies with */
function anchorOf(field) {
  return field.kind === "set" && field.controls.length > 0 ? field.element : (field.controls[0] ?? field.output ?? undefined)
}

/** @param {Field} field @param {Element} anchor @param {LiveSection} section @param {Company} company @returns {Binding | null} */
function bindingOf(field, anchor, section, company) {
  if (field.kind === "set" && field.controls.length > 0) return new SetBinding(field, section, company)
  if (!isControl(anchor)) return field.output && new OutputBinding(field, field.output, section, company)
  if (field.kind === "text" && !(anchor instanceof HTMLSelectElement)) return new TextBinding(field, anchor, section, company)
  return new RegisterBinding(field, anchor, section, company)
}
