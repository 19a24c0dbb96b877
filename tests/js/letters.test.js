/** What was typed without a network: kept for its person alone, through a restart, sent in order and no more often than needed. */
import "fake-indexeddb/auto"
import assert from "node:assert/strict"
import test from "node:test"
import { KEPT_MS_MAX, Letters, sendInOrder } from "../../static/src/letters.js"

const KEY = "ab".repeat(32)
const OTHER = "cd".repeat(32)
let number = 0

/** @param {string} words */
const aLetter = (words, typed = Date.now()) => ({ address: "/plans/p/family/notes", body: /** @type {[string, string][]} */ ([["words", words], ["_page", "p.s/key"]]), section: "caregiver_log", words, typed })
const aDevice = () => `letters-${(number += 1)}`
const wordsOf = async (/** @type {Letters} */ letters) => (await letters.all()).map(({ words }) => words)

test("what was added stands there in its order, also for a page that was opened later", async () => {
  const device = aDevice()
  const letters = new Letters("emily", KEY, device)
  await Promise.all(["one", "two", "three"].map((words) => letters.add(aLetter(words))))

  assert.deepEqual(await wordsOf(new Letters("emily", KEY, device)), ["one", "two", "three"])
  assert.equal(letters.held, 0)
})

test("another person, or the same name with another key, reads none of it and takes none of it away", async () => {
  const device = aDevice()
  await new Letters("emily", KEY, device).add(aLetter("mine"))

  assert.deepEqual(await wordsOf(new Letters("grace", OTHER, device)), [])
  assert.deepEqual(await wordsOf(new Letters("emily", OTHER, device)), [])
  assert.deepEqual(await wordsOf(new Letters("emily", KEY, device)), ["mine"])
})

test("nothing on the device can be read without the key", async () => {
  const device = aDevice()
  await new Letters("emily", KEY, device).add(aLetter("I shouted at him"))

  const rows = await new Promise((done) => {
    const asked = indexedDB.open(device)
    asked.onsuccess = () => {
      const all = asked.result.transaction("letters").objectStore("letters").getAll()
      all.onsuccess = () => done(all.result)
    }
  })
  assert.equal(rows.length, 1)
  assert.ok(!JSON.stringify(rows).includes("shouted"))
})

test("letters go in their order and stop at the first that can't go; what has gone is not sent again", async () => {
  const letters = new Letters("emily", KEY, aDevice())
  for (const words of ["one", "two", "three"]) await letters.add(aLetter(words))
  /** @type {string[]} */
  const sent = []
  let away = true
  const send = async (/** @type {{ words: string }} */ { words }) => {
    if (words === "two" && away) return /** @type {const} */ ("later")
    sent.push(words)
    return /** @type {const} */ ("sent")
  }

  await sendInOrder(letters, send)
  assert.deepEqual(sent, ["one"])
  away = false
  await sendInOrder(letters, send)
  assert.deepEqual(sent, ["one", "two", "three"])
  assert.deepEqual(await wordsOf(letters), [])
})

test("a page that ends before it knows sends the same letter again, under the same key and time", async () => {
  const device = aDevice()
  await new Letters("emily", KEY, device).add(aLetter("once"))
  /** @type {unknown[]} */
  const heard = []

  await assert.rejects(sendInOrder(new Letters("emily", KEY, device), async ({ body }) => {
    heard.push(body)
    throw new Error("the phone is switched off")
  }))
  await sendInOrder(new Letters("emily", KEY, device), async ({ body }) => {
    heard.push(body)
    return "sent"
  })
  assert.deepEqual(heard[0], heard[1])
})

test("what is refused keeps its words and why, holds up nothing, and is not sent again", async () => {
  const device = aDevice()
  const letters = new Letters("emily", KEY, device)
  for (const words of ["999", "72"]) await letters.add(aLetter(words))
  let asked = 0

  for (let time = 0; time < 2; time++) await sendInOrder(letters, async ({ words }) => {
    asked += 1
    return words === "999" ? { why: "999 can't be.", sure: false } : "sent"
  })
  assert.equal(asked, 2)
  const [kept, ...more] = await new Letters("emily", KEY, device).all()
  assert.equal(more.length, 0)
  assert.deepEqual([kept?.words, kept?.refused?.why], ["999", "999 can't be."])
})

test("where the device gives no room the words are held by the page, in their order", async () => {
  const letters = new Letters("emily", "no key", aDevice())
  for (const words of ["one", "two"]) await letters.add(aLetter(words))

  assert.equal(letters.held, 2)
  assert.deepEqual(await wordsOf(letters), ["one", "two"])
  await sendInOrder(letters, async ({ words }) => (words === "one" ? { why: "no", sure: false } : "sent"))
  assert.deepEqual((await letters.all()).map(({ words, refused }) => [words, refused?.why]), [["one", "no"]])
})

test("after thirty days words go, whoever typed them", async () => {
  const device = aDevice()
  await new Letters("emily", KEY, device).add(aLetter("old", 0))
  await new Letters("grace", OTHER, device).all(KEPT_MS_MAX)
  assert.deepEqual((await new Letters("emily", KEY, device).all(KEPT_MS_MAX)).length, 1)
  await new Letters("grace", OTHER, device).all(KEPT_MS_MAX + 1)
  assert.deepEqual((await new Letters("emily", KEY, device).all(0)).length, 0)
})
