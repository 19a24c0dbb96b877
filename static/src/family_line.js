/** Whether the page is connected, in the words that the page brought along in its own language. Silent while all is well. */

/** A gap shorter than this is never mentioned. */
const GAP_SHOWN_MS = 4_000

export class FamilyLine {
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null

  /** @param {HTMLElement | null} element */
  constructor(element) {
    this.element = element
  }

  connected() {
    this.#stop()
    this.#show("")
  }

  /** @param {number} since ms since 1970 */
  lost(since) {
    this.#timer ??= setTimeout(() => {
      const clock = new Date(since).toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" })
      this.#show((this.element?.dataset.offline ?? "").replace("{clock}", clock))
    }, Math.max(0, since + GAP_SHOWN_MS - Date.now()))
  }

  /** @param {string} words */
  say(words) {
    this.#stop()
    this.#show(words)
  }

  signedOut() {
    this.#stop()
    const { signedOut, signIn, signInAddress } = this.element?.dataset ?? {}
    this.#show(`${signedOut} `)
    const link = document.createElement("a")
    link.href = signInAddress ?? "/sign-in"
    link.target = "_blank"
    link.rel = "noopener"
    link.textContent = signIn ?? ""
    this.element?.append(link)
  }

  #stop() {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** @param {string} words */
  #show(words) {
    if (!this.element) return
    this.element.textContent = words
    this.element.hidden = !words
  }
}
