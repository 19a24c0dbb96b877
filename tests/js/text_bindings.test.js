/**
 * The binding of a text to its control, as the pages have it, beside other people who change the same text. Every character
 * in these texts is there once only, so that each can be followed through whatever happens.
 */
import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { HocuspocusProviderWebsocket } from "@hocuspocus/provider"
import * as Y from "yjs"
import { LiveSection } from "../../static/src/live_sections.js"
import { TextBinding } from "../../static/src/text_bindings.js"
import { TextControl } from "./controls.js"
import { random } from "./randomness.js"
import { DeafSocket } from "./sockets.js"

const PATH = { section: "goals", entry: "e1", field: "narrative" }
const FIELD = { path: PATH, key: "goals/e1/narrative", message: null }
const COMPANY = { drafting() {}, caret() {}, undoable() {}, lastIn: () => "Ann", stale() {} }

let socket
let section

beforeEach(() => {
  globalThis.document = { activeElement: null }
  globalThis.HTMLSelectElement = class {}
  socket = new HocuspocusProviderWebsocket({ url: "ws://nowhere", WebSocketPolyfill: DeafSocket, delay: 1, minDelay: 0 })
})

afterEach(() => {
  section.close()
  socket.destroy()
  delete globalThis.document
  delete globalThis.HTMLSelectElement
})

/** A page with its person in the text, and a colleague's replica of it. @param {string} words */
function aPage(words) {
  const theirs = new Y.Doc()
  const entry = new Y.Map()
  theirs.getMap("entries").set(PATH.entry, entry)
  entry.set(PATH.field, new Y.Text(words))
  let binding = null
  const watcher = { touched: (_, touches) => touches.forEach((touch) => binding?.touched(touch)), received() {}, ready() {}, unsent() {}, saved() {}, refused() {} }
  section = new LiveSection(PATH.section, socket, watcher)
  Y.applyUpdate(section.doc, Y.encodeStateAsUpdate(theirs))
  section.ready = true
  const control = new TextControl()
  control.defaultValue = control.value = words
  document.activeElement = control
  binding = new TextBinding(FIELD, control, section, COMPANY)
  return { control, binding, colleague: new Colleague(theirs) }
}

class Colleague {
  constructor(doc) {
    this.doc = doc
    this.waiting = []
    section.doc.on("update", (update, origin) => origin !== "colleague" && this.waiting.push(update))
  }

  get text() {
    return this.doc.getMap("entries").get(PATH.entry).get(PATH.field)
  }

  /** What this person does, told to the page at once. @param {(text: Y.Text) => void} act */
  does(act) {
    const before = Y.encodeStateVector(this.doc)
    this.doc.transact(() => act(this.text))
    Y.applyUpdate(section.doc, Y.encodeStateAsUpdate(this.doc, before), "colleague")
  }

  /** What came from the page meanwhile. */
  hears() {
    for (const update of this.waiting.splice(0)) Y.applyUpdate(this.doc, update)
  }
}

const words = () => section.text(PATH.entry, PATH.field).toString()
const nextTask = () => new Promise((resolve) => setTimeout(resolve))

/** @param {TextControl} control @param {string[]} stages of one composition, the last of which stays */
function compose(control, stages, meanwhile = () => {}) {
  const start = control.selectionStart
  control.tell("compositionstart")
  for (const [index, stage] of stages.entries()) {
    control.place(stage, start, index === 0 ? control.selectionEnd : start + stages[index - 1].length)
    control.tell("input")
    meanwhile(index)
  }
  control.tell("compositionend")
}

test("a word composed in the middle while others type at both ends stays one word with the caret behind it", async () => {
  const { control, colleague } = aPage("walk twice daily")
  control.selectionStart = control.selectionEnd = "walk ".length

  compose(control, ["s", "sl", "slowly "], (stage) => {
    if (stage === 0) colleague.does((text) => text.insert(0, "Please "))
    if (stage === 1) colleague.does((text) => text.insert(text.length, " for a week"))
    assert.ok(!control.value.includes("Please"), "nothing moves under a composition")
  })
  await nextTask()

  assert.equal(control.value, "Please walk slowly twice daily for a week")
  assert.equal(words(), control.value)
  assert.deepEqual([control.selectionStart, control.selectionEnd], [19, 19])
  control.write("and ")
  assert.equal(words(), "Please walk slowly and twice daily for a week")
})

