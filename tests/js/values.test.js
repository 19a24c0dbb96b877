import assert from "node:assert/strict"
import { test } from "node:test"
import { dateInWords, faultOfShown, sameValue, shownOfValue, valueOfShown } from "../../static/src/values.js"

test("a number goes out as a number, cleared as nothing", () => {
  assert.equal(valueOfShown("number", " 12.5 "), 12.5)
  assert.equal(valueOfShown("number", ""), null)
  assert.equal(faultOfShown("number", "12 mg"), "Enter a number.")
})

test("a line loses what a one-line control can't hold", () => {
  assert.equal(valueOfShown("line", " 40\tmg "), "40 mg")
})

test("a line loses what can't be seen, and keeps what joins", () => {
  assert.equal(valueOfShown("line", "\u200b4\u202e0 mg\ufeff"), "40 mg")
  assert.equal(valueOfShown("line", "Kate\u200d"), "Kate")
  assert.equal(valueOfShown("line", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u{1f469}\u200d\u2695\ufe0f"), "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u{1f469}\u200d\u2695\ufe0f")
})

test("a required value can't be cleared, any other can", () => {
  assert.equal(faultOfShown("line", "  ", true), "This can't be empty.")
  assert.equal(faultOfShown("line", "  "), "")
  assert.equal(faultOfShown("date", ""), "")
})

test("each form refuses what the hub would refuse", () => {
  for (const [form, wrong, right] of [
    ["date", "21.11.2026", "2026-11-21"],
    ["date", "2026-13-01", "2026-12-01"],
    ["range", "..", "..130"],
    ["range", "60 until 80", "60..80"],
    ["range", "60-", "60 - 80"],
    ["phone", "call me", "555-0100"],
    ["language", "Spanish", "pt-BR"],
    ["line", "x".repeat(501), "x".repeat(500)],
  ]) {
    assert.notEqual(faultOfShown(form, wrong), "", `${form} ${wrong}`)
    assert.equal(faultOfShown(form, right), "", `${form} ${right}`)
  }
})

test("a range is held in one way, however people write it", () => {
  for (const written of ["60..80", "60-80", "60 \u2013 80", "60 to 80"]) {
    assert.equal(valueOfShown("range", written), "60..80", written)
  }
})

test("an instant survives the way through its control, to the minute and in UTC", () => {
  assert.equal(valueOfShown("instant", shownOfValue("instant", "2026-11-21T08:21:00Z")), "2026-11-21T08:21:00Z")
})

test("a date is read with its month in letters", () => {
  assert.equal(dateInWords("2026-11-21"), "21-Nov-2026")
  assert.equal(dateInWords("2026-11-21T08:21"), "21-Nov-2026 08:21")
  assert.equal(dateInWords(""), "")
})

test("a register is empty, however it was cleared", () => {
  assert.ok(sameValue(null, "") && sameValue(undefined, ""))
  assert.ok(!sameValue(0, "") && !sameValue("1", 1))
})
