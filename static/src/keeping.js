/**
 * Has this page kept on this device, to be opened without a network, and minds one that was (static/src/offline_worker.js).
 * It hears from the page's own script (static/src/family.js): `page:fresh` it shows what stands now, `page:changed` something
 * of it changed, `page:ended` its person may not have it any more.
 */
import { mark } from "./belonging.js"
import { localMinute } from "./values.js"
import { findWorkers, tellWorkers } from "./workers.js"

/** After a change the page is kept anew, at most so often; and while it is open, as the hub's word that it may stay. */
const AFTER_CHANGE_MS = 15_000
const AGAIN_MS = 30 * 60_000

/** @returns {boolean} whether what is seen was kept, and nobody has said yet what stands now */
const isOld = () => document.getElementById("kept-at")?.hidden === false

class Keeping {
  /** @type {ServiceWorkerRegistration | null} */
  #registration = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  #due = Infinity

  async start() {
    // What was said of today's doses is said of another day by now.
    const today = localMinute(Date.now(), document.body.dataset.zone ?? "UTC").slice(0, 10)
    document.body.toggleAttribute("data-day-over", isOld() && document.getElementById("kept-at")?.dataset.day !== today)
    document.addEventListener("page:fresh", () => this.#renew())
    document.addEventListener("page:changed", () => this.#in(AFTER_CHANGE_MS))
    document.addEventListener("page:ended", () => tellWorkers({ kind: "forget", address: location.pathname }))
    if (!("serviceWorker" in navigator)) return
    const offer = document.getElementById("offline")
    if (offer) offer.hidden = false
    this.#registration = await navigator.serviceWorker.ready
    await findWorkers()
    // A page that came through the worker was kept on its way.
    const [came] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"))
    if (isOld() || (came && came.workerStart > 0 && !location.search)) this.#in(AGAIN_MS)
    else this.#renew()
  }

  /** @param {number} ms */
  #in(ms) {
    if (!this.#registration || Date.now() + ms >= this.#due) return
    this.#due = Date.now() + ms
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#renew(), ms)
  }

  #renew() {
    this.#due = Infinity
    if (!document.documentElement.dataset.covered && !isOld()) this.#registration?.active?.postMessage({ kind: "renew", address: location.pathname, mark: mark() })
    this.#in(AGAIN_MS)
  }
}

/** @returns {Promise<void>} */
export const startKeeping = () => new Keeping().start()
