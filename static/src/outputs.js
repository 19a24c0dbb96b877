/** A field one may only read: it follows the plan, by itself where the value is what one reads, otherwise by a fresh fragment. */
import { READ_AS_THEY_ARE, shownOfValue } from "./values.js"

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./live_sections.js").LiveSection} LiveSection */
/** @typedef {import("./bindings.js").Company} Company */

export class OutputBinding {
  /** @param {Field} field @param {HTMLElement} output @param {LiveSection} section @param {Company} company */
  constructor(field, output, section, company) {
    this.field = field
    this.output = output
    this.section = section
    this.company = company
  }

  get draft() {
    return false
  }

  /** Nothing to take over: what the hub rendered stands until something is touched. */
  bind() {}

  touched() {
    if (!this.section.ready) return
    const { entry, field } = this.field.path
    const { form } = this.field.element.dataset
    const isText = this.field.kind === "text"
    if (this.field.kind === "set" || (!isText && !READ_AS_THEY_ARE.has(form ?? "line"))) return this.company.stale(this.field.path.section)
    const words = isText ? (this.section.text(entry, field)?.toString() ?? "") : shownOfValue("line", this.section.value(entry, field))
    if (this.output.textContent !== words) this.output.textContent = words
  }

  renew() {
    this.touched()
  }
}
