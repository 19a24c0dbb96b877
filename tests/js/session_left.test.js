/** When a page looks how long its session lasts: two minutes before the end, then often, and never too far ahead. */
import assert from "node:assert/strict"
import test from "node:test"
import { WARNED_SECONDS, lookAgainMs } from "../../static/src/session_left.js"

test("a page looks again when two minutes are left", () => {
  assert.equal(lookAgainMs(15 * 60), 780_500)
  assert.equal(lookAgainMs(WARNED_SECONDS + 1), 1_500)
})

test("within the last two minutes it looks every quarter of a minute: edits keep a session too", () => {
  for (const seconds of [WARNED_SECONDS, 60, 1, 0]) assert.equal(lookAgainMs(seconds), 15_000)
})

test("a timer never overflows, which would fire at once", () => {
  assert.ok(lookAgainMs(10 ** 9) < 2 ** 31)
})
