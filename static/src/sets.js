/** A set: boxes to switch one by one, or a list of lines with an input that adds one and a button that takes one out. */
import * as Y from "yjs"
import { claim } from "./fields.js"
import { tell } from "./messages.js"
import { faultOfShown, visible } from "./values.js"

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./live_sections.js").LiveSection} LiveSection */
/** @typedef {import("./bindings.js").Company} Company */

export class SetBinding {
  /** @type {WeakSet<HTMLInputElement>} */
  #claimed = new WeakSet()

  /** @param {Field} field @param {LiveSection} section @param {Company} company */
  constructor(field, section, company) {
    this.field = field
    this.section = section
    this.company = company
    field.element.addEventListener("click", (event) => this.#clicked(event))
    this.bind()
  }

  get draft() {
    return false
  }

  get members() {
    const value = this.section.value(this.field.path.entry, this.field.path.field)
    return value instanceof Y.Map ? /** @type {Y.Map<boolean>} */ (value) : null
  }

  get boxes() {
    return this.field.controls.filter((control) => control instanceof HTMLInputElement && control.type === "checkbox")
  }

  bind() {
    for (const control of this.field.controls) {
      if (!(control instanceof HTMLInputElement) || this.#claimed.has(control)) continue
      this.#claimed.add(control)
      claim(control)
      if (control.type === "checkbox") control.addEventListener("change", () => this.#switch(control.value, control.checked))
      else control.addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && this.#add(event, control))
      if (control.type !== "checkbox") control.addEventListener("blur", (event) => this.#add(event, control))
    }
    this.touched()
  }

  renew() {
    this.touched()
  }

  touched() {
    const { members } = this
    if (!members || !this.section.ready) return
    for (const box of this.boxes) if (box instanceof HTMLInputElement) box.checked = members.get(box.value) === true
    const list = this.field.element.querySelector(".members")
    if (list) this.#showIn(list, members)
  }

  /** @param {string} member @param {boolean} present */
  #switch(member, present) {
    const { entry, field } = this.field.path
    this.company.undoable(this.section, () => this.section.setMember(entry, field, member, !present))
    this.section.setMember(entry, field, member, present)
    this.touched()
  }

  /** @param {Event} event @param {HTMLInputElement} control */
  #add(event, control) {
    const member = visible(control.value).trim()
    if (event.type === "keydown") event.preventDefault()
    if (!member || !this.members) return
    const fault = faultOfShown("line", member)
    tell(this.field.message, fault, [], "fault")
    if (fault) return
    control.value = ""
    this.#switch(member, true)
  }

  /** @param {Event} event */
  #clicked(event) {
    const pressed = event.target instanceof Element ? event.target.closest("[data-remove]") : null
    const member = pressed?.getAttribute("data-remove")
    if (member) this.#switch(member, false)
  }

  /** @param {Element} list @param {Y.Map<boolean>} members */
  #showIn(list, members) {
    const shown = new Map([...list.querySelectorAll("[data-member]")].map((line) => [line.getAttribute("data-member") ?? "", line]))
    for (const [member, line] of shown) if (members.get(member) !== true) line.remove()
    for (const [member, present] of members.entries()) if (present === true && !shown.has(member)) list.append(lineOf(member))
  }
}

/** @param {string} member @returns {HTMLLIElement} as parts/fields.html renders it */
function lineOf(member) {
  const line = document.createElement("li")
  line.dataset.member = member
  const remove = document.createElement("button")
  remove.type = "button"
  remove.dataset.remove = member
  remove.ariaLabel = `Remove ${member}`
  remove.textContent = "×"
  line.append(`${member} `, remove)
  return line
}
