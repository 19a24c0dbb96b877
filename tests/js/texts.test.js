import assert from "node:assert/strict"
import { test } from "node:test"
import { clean, difference, faultOfText } from "../../static/src/texts.js"
import { random } from "./randomness.js"

const LETTERS = ["a", "b", "é", "e\u0301", "😀", "😃", "👩‍⚕️", "\n"]

const words = (next, length) => Array.from({ length: next(length) }, () => LETTERS[next(LETTERS.length)]).join("")

const spliced = (text, { index, remove, insert }) => text.slice(0, index) + insert + text.slice(index + remove)

const wellFormed = (text) => !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)

test("a difference turns the one text into the other, and no splice parts a surrogate pair", () => {
  const next = random(1)
  for (let round = 0; round < 20_000; round++) {
    const before = words(next, 8)
    const after = words(next, 8)
    const splice = difference(before, after, next(after.length + 1))
    if (splice === null) {
      assert.equal(before, after)
      continue
    }
    assert.equal(spliced(before, splice), after)
    assert.ok(wellFormed(splice.insert) && wellFormed(before.slice(splice.index, splice.index + splice.remove)))
  }
})

test("one emoji that becomes another of the same first half is replaced whole", () => {
  assert.deepEqual(difference("😀", "😃"), { index: 0, remove: 2, insert: "😃" })
})

test("a letter typed among equal ones is put where the caret is", () => {
  assert.deepEqual(difference("aa", "aaa", 1), { index: 0, remove: 0, insert: "a" })
  assert.deepEqual(difference("aa", "aaa", 2), { index: 1, remove: 0, insert: "a" })
  assert.deepEqual(difference("aa", "aaa", 3), { index: 2, remove: 0, insert: "a" })
})

test("half pairs, replacement characters and carriage returns never leave the page", () => {
  assert.equal(clean("a\ud83db\udc00c\ufffdd\r\ne\0😀"), "abcd\ne😀")
})

test("a text is too long only above twenty thousand characters, emoji counted once", () => {
  assert.equal(faultOfText("😀".repeat(20_000)), "")
  assert.match(faultOfText("a".repeat(20_001)), /over 20,000 characters. Split it/)
})
