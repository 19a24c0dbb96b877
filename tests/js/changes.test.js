import assert from "node:assert/strict"
import { test } from "node:test"
import { carried, changeIn, changeOf, comparison, splicesOf } from "../../static/src/changes.js"
import { random } from "./randomness.js"

const spliced = (text, { index, remove, insert }) => text.slice(0, index) + insert + text.slice(index + remove)
const applied = (text, change) => splicesOf(change).reduce(spliced, text)

/** A change of a text with letters that stand nowhere else, so that each can be followed. */
function aChange(next, text, letters) {
  const change = []
  let left = text.length
  while (left > 0 && change.length < 8) {
    const count = 1 + next(left)
    const step = [{ retain: count }, { delete: count }, { insert: letters() }][next(3)]
    if (step.insert === undefined) left -= count
    change.push(step)
  }
  if (next(3) === 0) change.push(...(left > 0 ? [{ retain: left }] : []), { insert: letters() })
  return change
}

test("two changes of one text come to the same whichever is carried over the other", () => {
  const next = random(1)
  let letter = 0x4e00
  const letters = () => String.fromCharCode(...Array.from({ length: 1 + next(3) }, () => letter++))
  for (let round = 0; round < 20_000; round++) {
    letter = 0x4e00
    const base = "abcdefgh".slice(0, next(9))
    const [mine, theirs] = [aChange(next, base, letters), aChange(next, base, letters)]

    const one = applied(applied(base, theirs), carried(mine, theirs, true))
    const other = applied(applied(base, mine), carried(theirs, mine, false))

    assert.equal(one, other)
    for (const { insert = "" } of [...mine, ...theirs]) assert.ok(one.includes(insert), `${insert} of ${JSON.stringify([mine, theirs])} in ${one}`)
  }
})

test("what somebody typed in the middle of what I removed stays", () => {
  const mine = changeOf({ index: 1, remove: 4, insert: "X" })
  const theirs = changeOf({ index: 3, remove: 0, insert: "new" })

  assert.equal(applied(applied("abcdef", theirs), carried(mine, theirs, true)), "aXnewf")
})

test("two who type at one place both keep their words, those that were in the plan first", () => {
  const [mine, theirs] = [changeOf({ index: 2, remove: 0, insert: "Y" }), changeOf({ index: 2, remove: 0, insert: "X" })]

  assert.equal(applied(applied("abc", theirs), carried(mine, theirs, true)), "abXYc")
})

test("a comparison turns the one text into the other", () => {
  const next = random(2)
  const words = () => Array.from({ length: next(12) }, () => ["a", "bb", "😀", "ccc", " ", "\n", "  "][next(7)]).join("")
  for (let round = 0; round < 5_000; round++) {
    const [before, after] = [words(), words()]
    assert.equal(applied(before, comparison(before, after)), after)
  }
})

test("words added at both ends are two insertions, and what stands between them is left alone", () => {
  assert.deepEqual(comparison("walk twice daily", "Please walk twice daily, slowly"), [
    { insert: "Please " }, { retain: "walk twice ".length }, { insert: "daily, slowly" }, { delete: "daily".length },
  ])
})

test("texts without a word in common are replaced whole, however long they are", () => {
  const before = "one ".repeat(3_000)
  const after = "two ".repeat(3_000)

  assert.equal(applied(before, comparison(before, after)), after)
})

test("a change that holds more than words is not taken for one", () => {
  assert.equal(changeIn([{ insert: { image: "x" } }]), null)
  assert.equal(changeIn(null), null)
  assert.deepEqual(changeIn([{ retain: 2 }, { delete: 1 }, { insert: "x" }]), [{ retain: 2 }, { delete: 1 }, { insert: "x" }])
})
