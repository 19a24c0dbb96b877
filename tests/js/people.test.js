import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { HUES, hueOf, initialsOf, peopleIn, readPresence } from "../../static/src/people.js"

const presence = (person, name) => ({ person, name, role: "specialist", field: null, draft: null, caret: null })

test("a person with three pages open is one person", () => {
  const people = peopleIn([presence("b", "Ana Ruiz"), presence("a", "Mei Lee"), presence("b", "Ana Ruiz")], "")
  assert.deepEqual(people.map(({ name }) => name), ["Ana Ruiz", "Mei Lee"])
})

test("I am not among the others", () => {
  assert.deepEqual(peopleIn([presence("a", "Mei Lee")], "a"), [])
})

test("a hue is one of those there are, and the same everywhere", () => {
  for (let index = 0; index < 500; index++) assert.ok(hueOf(`person-${index}`) >= 1 && hueOf(`person-${index}`) <= HUES)
  assert.equal(hueOf("0190"), hueOf("0190"))
})

test("initials leave titles out", () => {
  assert.equal(initialsOf("Dr. Mei Lee"), "ML")
  assert.equal(initialsOf("Ana"), "A")
  assert.equal(initialsOf("Åsa von Öst"), "ÅÖ")
  assert.equal(initialsOf("👩‍⚕️"), "👩")
})

test("what is no presence of a signed person is nobody", () => {
  for (const state of [null, "x", {}, { person: 1, name: "x" }]) assert.equal(readPresence(state), null)
  assert.equal(readPresence({ person: "a", name: "A", role: "primary_care", field: 3 })?.field, null)
})

test("the page gives a person the colour that the hub gives them", () => {
  const hues = JSON.parse(readFileSync(new URL("../vectors/hues.json", import.meta.url), "utf-8"))
  assert.ok(Object.keys(hues).length > 0)
  for (const [person, hue] of Object.entries(hues)) assert.equal(hueOf(person), hue)
})
