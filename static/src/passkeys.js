/**
 * Passkeys: made after coming in and on the page of one's sign-ins, used on the page of signing in. Hidden where the
 * browser has none. What is said stands on the element, in the page's own language: `data-done` (else the page goes on
 * to `data-next`, or is loaded anew) and `data-refused`.
 */
import { ask } from "./belonging.js"

/** @param {string} address @returns {Promise<Record<string, unknown>>} */
async function asked(address) {
  const answer = await ask(address)
  if (!answer.ok) throw new Error(String(answer.status))
  return answer.json()
}

/** @param {string} address @param {unknown} credential @returns {Promise<boolean>} */
async function sent(address, credential) {
  const body = new URLSearchParams({ response: JSON.stringify(credential) })
  return (await ask(address, { method: "POST", body })).ok
}

/** @typedef {{ parseCreationOptionsFromJSON: (told: unknown) => PublicKeyCredentialCreationOptions, parseRequestOptionsFromJSON: (told: unknown) => PublicKeyCredentialRequestOptions }} Parsing */

const ACTS = {
  register: async (/** @type {Parsing} */ parsing) => {
    const publicKey = parsing.parseCreationOptionsFromJSON(await asked("/passkeys/new"))
    return sent("/passkeys", await navigator.credentials.create({ publicKey }))
  },
  "sign-in": async (/** @type {Parsing} */ parsing) => {
    const publicKey = parsing.parseRequestOptionsFromJSON(await asked("/sign-in/passkey"))
    return sent("/sign-in/passkey/use", await navigator.credentials.get({ publicKey }))
  },
}

/** @param {HTMLElement} place @param {HTMLButtonElement} button @param {boolean} done */
function told(place, button, done) {
  const { done: words, refused, next } = place.dataset
  if (done && !words) return location.assign(next ?? location.pathname)
  if (done) button.remove()
  place.querySelector("[role=status]")?.replaceChildren((done ? words : refused) ?? "")
}

/** @param {HTMLElement} place @param {Parsing} parsing */
function offer(place, parsing) {
  const act = place.dataset.passkey === "register" ? ACTS.register : ACTS["sign-in"]
  const button = place.querySelector("button")
  place.hidden = false
  button?.addEventListener("click", async () => {
    let done = false
    try {
      done = await act(parsing)
    } catch {
      done = false // Cancelled, or no passkey here: the sentence says what else there is.
    }
    told(place, button, done)
  })
}

/** @returns {boolean} whether this address is a name: a passkey never belongs to a number */
const named = () => !/^[\d.]+$|^\[/.test(location.hostname)

export function offerPasskeys() {
  const parsing = /** @type {Partial<Parsing> | undefined} */ (/** @type {unknown} */ (window.PublicKeyCredential))
  if (!named() || !parsing?.parseCreationOptionsFromJSON || !parsing.parseRequestOptionsFromJSON) return
  for (const place of document.querySelectorAll("[data-passkey]")) {
    if (place instanceof HTMLElement) offer(place, /** @type {Parsing} */ (parsing))
  }
}
