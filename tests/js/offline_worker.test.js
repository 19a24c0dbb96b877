/** The worker that keeps pages: what it is told while an answer is on its way outweighs the answer. */
import "fake-indexeddb/auto"
import assert from "node:assert/strict"
import test, { beforeEach } from "node:test"
import { forgetPage, keptPages } from "../../static/src/kept_pages.js"

const PLAN = "/plans/0192b0de-0000-7000-8000-000000000001"
const HOME = `${PLAN}/family`
const EMILY = "emily.s1"

/** What the worker listens for. @type {Record<string, (event: any) => void>} */
const listens = {}
/** Signs-in that the hub knows of. */
const signedIn = new Set([EMILY])
/** Called before the hub's answer to a page's address arrives. */
let onItsWay = async () => {}

/** @param {string} mark */
const html = (mark) => `<meta name="page-of" content="${mark}"><p id="kept-at" hidden>This is from Friday.</p>`

/** The hub. @param {URL | string} asked @param {{ headers: Record<string, string> }} told */
async function hub(asked, { headers }) {
  const { pathname } = new URL(asked, "https://hub.example")
  const mark = headers["page-of"] ?? ""
  if (pathname === "/sessions/stays") return Response.json({ stays: signedIn.has(mark) })
  const answer = new Response(html(mark), { headers: { "offline-hours": "24" } })
  await onItsWay()
  return answer
}

Object.assign(globalThis, {
  location: new URL("https://hub.example/static/offline_worker.js"),
  caches: { open: async () => ({ keys: async () => [], match: async () => undefined, add: async () => {}, delete: async () => true }) },
  addEventListener: (/** @type {string} */ kind, /** @type {(event: any) => void} */ heard) => (listens[kind] = heard),
  fetch: hub,
})
await import("../../static/src/offline_worker.js")

/** @param {import("../../static/src/offline_worker.js").Said} said */
async function tell(said) {
  /** @type {Promise<unknown>} */
  let done = Promise.resolve()
  listens.message?.({ data: said, waitUntil: (/** @type {Promise<unknown>} */ until) => (done = until) })
  await done
}

const renew = (mark = EMILY) => tell({ kind: "renew", address: HOME, mark })
const marks = async () => (await keptPages()).map(({ mark }) => mark)

beforeEach(async () => {
  onItsWay = async () => {}
  for (const { address } of await keptPages()) await forgetPage(address)
})

test("a page whose answer asks for it is kept, and goes when it is to be forgotten", async () => {
  await renew()
  assert.deepEqual(await marks(), [EMILY])

  await tell({ kind: "forget", address: `${PLAN}/mine` })
  assert.deepEqual(await marks(), [EMILY])
  await tell({ kind: "forget", address: HOME })
  assert.deepEqual(await marks(), [])
})

test("an answer that was on its way when its page was forgotten does not bring it back; a later one does", async () => {
  onItsWay = () => tell({ kind: "forget", address: HOME })
  await renew()
  assert.deepEqual(await marks(), [])

  onItsWay = async () => {}
  await renew()
  assert.deepEqual(await marks(), [EMILY])
})

test("nothing of a sign-in that was ended here is kept again", async () => {
  signedIn.add("emily.s2")
  await tell({ kind: "forget", mark: "emily.s2" })
  await renew("emily.s2")
  assert.deepEqual(await marks(), [])
})

test("another person's page goes when its owner is named, also one that is on its way", async () => {
  onItsWay = () => tell({ kind: "owner", person: "mary" })
  await renew()
  assert.deepEqual(await marks(), [])
})

test("what is doubted while it is on its way is asked about once it is kept, and goes if its sign-in was ended", async () => {
  signedIn.add("emily.s3")
  onItsWay = async () => {
    signedIn.delete("emily.s3")
    await tell({ kind: "doubt" })
  }
  await renew("emily.s3")
  assert.deepEqual(await marks(), [])

  onItsWay = () => tell({ kind: "doubt" })
  await renew()
  assert.deepEqual(await marks(), [EMILY])
})
