import assert from "node:assert/strict"
import { test } from "node:test"
import { QUIET_MS, Announcer, joined } from "../../static/src/announcements.js"
import { closingOf } from "../../static/src/closings.js"
import { readNotice } from "../../static/src/notices.js"
import { delayBefore } from "../../static/src/lines.js"
import { readPath } from "../../static/src/paths.js"
import { OwnEdits } from "../../static/src/undo.js"

test("what is no notice is ignored, also when it is no JSON", () => {
  for (const payload of ["", "nonsense", "null", "3", '{"kind":"later"}']) assert.equal(readNotice(payload), null)
})

test("a notice with wrong parts is read as far as it goes", () => {
  assert.deepEqual(readNotice('{"kind":"changed","section":"goals","entries":[1,"a"],"by":7}'), { kind: "changed", section: "goals", entries: ["a"], structure: true, by: "" })
})

test("three close codes are for good, and one says that something was too large", () => {
  assert.deepEqual([4401, 4403, 4404, 1009, 1012, 1013, 4503, 4400, 1006, undefined].map(closingOf), ["sign in", "ended", "none", "too large", "retry", "retry", "retry", "retry", "retry", "retry"])
})

test("a path has three parts", () => {
  assert.deepEqual(readPath("goals/e1/due"), { section: "goals", entry: "e1", field: "due" })
  for (const words of ["", "goals", "goals/e1", "goals//due", "a/b/c/d"]) assert.equal(readPath(words), null)
})

test("reconnecting slows down, and not everyone comes at once", () => {
  assert.deepEqual([0, 1, 2, 10].map((attempt) => delayBefore(attempt, 0)), [250, 500, 1_000, 4_000])
  assert.notEqual(delayBefore(3, 0.1), delayBefore(3, 0.9))
})

test("many changes are told as one message", () => {
  assert.equal(joined(["A.", "A."]), "A.")
  assert.equal(joined(["A.", "B.", "C."]), "C. And 2 other changes.")
})

test("at most one message is said in five seconds", ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] })
  const said = []
  const announcer = new Announcer((words) => said.push([Date.now(), words]), () => Date.now())

  announcer.say("Ana is here.")
  mock.timers.tick(1_000)
  announcer.say("Ana changed Goals.")
  mock.timers.tick(QUIET_MS)

  assert.equal(said.length, 2)
  assert.ok(said[1][0] - said[0][0] >= QUIET_MS)
})

test("undo takes back the last of my own edits, typing of one burst in one step", () => {
  let now = 0
  const done = []
  const edits = new OwnEdits(() => now)
  const goals = {}
  const tasks = {}
  for (const [section, name] of [[goals, "dose"], [goals, "note"], [goals, "note"], [tasks, "due"]]) {
    edits.add(section, () => done.push(name), name === "note" ? name : "")
    now += 100
  }

  assert.ok(edits.undo() && edits.undo() && edits.undo())
  assert.deepEqual(done, ["due", "note", "dose"])
  assert.equal(edits.undo(), false)
})

test("a section that begins anew has nothing to undo", () => {
  const edits = new OwnEdits(() => 0)
  const goals = {}
  edits.add(goals, () => assert.fail("undone in a document that is gone"))
  edits.forget(goals)
  assert.equal(edits.undo(), false)
})