test("what was composed is on its way at once, though the others' words come in after the browser has placed the caret", () => {
  const { control, colleague } = aPage("abc")
  control.selectionStart = control.selectionEnd = 3

  compose(control, ["d"], () => colleague.does((text) => text.insert(0, "X")))

  assert.equal(words(), "Xabcd")
  assert.equal(control.value, "abcd")
})

test("a composition that follows within the same moment is not disturbed by what the last one left waiting", async () => {
  const { control, colleague } = aPage("abc")
  control.selectionStart = control.selectionEnd = 3
  compose(control, ["d"], () => colleague.does((text) => text.insert(0, "X")))
  control.tell("compositionstart")
  control.place("e")
  control.tell("input")

  await nextTask()
  assert.equal(control.value, "abcde")
  control.tell("compositionend")
  await nextTask()

  assert.equal(control.value, "Xabcde")
  assert.equal(words(), "Xabcde")
  assert.equal(control.selectionStart, 6)
})

test("leaving the field ends a composition of which the browser told no end", async () => {
  const { control, colleague } = aPage("abc")
  control.selectionStart = control.selectionEnd = 3
  control.tell("compositionstart")
  control.place("d")
  colleague.does((text) => text.insert(0, "X"))

  control.tell("blur")
  await nextTask()

  assert.equal(words(), "Xabcd")
  assert.equal(control.value, "Xabcd")
})

test("words typed before the page was live go between those that two others have added since it was rendered", async () => {
  const { control, binding } = aPage("walk twice daily")
  section.ready = false
  const late = new TextControl()
  late.defaultValue = late.value = "walk twice daily"
  section.text(PATH.entry, PATH.field).insert(0, "Please ")
  section.text(PATH.entry, PATH.field).insert("Please walk twice daily".length, " for a week")
  const early = new TextBinding(FIELD, late, section, COMPANY)
  late.selectionStart = late.selectionEnd = "walk ".length
  late.write("slowly ")
  document.activeElement = late
  section.ready = true

  early.bind()
  await nextTask()

  assert.equal(late.value, "Please walk slowly twice daily for a week")
  assert.deepEqual([late.selectionStart, late.selectionEnd], [19, 19])
  void [control, binding]
})

test("a text that is too long stays here whole, and what others write meanwhile joins it once it is short enough", () => {
  const { control, binding, colleague } = aPage("abc")
  control.selectionStart = control.selectionEnd = 3
  control.write("x".repeat(20_000))
  assert.ok(binding.draft)

  colleague.does((text) => text.insert(0, "X"))
  colleague.does((text) => text.insert(2, "Y"))
  assert.equal(words(), "XaYbc")
  control.selectionStart = 3
  control.write("d")

  assert.equal(words(), "XaYbcd")
  assert.equal(control.value, "XaYbcd")
  assert.equal(binding.draft, false)
})

test("half an emoji is not taken, and the words around it are", () => {
  const { control } = aPage("abc")
  control.selectionStart = control.selectionEnd = 1

  control.write("x\ud83dy")

  assert.equal(words(), "axybc")
  assert.equal(control.value, "axybc")
})

/** Characters that stand nowhere else; one in four takes two units. @param {(bound: number) => number} next */
function alphabet(next) {
  let plain = 0x4e00
  let wide = 0x20000
  return (count) => String.fromCodePoint(...Array.from({ length: count }, () => (next(4) === 0 ? wide++ : plain++)))
}

/** @param {string} text @param {number} offset @returns {number} the same or one less, never inside a pair */
const whole = (text, offset) => (offset > 0 && /[\udc00-\udfff]/.test(text[offset] ?? "") && /[\ud800-\udbff]/.test(text[offset - 1]) ? offset - 1 : offset)

