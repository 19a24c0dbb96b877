import assert from "node:assert/strict"
import { test } from "node:test"
import { deflateSync } from "node:zlib"
import { encode } from "../../static/src/frames.js"
import { Unpacking } from "../../static/src/packed.js"

/** @param {string} words */
const frame = (words) => encode({ document: "goals", kind: 5, payload: new TextEncoder().encode(words) })
const packed = (words) => encode({ document: "goals", kind: 32, payload: deflateSync(frame(words)) })

/** @param {number} count @returns {{ unpacking: Unpacking, told: string[], all: Promise<void> }} all: so many were told */
function unpackingOf(count) {
  const told = []
  let done = () => {}
  const all = new Promise((resolve) => (done = resolve))
  const unpacking = new Unpacking((bytes) => {
    told.push(new TextDecoder().decode(bytes).replace("goals", "").slice(2))
    if (told.length === count) done()
  })
  return { unpacking, told, all }
}

test("what is packed comes in its place, and what is behind it waits", async () => {
  const { unpacking, told, all } = unpackingOf(5)
  for (const each of [frame("1"), packed("2 ".repeat(9_000)), frame("3"), packed("4"), frame("5")]) unpacking.take(each)
  assert.deepEqual(told, ["1"])
  await all
  assert.deepEqual(told.map((each) => each[0]), ["1", "2", "3", "4", "5"])
})

test("what was under way on a lost line is told to nobody, and the next line begins anew", async () => {
  const { unpacking, told, all } = unpackingOf(1)
  unpacking.take(packed("old"))
  unpacking.take(frame("old too"))
  unpacking.forget()
  unpacking.take(packed("new"))
  await all
  assert.deepEqual(told, ["new"])
})

test("what follows from the end of a line waits for what came before it", async () => {
  const { unpacking, told } = unpackingOf(3)
  unpacking.afterwards(() => told.push("at once"))
  for (const each of [packed("1"), frame("2"), packed("3")]) unpacking.take(each)
  await new Promise((resolve) => unpacking.afterwards(() => resolve(told.push("end"))))
  assert.deepEqual(told, ["at once", "1", "2", "3", "end"])
})
