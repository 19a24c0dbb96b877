import assert from "node:assert/strict"
import { test } from "node:test"
import { GAP_SHOWN_MS, SAVING_MS_MAX, START, after, wording } from "../../static/src/state_line.js"

const NOON = new Date(2026, 10, 21, 12, 0).getTime()
const line = (...happenings) => happenings.reduce((state, [happening, at]) => after(state, happening, NOON + (at ?? 0)), START)

test("saved is said only after the hub acknowledged", () => {
  const typing = line([{ kind: "connected" }], [{ kind: "unsent", count: 1 }])
  assert.equal(wording(typing, NOON).state, "saving")
  assert.deepEqual(wording(after(typing, { kind: "saved" }, NOON), NOON), { state: "live", words: "Live, saved at 12:00", again: null })
})

test("a short gap is never shown, a longer one from the moment it began", () => {
  const lost = line([{ kind: "connected" }], [{ kind: "lost", since: NOON, cause: "closed" }])
  assert.equal(wording(lost, NOON + 2_000).state, "live")
  assert.equal(wording(lost, NOON + 2_000).again, NOON + GAP_SHOWN_MS)
  assert.match(wording(lost, NOON + GAP_SHOWN_MS).words, /^Offline since 12:00\./)
})

test("failing to come back doesn't start the gap anew", () => {
  assert.equal(line([{ kind: "connected" }], [{ kind: "lost", since: NOON, cause: "closed" }], [{ kind: "lost", since: NOON, cause: "closed" }, 3_000]).lost, NOON)
})

test("offline tells how many edits wait", () => {
  const lost = line([{ kind: "connected" }], [{ kind: "lost", since: NOON, cause: "closed" }], [{ kind: "unsent", count: 3 }])
  assert.match(wording(lost, NOON + 5_000).words, /3 edits not sent/)
})

test("storage away is never called saved", () => {
  const away = line([{ kind: "connected" }], [{ kind: "unsent", count: 1 }], [{ kind: "storage", away: true }])
  assert.equal(wording(away, NOON).state, "trouble")
  assert.match(wording(away, NOON).words, /Not saved/)
})

test("whether the storage is away is forgotten with the line: the next one says it anew", () => {
  const back = line([{ kind: "connected" }], [{ kind: "storage", away: true }], [{ kind: "lost", since: NOON, cause: "closed" }], [{ kind: "connected" }])
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

test("edits that nobody acknowledges are called not saved within five seconds, though the line looks fine", () => {
  const typing = line([{ kind: "connected" }], [{ kind: "unsent", count: 1 }], [{ kind: "unsent", count: 2 }, 3_000])
  assert.ok(SAVING_MS_MAX < 5_000)
  assert.deepEqual(wording(typing, NOON + 3_000), { state: "saving", words: "Saving", again: NOON + SAVING_MS_MAX })
  assert.deepEqual(wording(typing, NOON + SAVING_MS_MAX), {
    state: "trouble", words: "Not saved: the hub has not answered since 12:00. 2 edits kept in this page.", again: null,
  })
})

test("whoever types on a slow line is not called unsaved while acknowledgements keep coming", () => {
  const typing = line([{ kind: "connected" }], [{ kind: "unsent", count: 1 }], [{ kind: "acknowledged" }, 3_000], [{ kind: "unsent", count: 2 }, 3_100])
  assert.equal(wording(typing, NOON + SAVING_MS_MAX).state, "saving")
  assert.equal(wording(typing, NOON + 3_000 + SAVING_MS_MAX).state, "trouble")
})

test("edits that wait are called not saved also while the line comes and goes too fast to be called offline", () => {
  let flapping = line([{ kind: "connected" }], [{ kind: "unsent", count: 1 }])
  for (let second = 1; second <= 5; second++) {
    flapping = after(flapping, { kind: "lost", since: NOON + second * 1_000, cause: "closed" }, NOON + second * 1_000)
    flapping = after(flapping, { kind: "connected" }, NOON + second * 1_000 + 500)
  }
  assert.equal(wording(flapping, NOON + 5_600).state, "trouble")
})

test("a line that was silent is offline since it last spoke, and what is known of why is told", () => {
  const silent = line([{ kind: "connected" }], [{ kind: "lost", since: NOON, cause: "silence" }, 35_000])
  assert.match(wording(silent, NOON + 35_000).words, /^Offline since 12:00: the hub does not answer\. Keep working/)
  const blocked = line([{ kind: "lost", since: NOON, cause: "closed" }], [{ kind: "lost", since: NOON + 9_000, cause: "blocked" }, 9_000])
  assert.match(wording(blocked, NOON + 9_000).words, /^Offline since 12:00: the hub answers, but something on the way holds up live connections/)
  const away = line([{ kind: "lost", since: NOON, cause: "storage" }])
  assert.deepEqual(wording(away, NOON + 5_000).state, "trouble")
})
