/**
 * The service worker of the pages of those at home. It keeps the page whose answer asks for it, with the files that this
 * page names, opens it where nobody answers, and forgets it when its person may not have it any more. It touches nothing
 * else: no other page, no part of one, nothing that is sent.
 */
import { personOf } from "./belonging.js"
import { forgetPage, keepPage, keptPages, openPage } from "./kept_pages.js"
import { NETWORK_MS_MAX, filesIn, heeding, isAway, isFile, isHome, markIn } from "./page_keeping.js"

/** @typedef {{ kind: "renew", address: string, mark: string } | { kind: "owner", person: string } | { kind: "doubt" } | { kind: "forget", address?: string, mark?: string }} Said what pages say to their worker */

const FILES = "careplan-files"
/** @type {{ skipWaiting: () => Promise<void>, clients: { claim: () => Promise<void> } }} */
const worker = /** @type {any} */ (globalThis)

/** One thing after the other: what is kept and the files it needs are changed together. @type {Promise<unknown>} */
let turn = Promise.resolve()

/** What was forgotten since this worker began: an answer that was asked for before does not bring it back. @type {((page: { address: string, mark: string }) => boolean)[]} */
const forgotten = []
/** Sign-ins that were ended here: nothing of them is kept again. @type {Set<string>} */
const over = new Set()
/** How often it was doubted since this worker began that what is kept may stay: what was asked for before is doubted, too. */
let doubts = 0

/** @template T @param {() => Promise<T>} act @returns {Promise<T>} */
function inTurn(act) {
  const done = turn.then(act)
  turn = done.catch(() => {})
  return done
}

addEventListener("install", () => void worker.skipWaiting())
addEventListener("activate", (event) => /** @type {ExtendableEvent} */ (event).waitUntil(worker.clients.claim()))

addEventListener("fetch", (event) => {
  const asked = /** @type {FetchEvent} */ (event)
  const { request } = asked
  const url = new URL(request.url)
  if (request.method !== "GET" || url.origin !== location.origin) return
  if (request.mode === "navigate" && isHome(url.pathname)) {
    const answered = fetch(request)
    const before = soFar()
    asked.waitUntil(answered.then((answer) => heed(url, answer.clone(), before), () => {}))
    asked.respondWith(shown(url.pathname, answered))
  } else if (isFile(url.pathname)) asked.respondWith(caches.match(request).then((file) => file ?? fetch(request)))
})

addEventListener("message", (event) => {
  const told = /** @type {ExtendableMessageEvent} */ (/** @type {unknown} */ (event))
  told.waitUntil(heard(/** @type {Said} */ (told.data)).catch(() => {})) // The network is away: there will be another time.
})

/** @param {Said} said */
async function heard(said) {
  if (said.kind === "renew") {
    const url = new URL(said.address, location.origin)
    const before = soFar()
    await heed(url, await fetch(url, { headers: { "page-of": said.mark, "HX-Request": "true" }, redirect: "manual" }), before)
  } else if (said.kind === "owner") await inTurn(() => forget(({ mark }) => personOf(mark) !== said.person))
  else if (said.kind === "forget") {
    if (said.mark) over.add(said.mark)
    await inTurn(() => forget(({ address }) => !said.address || address === said.address))
  } else {
    doubts++
    await doubt(() => true)
  }
}

/** @typedef {{ forgotten: number, doubts: number }} SoFar what had been said when a page was asked for */
/** @returns {SoFar} */
const soFar = () => ({ forgotten: forgotten.length, doubts })

/** The hub's answer, or the kept page where there is none in time. @param {string} path @param {Promise<Response>} answered @returns {Promise<Response>} */
async function shown(path, answered) {
  const late = new Promise((resolve) => setTimeout(resolve, NETWORK_MS_MAX, null))
  const first = await Promise.race([answered.catch(() => null), late])
  if (first instanceof Response && !isAway(first.status)) return first
  const kept = await openPage(path, Date.now()).catch(() => null)
  if (kept) return new Response(kept.html, { headers: kept.headers })
  return answered.catch(() => new Response(NOTHING, { status: 503, headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'" } }))
}

/** Do with what is kept of an address as the hub's answer says. @param {URL} url @param {Response} answer @param {SoFar} before */
async function heed(url, answer, before) {
  const hours = Number(answer.headers.get("offline-hours") ?? 0)
  const what = heeding({ type: answer.type, status: answer.status, hours, plain: !url.search })
  const here = (/** @type {{ address: string }} */ { address }) => address === url.pathname
  if (what === "keep") {
    await inTurn(() => keep(url.pathname, hours, answer, before.forgotten))
    if (doubts > before.doubts) await doubt(here)
  } else if (what === "forget") await inTurn(() => forget(here))
  else if (what === "doubt") await doubt(here)
}

/** The page and every file it names, or nothing: an old page never meets new files. @param {string} address @param {number} hours @param {Response} answer @param {number} before */
async function keep(address, hours, answer, before) {
  const kept = Date.now()
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => !["content-encoding", "content-length", "date"].includes(name)))
  const html = await answer.text()
  const mark = markIn(html)
  if (!mark || over.has(mark) || forgotten.slice(before).some((which) => which({ address, mark }))) return
  const files = filesIn(html)
  const cache = await caches.open(FILES)
  for (const file of files) if (!(await cache.match(file))) await cache.add(file)
  await keepPage({ address, mark, hours, kept, headers, files }, html)
  await tidy()
}

/** @param {(page: { address: string, mark: string }) => boolean} which */
async function forget(which) {
  forgotten.push(which)
  for (const page of (await keptPages()).filter(which)) await forgetPage(page.address)
  await tidy()
}

/** Files that no kept page names go. */
async function tidy() {
  const wanted = new Set((await keptPages()).flatMap(({ files }) => files))
  const cache = await caches.open(FILES)
  for (const { url } of await cache.keys()) if (!wanted.has(new URL(url).pathname)) await cache.delete(url)
}

/** Ask the hub whether what is kept may stay: whose sign-in somebody ended, or whose part in the plan, has no page here. @param {(page: { address: string }) => boolean} which */
async function doubt(which) {
  for (const { address, mark } of (await keptPages()).filter(which)) {
    const plan = address.split("/")[2] ?? ""
    const answer = await fetch(`/sessions/stays?plan=${plan}`, { headers: { "page-of": mark, "HX-Request": "true" } })
    const stays = answer.ok ? (await answer.json()).stays : answer.status !== 409 // Someone else is signed in.
    if (!stays) await inTurn(() => forget((page) => page.address === address && page.mark === mark))
  }
}

/** Where nothing is kept: no language is known here, so both are said. */
const NOTHING = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>No connection</title></head><body>
<h1>No connection</h1><p>This page is not on this device: it was too old, or was not kept here. Try again where there is a connection. In an emergency, call your emergency number.</p>
<div lang="es"><h1>Sin conexión</h1><p>Esta página no está en este dispositivo: era demasiado antigua o no se guardó aquí. Inténtelo de nuevo donde haya conexión. En una emergencia, llame a su número de emergencias.</p></div>
</body></html>`
