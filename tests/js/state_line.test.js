import assert from "node:assert/strict"
import { test } from "node:test"
import { GAP_SHOWN_MS, START, after, wording } from "../../static/src/state_line.js"

const NOON = new Date(2026, 10, 21, 12, 0).getTime()
const line = (...happenings) => happenings.reduce((state, [happening, at]) => after(state, happening, NOON + (at ?? 0)), START)

test("saved is said only after the hub acknowledged", () => {
  const typing = line([{ kind: "connected" }], [{ kind: "unsent", count: 1 }])
  assert.equal(wording(typing, NOON).state, "saving")
  assert.deepEqual(wording(after(typing, { kind: "saved" }, NOON), NOON), { state: "live", words: "Live, saved at 12:00", again: null })
})

test("a short gap is never shown, a longer one from the moment it began", () => {
  const lost = line([{ kind: "connected" }], [{ kind: "lost" }])
  assert.equal(wording(lost, NOON + 2_000).state, "live")
  assert.equal(wording(lost, NOON + 2_000).again, NOON + GAP_SHOWN_MS)
  assert.match(wording(lost, NOON + GAP_SHOWN_MS).words, /^Offline since 12:00\./)
})

test("failing to come back doesn't start the gap anew", () => {
  assert.equal(line([{ kind: "connected" }], [{ kind: "lost" }], [{ kind: "lost" }, 3_000]).lost, NOON)
})

test("offline tells how many edits wait", () => {
  const lost = line([{ kind: "connected" }], [{ kind: "lost" }], [{ kind: "unsent", count: 3 }])
  assert.match(wording(lost, NOON + 5_000).words, /3 edits not sent/)
})

test("storage away is never called saved", () => {
  const away = line([{ kind: "connected" }], [{ kind: "unsent", count: 1 }], [{ kind: "storage", away: true }])
  assert.equal(wording(away, NOON).state, "trouble")
  assert.match(wording(away, NOON).words, /Not saved/)
})

test("whether the storage is away is forgotten with the line: the next one says it anew", () => {
  const back = line([{ kind: "connected" }], [{ kind: "storage", away: true }], [{ kind: "lost" }], [{ kind: "connected" }])
  assert.equal(wording(back, NOON).state, "live")
  assert.equal(wording(after(back, { kind: "storage", away: true }, NOON), NOON).state, "trouble")
})

test("a refusal stays until the next edit is through or it is put away", () => {
  const refused = line([{ kind: "connected" }], [{ kind: "refused", reason: "Only clinicians can change Medicines." }])
  assert.equal(wording(refused, NOON).words, "Not saved: Only clinicians can change Medicines.")
  assert.equal(wording(after(refused, { kind: "noticed" }, NOON), NOON).state, "live")
  assert.equal(wording(after(refused, { kind: "saved" }, NOON), NOON).state, "live")
})

test("ended goes before everything", () => {
  assert.equal(wording(line([{ kind: "ended", reason: "Your access ended at 08:31." }], [{ kind: "connected" }]), NOON).state, "ended")
})

test("signed out keeps the edits and says so", () => {
  const out = line([{ kind: "connected" }], [{ kind: "unsent", count: 1 }], [{ kind: "signed out" }])
  assert.match(wording(out, NOON).words, /1 edit kept in this page/)
})
