/** What a page says to the workers that keep pages of those at home on this device (static/src/offline_worker.js). */

/** @type {ServiceWorker[]} */
let workers = []

/** Know those there are: what is said while the page goes away must not wait for the browser. */
export async function findWorkers() {
  const registrations = (await navigator.serviceWorker?.getRegistrations().catch(() => [])) ?? []
  workers = registrations.flatMap(({ installing, waiting, active }) => [installing, waiting, active].flatMap((worker) => worker ?? []))
}

/** @param {import("./offline_worker.js").Said} said */
export function tellWorkers(said) {
  const own = navigator.serviceWorker?.controller // On the first page that has one it came after they were looked for.
  for (const worker of new Set(own ? [...workers, own] : workers)) worker.postMessage(said)
}
