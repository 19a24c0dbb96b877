import assert from "node:assert/strict"
import { test } from "node:test"
import { faultOfShown, instantsOf, shownOfValue, valueOfShown } from "../../static/src/values.js"
import { differs } from "../../static/src/zones.js"

const ZONES = ["Pacific/Honolulu", "America/New_York", "America/St_Johns", "UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati"]

test("a control shows an instant by the plan's clock, and what stands in it means that clock, whatever the browser's is", () => {
  assert.equal(shownOfValue("instant", "2026-11-21T13:21:40Z", "America/New_York"), "2026-11-21T08:21")
  assert.equal(valueOfShown("instant", "2026-11-21T08:21", "America/New_York"), "2026-11-21T13:21:00Z")
  assert.equal(valueOfShown("instant", "2026-11-21T08:21", "Pacific/Kiritimati"), "2026-11-20T18:21:00Z")
  assert.equal(valueOfShown("instant", "2026-11-21T00:00", "Pacific/Honolulu"), "2026-11-21T10:00:00Z")
})

test("every minute around each change of the clocks of a year is shown and meant alike", () => {
  for (const zone of ZONES) {
    for (let instant = Date.UTC(2026, 0, 1); instant < Date.UTC(2027, 0, 1); instant += 1_000 * 60 * 617) {
      const shown = shownOfValue("instant", new Date(instant).toISOString(), zone)
      assert.ok(instantsOf(shown, zone).includes(instant), `${zone} ${shown}`)
    }
  }
})

test("a time that the clock jumps over is none, and one that comes twice is not guessed", () => {
  assert.deepEqual(instantsOf("2026-03-08T02:30", "America/New_York"), [])
  assert.match(faultOfShown("instant", "2026-03-08T02:30", false, "America/New_York"), /no such time/)
  assert.equal(instantsOf("2026-11-01T01:30", "America/New_York").length, 2)
  assert.match(faultOfShown("instant", "2026-11-01T01:30", false, "America/New_York"), /comes twice/)
  assert.equal(instantsOf("2026-04-05T01:45", "Australia/Lord_Howe").length, 2)
  assert.equal(faultOfShown("instant", "2026-11-01T02:00", false, "America/New_York"), "")
  assert.equal(faultOfShown("instant", "yesterday", false, "America/New_York"), "Enter a date and time.")
})

test("a page says whose clock it tells only to who reads it by another", () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone
  assert.ok(!differs(here, Date.UTC(2026, 6, 1)))
  assert.ok(differs("Pacific/Honolulu", Date.UTC(2026, 6, 1)) || differs("Europe/Berlin", Date.UTC(2026, 6, 1)))
})
