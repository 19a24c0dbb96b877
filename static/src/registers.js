/** A register in its control: a whole value, committed on change, blur or Enter; Esc brings back what stands in the plan. */
import { claim } from "./fields.js"
import { offerEarly, tell } from "./messages.js"
import { faultOfShown, sameValue, shownOfValue, valueOfShown } from "./values.js"

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./fields.js").Control} Control */
/** @typedef {import("./live_sections.js").LiveSection} LiveSection */
/** @typedef {import("./live_sections.js").Touch} Touch */
/** @typedef {import("./values.js").Scalar} Scalar */
/** @typedef {import("./bindings.js").Company} Company */

/** A value of mine that is replaced within this time is offered back. */
const MINE_MS = 120_000

/** @param {Control} control @returns {string} what the hub rendered into it */
function renderedIn(control) {
  if (!(control instanceof HTMLSelectElement)) return control.defaultValue
  return ([...control.options].find((option) => option.defaultSelected) ?? control.options[0])?.value ?? ""
}

export class RegisterBinding {
  /** @type {Scalar} what stands in the plan, as far as this page knows */
  #standing = null
  /** @type {{ value: Scalar, when: number } | null} */
  #mine = null
  #bound = false

  /** @param {Field} field @param {Control} control @param {LiveSection} section @param {Company} company */
  constructor(field, control, section, company) {
    this.field = field
    this.control = control
    this.section = section
    this.company = company
    claim(control)
    this.#followed = renderedIn(control)
    control.addEventListener("input", () => this.#typed())
    control.addEventListener("blur", () => this.commit())
    control.addEventListener("keydown", (event) => this.#key(/** @type {KeyboardEvent} */ (event)))
    if (control instanceof HTMLSelectElement) control.addEventListener("change", () => this.commit())
    this.bind()
  }

  /** What the control held when it last followed the plan: a control may be unable to hold what stands there. */
  #followed

  get shown() {
    return this.control.value
  }

  /** Whether there stands something in the control that was not committed. */
  get draft() {
    return this.#bound && this.shown !== this.#followed
  }

  /** Take the plan's value over, once the section has it; what was typed before that is offered, or still being typed. */
  bind() {
    const { entry, field } = this.field.path
    if (this.#bound || !this.section.ready || !this.section.entries.has(entry)) return
    const value = this.#read(entry, field)
    const early = this.shown === this.#followed ? null : this.shown
    this.#standing = value
    this.#bound = true
    if (early !== null && document.activeElement === this.control) return
    this.#show()
    if (early !== null && early !== this.shown) offerEarly(this.field, early, () => this.#use(early))
  }

  /** The section has a new document: its value stands, unless one is typing here. */
  renew() {
    const drafting = this.draft && document.activeElement === this.control
    this.#standing = this.#read(this.field.path.entry, this.field.path.field)
    if (drafting) this.#followed = this.#shownOf(this.#standing)
    else this.#show()
  }

  /** @param {string} shown */
  #use(shown) {
    this.control.value = shown
    this.commit()
  }

  /** @param {Touch} _touch */
  touched(_touch) {
    const { entry, field } = this.field.path
    const value = this.#read(entry, field)
    if (!this.#bound) return this.bind()
    if (sameValue(value, this.#standing)) return
    const drafting = this.draft && document.activeElement === this.control
    this.#standing = value
    if (drafting) return this.#tellOfTheirs(value)
    this.#show()
    this.#offerMine(value)
  }

  commit() {
    if (!this.draft) return this.#bound ? this.#show() : undefined
    const fault = faultOfShown(this.field.form, this.shown, this.field.required, this.field.zone) || this.#faultOfControl()
    this.control.setAttribute("aria-invalid", String(fault !== ""))
    if (fault) return tell(this.field.message, fault, [], "fault")
    const value = valueOfShown(this.field.form, this.shown, this.field.zone)
    tell(this.field.message, "")
    this.company.drafting(this.field.key, null)
    if (sameValue(value, this.#standing)) return this.#show()
    this.#set(value)
  }

  restore() {
    this.#show()
    this.control.dispatchEvent(new Event("input", { bubbles: true })) // What stood beside the draft is about other words.
    this.control.setAttribute("aria-invalid", "false")
    this.company.drafting(this.field.key, null)
    tell(this.field.message, "")
  }

  /** @param {Scalar} value */
  #set(value) {
    const { entry, field } = this.field.path
    const before = this.#standing
    this.#standing = value
    this.#mine = { value, when: performance.now() }
    this.company.undoable(this.section, () => this.section.setRegister(entry, field, before ?? (typeof value === "number" ? null : "")))
    this.section.setRegister(entry, field, value)
    this.#show()
  }

  #typed() {
    if (this.control instanceof HTMLTextAreaElement && /[\r\n]/.test(this.control.value)) this.control.value = this.control.value.replace(/\s*[\r\n]+\s*/g, " ")
    if (this.control instanceof HTMLSelectElement) return
    this.company.drafting(this.field.key, this.draft ? this.shown : null)
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Enter" && !event.isComposing && !(this.control instanceof HTMLSelectElement)) {
      event.preventDefault()
      this.commit()
    } else if (event.key === "Escape" && this.draft) {
      event.preventDefault()
      event.stopPropagation()
      this.restore()
    }
  }

  /** @param {Scalar} theirs */
  #tellOfTheirs(theirs) {
    this.#followed = this.#shownOf(theirs)
    const who = this.company.lastIn(this.field)
    tell(this.field.message, `${who} set this to ${this.field.wordsOf(theirs)}. Yours is not saved yet.`, [
      { words: `Take ${this.field.wordsOf(theirs)}`, act: () => this.restore() },
    ])
  }

  /** The later value stands; the earlier is one click away. @param {Scalar} theirs */
  #offerMine(theirs) {
    const mine = this.#mine
    if (!mine || sameValue(mine.value, theirs) || performance.now() - mine.when > MINE_MS) return
    const keep = () => {
      tell(this.field.message, "")
      this.#set(mine.value)
    }
    const who = this.company.lastIn(this.field)
    tell(this.field.message, `${who} changed this to ${this.field.wordsOf(theirs)}.`, [
      { words: `Keep ${this.field.wordsOf(mine.value)} instead`, act: keep },
      { words: "OK", act: () => tell(this.field.message, "") },
    ])
    this.#mine = null
  }

  #show() {
    const shown = this.#shownOf(this.#standing)
    this.field.tellWords(shown)
    if (this.shown !== shown) {
      if (this.control instanceof HTMLSelectElement && ![...this.control.options].some((option) => option.value === shown)) {
        this.control.add(new Option(shown, shown))
        this.company.stale(this.field.path.section)
      }
      this.control.value = shown
    }
    this.#followed = this.shown
  }

  #faultOfControl() {
    return this.control.validity.badInput ? "This is not complete." : ""
  }

  /** @param {string} entry @param {string} field @returns {Scalar} */
  #read(entry, field) {
    const value = this.section.value(entry, field)
    return typeof value === "object" || value === undefined ? null : /** @type {Scalar} */ (value)
  }

  /** @param {Scalar} value */
  #shownOf(value) {
    return shownOfValue(this.field.form, value, this.field.zone)
  }
}
