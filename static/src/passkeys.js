/** Passkeys: made on the page of one's sign-ins, used on the page of signing in. Hidden where the browser has none. */

/** @param {string} address @returns {Promise<Record<string, unknown>>} */
async function asked(address) {
  const answer = await fetch(address, { credentials: "same-origin" })
  if (!answer.ok) throw new Error(String(answer.status))
  return answer.json()
}

/** @param {string} address @param {unknown} credential @returns {Promise<boolean>} */
async function sent(address, credential) {
  const body = new URLSearchParams({ response: JSON.stringify(credential) })
  return (await fetch(address, { method: "POST", body, credentials: "same-origin" })).ok
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

/** @param {HTMLElement} place @param {Parsing} parsing */
function offer(place, parsing) {
  const act = place.dataset.passkey === "register" ? ACTS.register : ACTS["sign-in"]
  place.hidden = false
  place.querySelector("button")?.addEventListener("click", async () => {
    let done = false
    try {
      done = await act(parsing)
    } catch {
      done = false // Cancelled, or no passkey here: the sentence says what else there is.
    }
    if (done) location.assign(place.dataset.next ?? location.pathname)
    else place.querySelector("[role=status]")?.replaceChildren("That did not work. Try again, or use your link and a code.")
  })
}

export function offerPasskeys() {
  const parsing = /** @type {Partial<Parsing> | undefined} */ (/** @type {unknown} */ (window.PublicKeyCredential))
  if (!parsing?.parseCreationOptionsFromJSON || !parsing.parseRequestOptionsFromJSON) return
  for (const place of document.querySelectorAll("[data-passkey]")) {
    if (place instanceof HTMLElement) offer(place, /** @type {Parsing} */ (parsing))
  }
}
