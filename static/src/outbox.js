/**
 * Forms that are sent by the page: kept on this device, in their order, until the hub has them, and shown where they were typed.
 *
 * Until this is fetched (static/src/away.js), and without it, a form is sent as forms are. It hears of the line by
 * `line:connected` and tells what was sent by `letter:sent`.
 */
import { ask, draftKey, isAnothers, mark, personOf, renewKey } from "./belonging.js"
import { Letters, sendInOrder } from "./letters.js"
import { button } from "./messages.js"

/** @typedef {import("./letters.js").Kept} Kept */

/** Answers after which the same words may be taken later. */
const LATER = new Set([401, 408, 425, 429, 500, 502, 503, 504])

/** A letter that nobody answers is sent again; so is what waits while the line is up. */
const ANSWER_MS_MAX = 30_000
const AGAIN_MS = 30_000

/** Hidden fields that say nothing of which of several forms it is. */
const ANY = new Set(["_page", "was"])

export class Outbox {
  /** As they were last looked at. @type {Kept[]} */
  #shown = []
  #sending = false
  /** Something was added while others were sent. */
  #more = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #again

  /** @param {Document} page */
  constructor(page) {
    this.page = page
    this.letters = new Letters(personOf(mark()), draftKey())
    page.addEventListener("submit", (event) => void this.#submitted(event))
    for (const name of ["htmx:after:swap", "page:ended"]) page.addEventListener(name, () => this.#draw())
    page.addEventListener("line:connected", () => void this.flush())
    addEventListener("online", () => void this.flush())
    page.addEventListener("visibilitychange", () => page.hidden || void this.flush())
    addEventListener("beforeunload", (event) => this.letters.held && event.preventDefault())
    void this.flush()
  }

  /** @param {SubmitEvent} event */
  async #submitted(event) {
    const form = event.target
    if (!(form instanceof HTMLFormElement) || !form.matches("form.send")) return
    event.preventDefault()
    const typed = Number(form.dataset.typed ?? Date.now())
    /** @type {[string, string][]} */
    const body = []
    for (const [name, value] of new FormData(form, event.submitter)) if (typeof value === "string") body.push([name, value])
    const words = body.find(([name]) => name === "value" || name === "words")?.[1] ?? event.submitter?.textContent ?? ""
    const letter = { address: form.action, body, section: form.dataset.changes ?? "", words: words.trim().replace(/\s+/g, " "), typed }
    delete form.dataset.typed
    form.reset()
    renewKey(form)
    await this.letters.add({ ...letter, body: [...body, ["when", new Date(typed).toISOString()]] })
    void this.flush()
  }

  /** Send what waits, the oldest first; stop at the first that can't go now. One page of this browser at a time. */
  async flush() {
    this.#more = true
    if (this.#sending) return
    this.#sending = true
    clearTimeout(this.#again)
    const send = () => sendInOrder(this.letters, (letter) => this.#send(letter))
    while (this.#more) {
      this.#more = false
      await (navigator.locks ? navigator.locks.request("careplan-letters", send) : send())
      this.#shown = await this.letters.all()
      this.#draw()
    }
    this.#sending = false
    if (this.#waiting.length) this.#again = setTimeout(() => void this.flush(), AGAIN_MS)
    this.#askBack()
  }

  /** An unlikely value stands in its field again at once, with the word that it is right beside it, where the field is free. */
  #askBack() {
    const letter = this.#shown.find((each) => each.refused?.sure && this.#free(this.#standing(each)))
    const form = letter && this.#standing(letter)
    if (letter && form) void this.#putBack(letter, form)
  }

  /** @param {HTMLFormElement | null} form */
  #free(form) {
    const value = form?.elements.namedItem("value")
    return value instanceof HTMLInputElement && value.value === ""
  }

  get #waiting() {
    return this.#shown.filter(({ refused }) => !refused)
  }

  /** @param {Kept} letter @returns {Promise<import("./letters.js").Outcome>} */
  async #send(letter) {
    const body = new URLSearchParams(letter.body)
    let answer, said
    try {
      answer = await ask(letter.address, { method: "POST", body, headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(ANSWER_MS_MAX) })
      said = answer.headers.get("content-type")?.startsWith("text/plain") ? await answer.text() : ""
    } catch {
      return "later" // The network is away.
    }
    if (LATER.has(answer.status) || isAnothers(answer)) return "later"
    const form = this.#standing(letter)
    const told = form?.querySelector(".told")
    if (told) told.textContent = answer.ok ? said : ""
    told?.toggleAttribute("data-fault", answer.headers.get("zone") === "red")
    if (answer.ok) {
      form?.querySelector(".sure")?.setAttribute("hidden", "")
      this.page.dispatchEvent(new CustomEvent("letter:sent", { detail: letter.section }))
      return "sent"
    }
    return { why: said || this.#words("failed"), sure: answer.headers.get("asks") === "sure" }
  }

  /** @param {string} name @returns {string} in the page's language */
  #words(name) {
    return this.page.getElementById("unsent")?.dataset[name] ?? ""
  }

  /** The form it was typed in, as it stands now: it may have been renewed, or be gone. @param {Kept} letter @returns {HTMLFormElement | null} */
  #standing({ address, body }) {
    const typed = new Map(body)
    const same = (/** @type {HTMLInputElement} */ { name, value }) => ANY.has(name) || !typed.has(name) || typed.get(name) === value
    const forms = /** @type {HTMLFormElement[]} */ ([...this.page.querySelectorAll("form.send")]).filter(({ action }) => action === new URL(address, location.href).href)
    return forms.find((form) => /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input[type=hidden]")]).every(same)) ?? null
  }

  #draw() {
    for (const list of this.page.querySelectorAll(".letters")) list.remove()
    /** @type {Element[]} */
    const without = []
    for (const letter of this.#shown) {
      const form = this.#standing(letter)
      const row = this.#row(letter, form)
      if (!form) {
        if (letter.refused) without.push(row)
        continue
      }
      const list = form.querySelector(".letters") ?? form.appendChild(Object.assign(document.createElement("ul"), { className: "letters" }))
      list.append(row)
    }
    this.#drawCount(without)
  }

