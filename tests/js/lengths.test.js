import assert from "node:assert/strict"
import { test } from "node:test"
import { faultOfLength } from "../../static/src/lengths.js"

test("characters are counted as the hub counts them", () => {
  assert.equal(faultOfLength("😀".repeat(500), 500), "")
  assert.match(faultOfLength("😀".repeat(501), 500), /501 characters; 500 fit/)
  assert.equal(faultOfLength("x".repeat(100_001), Infinity), "")
})
