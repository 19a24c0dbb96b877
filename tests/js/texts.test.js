import assert from "node:assert/strict"
import { test } from "node:test"
import { clean, difference, faultOfText, moved, rebased, spliced } from "../../static/src/texts.js"

/** A seeded generator, so that a failure can be seen again. */
function random(seed) {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state % bound
  }
}

const LETTERS = ["a", "b", "é", "e\u0301", "😀", "😃", "👩‍⚕️", "\n"]

const words = (next, length) => Array.from({ length: next(length) }, () => LETTERS[next(LETTERS.length)]).join("")

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

test("typing on one end and theirs on the other both survive", () => {
  const mine = rebased("walk daily", "walk slowly daily", "Please walk daily")
  assert.equal(spliced("Please walk daily", mine), "Please walk slowly daily")
})

test("two who type at the same place both keep their words", () => {
  assert.equal(spliced("abXc", rebased("abc", "abYc", "abXc")), "abXYc")
})

test("carried over another's splice, nothing of theirs is ever removed", () => {
  const next = random(2)
  for (let round = 0; round < 20_000; round++) {
    const base = "abcdefgh".slice(0, next(9))
    const start = next(base.length + 1)
    const theirs = base.slice(0, start) + "XYZ".slice(0, next(4)) + base.slice(start + next(base.length - start + 1))
    const from = next(base.length + 1)
    const mine = base.slice(0, from) + "12".slice(0, next(3)) + base.slice(from + next(base.length - from + 1))
    const splice = rebased(base, mine, theirs)
    const merged = splice ? spliced(theirs, splice) : theirs
    for (const letter of [...theirs].filter((each) => !base.includes(each))) assert.ok(merged.includes(letter), `${base} ${mine} ${theirs} -> ${merged}`)
    for (const letter of [...mine].filter((each) => !base.includes(each))) assert.ok(merged.includes(letter), `${base} ${mine} ${theirs} -> ${merged}`)
  }
})

test("an offset moves with what is inserted and removed before it", () => {
  assert.equal(moved(5, { index: 0, remove: 0, insert: "ab" }), 7)
  assert.equal(moved(5, { index: 2, remove: 2, insert: "" }), 3)
  assert.equal(moved(5, { index: 4, remove: 3, insert: "x" }), 5)
  assert.equal(moved(5, { index: 5, remove: 0, insert: "x" }), 5)
})

test("half pairs, replacement characters and carriage returns never leave the page", () => {
  assert.equal(clean("a\ud83db\udc00c\ufffdd\r\ne\0😀"), "abcd\ne😀")
})

test("a text is too long only above twenty thousand characters, emoji counted once", () => {
  assert.equal(faultOfText("😀".repeat(20_000)), "")
  assert.match(faultOfText("a".repeat(20_001)), /over 20,000 characters. Split it/)
})
