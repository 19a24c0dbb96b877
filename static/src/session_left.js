/**
 * Says two minutes before it that the session ends, and keeps it when asked. Asking how long it lasts keeps nothing:
 * pages ask by themselves. Words stand on the element `#session-left`, in the page's language.
 */

import { ask } from "./belonging.js"

/** So long before its end a session is spoken of. */
export const WARNED_SECONDS = 120

/** While it is spoken of, and while the hub can't be asked: this often. */
const LOOK_MS = 15_000

/** @param {number} seconds left @returns {number} ms until one looks again */
export function lookAgainMs(seconds) {
  return seconds > WARNED_SECONDS ? Math.min((seconds - WARNED_SECONDS) * 1_000 + 500, 2 ** 31 - 1) : LOOK_MS
}

/** @param {boolean} keep @returns {Promise<number | null>} seconds left, 0 without a session; null where nobody answers */
async function left(keep) {
  try {
    const answer = await ask(keep ? "/sessions/keep" : "/sessions/left", { method: keep ? "POST" : "GET", headers: { "HX-Request": "true" } })
    if (answer.status === 401) return 0
    return answer.ok ? Number((await answer.json()).seconds) : null
  } catch {
    return null // The network is away; the state line says so.
  }
}

class SessionLeft {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  #looks = 0

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element
    document.addEventListener("visibilitychange", () => document.hidden || void this.look())
    void this.look()
  }

  async look(keep = false) {
    clearTimeout(this.#timer)
    const look = ++this.#looks
    const seconds = await left(keep)
    if (look !== this.#looks) return // A later look may have been answered first, and knows better.
    if (seconds !== null) this.#tell(seconds, keep)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.look(), seconds === null ? LOOK_MS : lookAgainMs(seconds))
  }

  /** @param {number} seconds @param {boolean} asked whether it was to be kept, and could not be longer */
  #tell(seconds, asked) {
    const { soon = "", last = "", over = "", keep = "" } = this.element.dataset
    if (seconds > WARNED_SECONDS) return this.element.replaceChildren()
    if (seconds <= 0) return this.#say(over, this.#signIn())
    const clock = new Date(Date.now() + seconds * 1_000).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
    const final = asked || this.element.dataset.final === "yes"
    if (final) this.element.dataset.final = "yes"
    this.#say((final ? last : soon).replace("{clock}", clock), final ? this.#signIn() : this.#button(keep))
  }

  /** @param {string} words @param {HTMLElement} choice */
  #say(words, choice) {
    if (this.element.firstChild?.textContent === words) return // Said once, not every quarter of a minute.
    // The region comes with its words: until then the page has none that never speaks.
    this.element.replaceChildren(Object.assign(document.createElement("span"), { role: "alert", textContent: words }), choice)
  }

  /** @param {string} words */
  #button(words) {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: words })
    made.addEventListener("click", () => void this.look(true))
    return made
  }

  /** In another tab, so that what was typed stays in this one. */
  #signIn() {
    return Object.assign(document.createElement("a"), { href: this.element.dataset.address ?? "/sign-in", target: "_blank", rel: "noopener", textContent: this.element.dataset.signIn ?? "" })
  }
}

export function watchSession() {
  const element = document.getElementById("session-left")
  if (!element) return
  const session = new SessionLeft(element)
  // The page stays as it is, with all that is typed in it: signing in again happens beside it.
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = /** @type {CustomEvent<{ ctx: { response?: { status: number } } }>} */ (event).detail
    if (ctx.response?.status !== 401) return
    event.preventDefault()
    void session.look()
  })
}
