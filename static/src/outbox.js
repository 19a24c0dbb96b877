/** Forms that are sent by the page: kept in it, in their order, while the hub can't be reached. */
import { ask, isAnothers, renewKey } from "./belonging.js"
import { changed } from "./fragments.js"
import { alsoTyped } from "./kept_drafts.js"

/** @typedef {{ form: HTMLFormElement, address: string, body: URLSearchParams, section: string, label: string }} Letter */

/** Answers after which the same words may be taken later. */
const LATER = new Set([401, 408, 425, 429, 500, 502, 503, 504])

export class Outbox {
  /** @type {Letter[]} */
  #letters = []
  #sending = false

  /** @param {Document} page @param {() => void} signedOut */
  constructor(page, signedOut) {
    this.page = page
    this.signedOut = signedOut
    page.addEventListener("submit", (event) => this.#submitted(event))
    alsoTyped(() => this.#letters.map(({ form, label }) => ({ label: form.querySelector("label")?.textContent?.trim() ?? "", words: label })))
    addEventListener("online", () => void this.flush())
    page.addEventListener("visibilitychange", () => page.hidden || void this.flush())
    addEventListener("beforeunload", (event) => this.#letters.length && event.preventDefault())
  }

  /** @param {SubmitEvent} event */
  #submitted(event) {
    const form = event.target
    if (!(form instanceof HTMLFormElement) || !form.matches("form.send")) return
    event.preventDefault()
    const body = new URLSearchParams()
    for (const [name, value] of new FormData(form, event.submitter)) if (typeof value === "string") body.append(name, value)
    body.set("when", new Date().toISOString())
    const typed = body.get("value") ?? body.get("words") ?? ""
    this.#letters.push({ form, address: form.action, body, section: form.dataset.changes ?? "", label: typed })
    form.reset()
    renewKey(form)
    void this.flush()
  }

  /** Send what waits, the oldest first; stop at the first that can't go now. */
  async flush() {
    if (this.#sending) return
    this.#sending = true
    while (this.#letters.length > 0 && (await this.#send(/** @type {Letter} */ (this.#letters[0])))) this.#letters.shift()
    this.#sending = false
    this.#draw()
  }

  /** @param {Letter} letter @returns {Promise<boolean>} whether it need not be kept any longer */
  async #send({ form, address, body, section, label }) {
    let answer
    try {
      answer = await ask(address, { method: "POST", body, headers: { "HX-Request": "true" } })
    } catch {
      return false // The network is away.
    }
    if (answer.status === 401) this.signedOut()
    if (LATER.has(answer.status) || isAnothers(answer)) return false
    const told = this.#slot(form)
    if (answer.ok) this.#standing(form)?.querySelector(".sure")?.setAttribute("hidden", "")
    if (told) {
      told.textContent = answer.ok ? await answer.text() : `${label} — ${await answer.text()}`
      told.toggleAttribute("data-fault", !answer.ok || answer.headers.get("zone") === "red")
    }
    if (answer.headers.get("asks") === "sure") this.#doubt(form, label)
    if (answer.ok) changed(section)
    return true
  }

  /** An unlikely value stands in its field again, with the word that it is right beside it. @param {HTMLFormElement} form @param {string} typed */
  #doubt(form, typed) {
    const there = this.#standing(form)
    const value = there?.querySelector('[name="value"]')
    const sure = there?.querySelector('[name="sure"]')
    if (!(value instanceof HTMLInputElement) || !(sure instanceof HTMLInputElement)) return
    value.value = typed
    sure.value = typed
    sure.checked = false
    sure.closest("label")?.removeAttribute("hidden")
    sure.focus()
  }

  /** @param {HTMLFormElement} form the form may have been renewed meanwhile @returns {Element | null} */
  #standing(form) {
    return form.isConnected ? form : this.page.querySelector(`form[action="${new URL(form.action).pathname}"]`)
  }

  /** @param {HTMLFormElement} form @returns {Element | null} */
  #slot(form) {
    return this.#standing(form)?.querySelector(".told") ?? null
  }

  #draw() {
    const slot = this.page.getElementById("unsent")
    if (!slot) return
    const count = this.#letters.length
    const words = (count === 1 ? slot.dataset.one : slot.dataset.many) ?? ""
    const list = document.createElement("ul")
    list.append(...this.#letters.filter(({ label }) => label).map(({ label }) => Object.assign(document.createElement("li"), { textContent: label })))
    slot.replaceChildren(...(count > 0 ? [words.replace("{count}", String(count)), list] : []))
    slot.hidden = count === 0
  }
}
