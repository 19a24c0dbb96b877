/** The state line on the page, and the two live regions. */
import { Announcer } from "./announcements.js"
import { button } from "./messages.js"
import { START, after, wording } from "./state_line.js"

/** @typedef {import("./state_line.js").Happening} Happening */

/** Cut off for this long with unsent edits is worth interrupting someone who listens. */
const ALARM_MS = 10_000

export class Status {
  #line = START
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null
  /** @type {ReturnType<typeof setTimeout> | null} */
  #alarm = null

  /** @param {Document} page @param {() => void} resume */
  constructor(page, resume) {
    this.element = page.getElementById("state-line")
    this.alertElement = page.getElementById("alert")
    this.resume = resume
    const say = page.getElementById("say")
    const announcer = new Announcer((words) => say && (say.textContent = words))
    this.say = (/** @type {string} */ sentence) => announcer.say(sentence)
  }

  get line() {
    return this.#line
  }

  /** @param {Happening} happening */
  happened(happening) {
    this.#line = after(this.#line, happening, Date.now())
    this.#draw()
    if (happening.kind === "ended") this.alert(happening.reason)
    if (happening.kind === "lost") this.#alarm ??= setTimeout(() => this.#warn(), ALARM_MS)
    if (happening.kind === "connected") this.#calm()
  }

  /** @param {string} words */
  alert(words) {
    if (this.alertElement) this.alertElement.textContent = words
  }

  #warn() {
    const { unsent } = this.#line
    if (unsent > 0) this.alert(`You are offline. ${unsent === 1 ? "1 edit has" : `${unsent} edits have`} not reached the hub.`)
  }

  #calm() {
    if (this.#alarm !== null) clearTimeout(this.#alarm)
    this.#alarm = null
    this.alert("")
  }

  #draw() {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const { state, words, again } = wording(this.#line, Date.now())
    if (again !== null) this.#timer = setTimeout(() => this.#draw(), again - Date.now() + 10)
    const { element } = this
    if (!element) return
    element.dataset.state = state
    if (this.#line.unsent > 0) element.dataset.unsent = String(this.#line.unsent)
    else delete element.dataset.unsent
    element.toggleAttribute("data-signed-out", this.#line.signedOut)
    const sentence = element.querySelector("[data-words]")
    if (sentence) sentence.textContent = words
    element.querySelectorAll("button, a").forEach((choice) => choice.remove())
    element.append(...this.#choices(state))
  }

  /** @param {string} state @returns {HTMLElement[]} */
  #choices(state) {
    if (this.#line.signedOut) return [signIn(), button("I have signed in", this.resume)]
    if (state === "refused") return [button("OK", () => this.happened({ kind: "noticed" }))]
    return []
  }
}

/** @returns {HTMLAnchorElement} in another tab, so that what was typed stays in this one */
function signIn() {
  const link = document.createElement("a")
  link.href = "/sign-in"
  link.target = "_blank"
  link.rel = "noopener"
  link.textContent = "Sign in"
  return link
}
