/** Pages kept on this device: each sealed (AES-GCM) under a key of its own, which the browser uses and never hands out, and goes with it. */
import { openDB } from "idb"
import { dated, opens } from "./page_keeping.js"

/** @typedef {{ address: string, mark: string, hours: number, kept: number, headers: Record<string, string>, files: string[] }} Told */
/** @typedef {Told & { key: CryptoKey, iv: Uint8Array<ArrayBuffer>, sealed: ArrayBuffer }} KeptPage */

const PAGES = "pages"
const AES = "AES-GCM"

const database = () => openDB("careplan-pages", 1, { upgrade: (made) => void made.createObjectStore(PAGES, { keyPath: "address" }) })

/** In the place of what was kept of this address, with its key. @param {Told} told @param {string} html */
export async function keepPage(told, html) {
  const key = await crypto.subtle.generateKey({ name: AES, length: 256 }, false, ["encrypt", "decrypt"])
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const sealed = await crypto.subtle.encrypt({ name: AES, iv }, key, new TextEncoder().encode(html))
  const kept = await database()
  await kept.put(PAGES, { ...told, key, iv, sealed })
  kept.close()
}

/** @returns {Promise<KeptPage[]>} */
export async function keptPages() {
  const kept = await database()
  const pages = await kept.getAll(PAGES)
  kept.close()
  return pages
}

/** @param {string} address */
export async function forgetPage(address) {
  const kept = await database()
  await kept.delete(PAGES, address)
  kept.close()
}

/**
 * @param {string} address @param {number} now ms since 1970
 * @returns {Promise<{ html: string, headers: Record<string, string> } | null>} the page with its date; what is too old is deleted
 */
export async function openPage(address, now) {
  const page = (await keptPages()).find((each) => each.address === address)
  if (!page) return null
  const html = opens(page.kept, page.hours, now) ? dated(await unsealed(page)) : null
  if (html === null) await forgetPage(address)
  return html === null ? null : { html, headers: page.headers }
}

/** @param {KeptPage} page @returns {Promise<string>} */
async function unsealed({ key, iv, sealed }) {
  return new TextDecoder().decode(await crypto.subtle.decrypt({ name: AES, iv }, key, sealed))
}
