/** A textarea for Node: value, selection and setRangeText as HTML defines them (4.10.20, "APIs for the text control selections"). */

export class TextControl extends EventTarget {
  defaultValue = ""
  dataset = {}
  autocomplete = ""
  type = "textarea"
  selectionStart = 0
  selectionEnd = 0
  #value = ""

  get value() {
    return this.#value
  }

  /** The caret goes to the end, as it does in a browser. */
  set value(words) {
    if (words === this.#value) return
    this.#value = words
    this.selectionStart = this.selectionEnd = words.length
  }

  toggleAttribute() {}

  setAttribute() {}

  /** @param {string} words @param {number} start @param {number} end @param {"preserve"} mode */
  setRangeText(words, start, end, mode) {
    if (mode !== "preserve") throw new TypeError("only what keeps the selection")
    this.#value = this.#value.slice(0, start) + words + this.#value.slice(end)
    const shift = words.length - (end - start)
    const newEnd = start + words.length
    if (this.selectionStart > end) this.selectionStart += shift
    else if (this.selectionStart > start) this.selectionStart = start
    if (this.selectionEnd > end) this.selectionEnd += shift
    else if (this.selectionEnd > start) this.selectionEnd = newEnd
  }

  /** What a person does, without telling of it yet. @param {string} words in place of the selection */
  place(words, start = this.selectionStart, end = this.selectionEnd) {
    this.#value = this.#value.slice(0, start) + words + this.#value.slice(end)
    this.selectionStart = this.selectionEnd = start + words.length
  }

  /** @param {string} words typed, or pasted, in place of the selection */
  write(words) {
    this.place(words)
    this.tell("input")
  }

  /** @param {string} name */
  tell(name) {
    this.dispatchEvent(new Event(name))
  }
}