  /** @param {Element[]} without rows of what was refused and has no form any more */
  #drawCount(without) {
    const slot = this.page.getElementById("unsent")
    if (!slot) return
    const waiting = this.#waiting
    const list = document.createElement("ul")
    list.append(...waiting.map(({ words }) => Object.assign(document.createElement("li"), { textContent: words })), ...without)
    const count = this.#words(waiting.length === 1 ? "one" : "many").replace("{count}", String(waiting.length))
    const said = waiting.length > 0 ? `${count} ${this.#words(this.letters.held ? "held" : "kept")}` : ""
    slot.replaceChildren(...(list.firstChild ? [said, list] : []))
    slot.hidden = list.firstChild === null
  }

  /** @param {Kept} letter @param {HTMLFormElement | null} form @returns {HTMLLIElement} */
  #row(letter, form) {
    const clock = new Date(letter.typed).toLocaleString(document.documentElement.lang, { weekday: "long", hour: "numeric", minute: "2-digit" })
    const said = this.#words(letter.refused ? "refused" : "waiting").replace("{words}", letter.words).replace("{clock}", clock)
    const row = Object.assign(document.createElement("li"), { className: letter.refused ? "fault" : "waiting", textContent: `${said} ${letter.refused?.why ?? ""}`.trim() })
    if (!letter.refused) return row
    if (form) row.append(" ", button(this.#words("again"), () => void this.#putBack(letter, form)))
    row.append(" ", button(this.#words("drop"), () => void this.#drop(letter)))
    return row
  }

  /** @param {Kept} letter */
  async #drop(letter) {
    await this.letters.remove(letter.id)
    await this.flush()
  }

  /** The words stand in their form again, as typed when they were; beside an unlikely value stands the word that it is right. @param {Kept} letter @param {HTMLFormElement} form */
  async #putBack(letter, form) {
    const here = document.activeElement === document.body || form.contains(document.activeElement)
    for (const [name, value] of letter.body) {
      for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && !["hidden", "radio", "checkbox"].includes(field.type))) field.value = value
        else if (field instanceof HTMLInputElement && field.type === "radio") field.checked = field.value === value
      }
    }
    form.dataset.typed = String(letter.typed)
    const right = letter.refused?.sure ? form.querySelector('[name="sure"]') : null
    if (right instanceof HTMLInputElement) {
      right.value = letter.words
      right.checked = false
      right.closest("label")?.removeAttribute("hidden")
    }
    const told = form.querySelector(".told")
    if (told) told.textContent = letter.refused?.why ?? ""
    told?.toggleAttribute("data-fault", true)
    const first = right ?? form.querySelector("textarea, input:not([type=hidden]):not([type=radio])")
    if (here && first instanceof HTMLElement) first.focus()
    await this.#drop(letter)
  }
}
