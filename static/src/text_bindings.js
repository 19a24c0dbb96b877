/**
 * A text in its control, merged character by character: the person's typing becomes splices, the others' come in around the caret.
 */
import { carried, changeIn, changeOf, comparison, splicesOf } from "./changes.js"
import { claim } from "./fields.js"
import { offerEarly, tell } from "./messages.js"
import { clean, difference, faultOfText } from "./texts.js"

/** @typedef {import("./changes.js").Change} Change */
/** @typedef {import("./texts.js").Splice} Splice */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./live_sections.js").LiveSection} LiveSection */
/** @typedef {import("./live_sections.js").Touch} Touch */
/** @typedef {import("./bindings.js").Company} Company */
/** @typedef {HTMLInputElement | HTMLTextAreaElement} TextControl */

/** Changes of others that wait beside words typed here; above it they are compared as one. */
const WAITING_MAX = 10_000

export class TextBinding {
  /** What the control held when the document last knew all of it. */
  #shadow
  /** What others did to the document since, and the control does not show yet. @type {Change[]} */
  #waiting = []
  #bound = false
  #composing = false
  #over = false
  #sending = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #soon

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
    for (const name of ["compositionend", "blur"]) control.addEventListener(name, () => this.#composed())
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
    this.#compare()
    if (early === this.#shadow) return this.#follow()
    if (document.activeElement === this.control) return this.#pushNext()
    this.#shadow = early
    this.#compare()
    this.#follow()
    if (this.text.toString() !== early) offerEarly(this.field, early, () => this.#use(early))
  }

  /** The section has a new document: its words stand, but for what is being composed; what was typed and not taken is kept elsewhere. */
  renew() {
    this.#bound = this.text !== null
    if (this.#composing) return this.#compare()
    this.#over = false
    this.#shadow = this.control.value
    this.#compare()
    this.#follow()
  }

  /** @param {string} words */
  #use(words) {
    this.control.value = words
    this.push()
  }

  /** Words typed since the last time go into the document, and the document's into the control. */
  push() {
    if (!this.#bound || this.#composing || !this.text || !this.#send()) return
    this.#follow()
    this.#caretMoved()
  }

  /** What was composed goes out at once; the browser still has to place the caret, so the others' words come in after that. */
  #composed() {
    if (!this.#composing) return
    this.#composing = false
    if (!this.#bound || !this.text) return
    this.#send()
    clearTimeout(this.#soon)
    this.#soon = setTimeout(() => this.push())
  }

  /** @returns {boolean} false where the words typed here are too many, and stay here */
  #send() {
    const { control } = this
    const fault = faultOfText(control.value)
    this.#over = fault !== ""
    control.setAttribute("aria-invalid", String(this.#over))
    if (fault) tell(this.field.message, fault, [], "fault")
    else if (this.field.message?.dataset.tone === "fault") tell(this.field.message, "")
    if (fault) return false
    const splice = difference(this.#shadow, control.value, control.selectionEnd ?? control.value.length)
    if (!splice) return true
    // The shadow moves first: the document tells us of our own edit as well.
    const shown = changeOf(splice)
    this.#shadow = control.value
    const insert = clean(splice.insert)
    const isClean = insert === splice.insert
    this.#into(this.#carriedOver(isClean ? shown : changeOf({ ...splice, insert }), shown))
    if (!isClean) this.#compare()
    return true
  }

  /** @param {Change} own what goes into the document @param {Change} shown the same as it stands in the control @returns {Splice[]} of the document as it is now */
  #carriedOver(own, shown) {
    this.#waiting = this.#waiting.map((theirs) => {
      const behind = carried(theirs, shown, false)
      own = carried(own, theirs, true)
      shown = carried(shown, theirs, true)
      return behind
    })
    return splicesOf(own)
  }

  /** @param {Splice[]} splices */
  #into(splices) {
    const { entry, field } = this.field.path
    if (splices.length === 0) return
    this.company.undoable(this.section, () => this.section.undoText(entry, field), this.field.key)
    this.#sending = true
    this.section.spliceText(entry, field, ...splices)
    this.#sending = false
  }

  /** @param {Touch} touch */
  touched(touch) {
    if (!this.#bound) return this.bind()
    if (this.#sending) return
    const change = changeIn(touch.delta)
    if (change && this.#waiting.length < WAITING_MAX) this.#waiting.push(change)
    else this.#compare()
    if (this.#composing || this.#over) return
    if (this.control.value === this.#shadow) this.#follow()
    else this.#pushNext()
  }

  /** The document may be telling of a change just now, and is not to be changed before it is done. */
  #pushNext() {
    queueMicrotask(() => this.push())
  }

  /** The others' changes are not known one by one: find what differs. */
  #compare() {
    this.#waiting = [comparison(this.#shadow, this.text?.toString() ?? this.#shadow)]
  }

  /** Apply each step of the others where it happened, so that caret and selection stay between the same words. */
  #follow() {
    for (const change of this.#waiting) for (const splice of splicesOf(change)) this.#splice(splice)
    const words = this.text?.toString() ?? this.#shadow
    // Nothing should differ now; if it does, the document is right.
    if (this.control.value !== words) for (const splice of splicesOf(comparison(this.control.value, words))) this.#splice(splice)
    this.#waiting = []
    this.#shadow = this.control.value
  }

  /** Only ever an insertion or a removal: what replaces a piece around the caret would be selected. @param {Splice} splice */
  #splice({ index, remove, insert }) {
    if (insert) this.control.setRangeText(insert, index, index, "preserve")
    if (remove) this.control.setRangeText("", index + insert.length, index + insert.length + remove, "preserve")
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
