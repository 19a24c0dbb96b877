/**
 * A text in its control, merged character by character: the person's typing becomes splices, the others' come in around the caret.
 */
import { claim } from "./fields.js"
import { offerEarly, tell } from "./messages.js"
import { clean, difference, faultOfText, rebased, spliced } from "./texts.js"

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./live_sections.js").LiveSection} LiveSection */
/** @typedef {import("./live_sections.js").Touch} Touch */
/** @typedef {import("./bindings.js").Company} Company */
/** @typedef {HTMLInputElement | HTMLTextAreaElement} TextControl */

export class TextBinding {
  /** What both the control and the Y.Text last held. */
  #shadow
  #bound = false
  #composing = false
  #over = false
  #sending = false

  /** @param {Field} field @param {TextControl} control @param {LiveSection} section @param {Company} company */
  constructor(field, control, section, company) {
    this.field = field
    this.control = control
    this.section = section
    this.company = company
    this.#shadow = control.defaultValue
    claim(control)
    control.addEventListener("input", () => this.push())
    control.addEventListener("compositionstart", () => (this.#composing = true))
    control.addEventListener("compositionend", () => {
      this.#composing = false
      this.push()
    })
    control.addEventListener("beforeinput", (event) => this.#before(/** @type {InputEvent} */ (event)))
    control.addEventListener("keydown", (event) => this.#key(/** @type {KeyboardEvent} */ (event)))
    for (const name of ["keyup", "pointerup", "focus"]) control.addEventListener(name, () => this.#caretMoved())
    this.bind()
  }

  get text() {
    return this.section.text(this.field.path.entry, this.field.path.field)
  }

  /** Whether there stand words in the control that are not in the document. */
  get draft() {
    return this.#bound && (this.#over || this.#composing)
  }

  /** Once the section is there: show its words, and bring in what is being typed. */
  bind() {
    if (this.#bound || !this.section.ready || !this.text) return
    this.#bound = true
    const early = this.control.value
    if (early === this.#shadow || document.activeElement === this.control) return this.push()
    this.#shadow = early
    this.#pull()
    if (this.text.toString() !== early) offerEarly(this.field, early, () => this.#use(early))
  }

  /** The section has a new document: its words stand, what was typed and not taken is kept elsewhere. */
  renew() {
    this.#bound = this.text !== null
    this.#over = false
    this.#pull()
  }

  /** @param {string} words */
  #use(words) {
    this.control.value = words
    this.push()
  }

  /** Words typed since the last time go into the document, and the document's into the control. */
  push() {
    const { text, control } = this
    if (!this.#bound || this.#composing || !text) return
    const fault = faultOfText(control.value)
    this.#over = fault !== ""
    control.setAttribute("aria-invalid", String(this.#over))
    if (fault) return tell(this.field.message, fault, [], "fault")
    if (this.field.message?.dataset.tone === "fault") tell(this.field.message, "")
    const caret = control.selectionEnd ?? control.value.length
    const splice = rebased(this.#shadow, control.value, text.toString(), caret)
    const taken = splice && { ...splice, insert: clean(splice.insert) }
    // The shadow moves first: the document tells us of our own edit as well.
    if (taken) this.#send(taken, text.toString())
    this.#pull()
    this.#caretMoved()
  }

  /** @param {import("./texts.js").Splice} splice @param {string} words of the document */
  #send(splice, words) {
    const { entry, field } = this.field.path
    this.#shadow = this.control.value
    if (spliced(words, splice) === words) return
    this.company.undoable(this.section, () => this.section.undoText(entry, field), this.field.key)
    this.#sending = true
    this.section.spliceText(entry, field, splice)
    this.#sending = false
  }

  /** @param {Touch} touch */
  touched(touch) {
    if (!this.#bound) return this.bind()
    if (this.#sending || this.#composing || this.#over) return
    if (this.control.value === this.#shadow && touch.delta) this.#follow(touch.delta)
    this.#pull()
  }

  /** Apply each step of the others where it happened, so that the caret stays between the same words. @param {NonNullable<Touch["delta"]>} delta */
  #follow(delta) {
    let at = 0
    for (const { retain, insert, delete: removed } of delta) {
      if (retain) at += retain
      if (typeof insert !== "string" && !removed) continue
      const words = typeof insert === "string" ? insert : ""
      this.#splice({ index: at, remove: removed ?? 0, insert: words })
      at += words.length
    }
  }

  /** Whatever still differs comes over as one splice. */
  #pull() {
    const words = this.text?.toString() ?? this.#shadow
    if (this.control.value === words) {
      this.#shadow = words
      return
    }
    const splice = difference(this.control.value, words)
    if (splice) this.#splice(splice)
    this.#shadow = words
  }

  /** @param {import("./texts.js").Splice} splice */
  #splice({ index, remove, insert }) {
    this.control.setRangeText(insert, index, index + remove, "preserve")
    this.#shadow = this.control.value
  }

  /** The browser's own undo would take the others' words along. @param {InputEvent} event */
  #before(event) {
    const way = { historyUndo: /** @type {const} */ ("undo"), historyRedo: /** @type {const} */ ("redo") }[event.inputType]
    if (!way) return
    event.preventDefault()
    this.#undo(way)
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return
    const key = event.key.toLowerCase()
    if (key !== "z" && key !== "y") return
    event.preventDefault()
    this.#undo(key === "y" || event.shiftKey ? "redo" : "undo")
  }

  /** @param {"undo" | "redo"} way */
  #undo(way) {
    this.section.undoText(this.field.path.entry, this.field.path.field, way)
  }

  #caretMoved() {
    if (document.activeElement === this.control && this.text) {
      this.company.caret(this.field.key, this.text, this.control.selectionEnd ?? 0)
    }
  }
}