/** @param {Y.Text} text */
function somethingRandom(next, letters, text) {
  const now = text.toString()
  const index = whole(now, next(now.length + 1))
  const end = whole(now, index + next(Math.min(6, now.length - index) + 1))
  if (next(3) > 0) text.insert(index, letters(1 + next(3)))
  else if (end > index) text.delete(index, end - index)
}

/** What stood left of, within and right of the selection, each a set of characters. @param {TextControl} control */
const parts = ({ value, selectionStart, selectionEnd }) => [value.slice(0, selectionStart), value.slice(selectionStart, selectionEnd), value.slice(selectionEnd)].map((part) => new Set(part))

/** Caret and selection stand between the same characters as before, as far as they are still there. */
function assertSameSelection(before, control, story) {
  const after = parts(control)
  const there = new Set(control.value)
  for (const [index, part] of before.entries()) {
    for (const letter of part) assert.ok(!there.has(letter) || after[index].has(letter), `${letter} was part ${index} of the selection: ${story}`)
  }
  if (before[1].size === 0) assert.equal(after[1].size, 0, `nothing was selected, and now something is: ${story}`)
}

test("whatever the others do, caret and selection stay between the same characters and everyone has the same text", async () => {
  for (let seed = 1; seed <= 300; seed++) {
    const next = random(seed)
    const letters = alphabet(next)
    const { control, colleague } = aPage(letters(next(12)))
    for (let step = 0; step < 12; step++) {
      const story = `seed ${seed}, step ${step}, ${JSON.stringify(control.value)}`
      const ends = [next(control.value.length + 1), next(control.value.length + 1)].map((at) => whole(control.value, at)).sort((one, other) => one - other)
      control.selectionStart = ends[0]
      control.selectionEnd = next(2) === 0 ? ends[1] : ends[0]
      const before = parts(control)
      colleague.does((text) => {
        for (let each = 0; each <= next(3); each++) somethingRandom(next, letters, text)
      })
      assert.equal(control.value, words(), story)
      assertSameSelection(before, control, story)
      if (next(2) === 0) control.write(next(4) === 0 ? "" : letters(1 + next(2)))
      assert.equal(control.value, words(), story)
      colleague.hears()
      assert.equal(colleague.text.toString(), words(), story)
    }
    section.close()
  }
})

test("whatever the others do on both sides of a composition, its word stays whole and the caret behind it", async () => {
  for (let seed = 1; seed <= 300; seed++) {
    const next = random(seed)
    const letters = alphabet(next)
    const { control, colleague } = aPage(letters(2 + next(12)))
    for (let round = 0; round < 4; round++) {
      const story = `seed ${seed}, round ${round}, ${JSON.stringify(control.value)}`
      control.selectionStart = control.selectionEnd = whole(control.value, next(control.value.length + 1))
      const word = letters(1 + next(4))
      const stages = Array.from({ length: 1 + next(4) }, () => letters(1 + next(3)))
      const left = control.value.slice(0, control.selectionStart)
      const right = control.value.slice(control.selectionStart)

      compose(control, [...stages, word], () => {
        const shown = control.value
        colleague.does((text) => {
          for (let each = 0; each <= next(3); each++) somethingRandom(next, letters, text)
        })
        assert.equal(control.value, shown, `nothing moves under a composition: ${story}`)
      })
      if (next(2) === 0) colleague.hears()
      await nextTask()

      assert.equal(control.value, words(), story)
      const at = control.value.indexOf(word)
      assert.ok(at >= 0, `the word is there, whole: ${story}`)
      assert.deepEqual([control.selectionStart, control.selectionEnd], [at + word.length, at + word.length], story)
      for (const stage of stages) for (const letter of stage) assert.ok(!control.value.includes(letter), story)
      for (const letter of control.value.slice(0, at)) assert.ok(!right.includes(letter), story)
      for (const letter of control.value.slice(at + word.length)) assert.ok(!left.includes(letter), story)
      colleague.hears()
      assert.equal(colleague.text.toString(), words(), story)
    }
    section.close()
  }
})
