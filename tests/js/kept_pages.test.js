/** A page kept on a device: sealed under its own key, opened in its time, gone with its key afterwards. */
import "fake-indexeddb/auto"
import assert from "node:assert/strict"
import test from "node:test"
import { forgetPage, keepPage, keptPages, openPage } from "../../static/src/kept_pages.js"

const HTML = '<p id="kept-at" hidden>This is from Friday.</p><p>furosemide 80 mg</p>'
const HOUR = 3_600_000
/** @param {string} address */
const told = (address, kept = 0) => ({ address, mark: "emily.s1", hours: 24, kept, headers: { "content-type": "text/html" }, files: [] })

test("a page opens with its date and its headers; what lies on the device is sealed, and its key stays in the browser", async () => {
  await keepPage(told("/a"), HTML)
  const opened = await openPage("/a", HOUR)

  assert.equal(opened?.html, HTML.replace(" hidden", ""))
  assert.deepEqual(opened?.headers, { "content-type": "text/html" })
  const [row] = await keptPages()
  assert.ok(row && !new TextDecoder().decode(row.sealed).includes("furosemide"))
  assert.equal(row.key.extractable, false)
  await assert.rejects(crypto.subtle.exportKey("raw", row.key))
})

test("a page that is kept anew has another key, and the old one is gone", async () => {
  await keepPage(told("/a"), HTML)
  const [before] = await keptPages()
  await keepPage(told("/a", 1), HTML)
  const [after] = await keptPages()

  assert.ok(before && after)
  await assert.rejects(crypto.subtle.decrypt({ name: "AES-GCM", iv: after.iv }, before.key, after.sealed))
})

test("what is too old does not open, and is deleted with its key", async () => {
  await keepPage(told("/old"), HTML)

  assert.equal(await openPage("/old", 24 * HOUR), null)
  assert.ok((await keptPages()).every(({ address }) => address !== "/old"))
})

test("a page without its date is not opened", async () => {
  await keepPage(told("/undated"), "<p>furosemide 80 mg</p>")

  assert.equal(await openPage("/undated", HOUR), null)
})

test("what is forgotten is gone, and nothing else", async () => {
  await keepPage(told("/a"), HTML)
  await keepPage(told("/b"), HTML)
  await forgetPage("/a")

  assert.equal(await openPage("/a", HOUR), null)
  assert.ok(await openPage("/b", HOUR))
})
