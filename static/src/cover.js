/**
 * Covers the page when it is no longer its person's: signed out, wherever that was done, or someone else signed in in
 * this browser. What was typed is kept (static/src/kept_drafts.js), nothing more is sent, and the same person goes on
 * where they were. Every bundle has this (static/build.js), so no page has to remember.
 */
import { ask, mark, markRequests, ownName, personOf, tellPage } from "./belonging.js"
import css from "./cover.css"
import { NoticeSocket } from "./notice_socket.js"
import { dropDraft, keepTyped, offerDrafts } from "./kept_drafts.js"
import { findWorkers, tellWorkers } from "./workers.js"

/** @typedef {"left" | "another"} Why */
/** @typedef {{ mark: string, name: string }} Opened what every page says to the other pages of this browser when it opens */

const sheet = new CSSStyleSheet()
sheet.replaceSync(css)

class Cover {
  /** @type {Why | null} */
  #why = null
  #title = document.title
  /** @type {Promise<string | null>} */
  #kept = Promise.resolve("")
  #channel = new BroadcastChannel("careplan-pages")

  start() {
    document.adoptedStyleSheets.push(sheet)
    this.#channel.addEventListener("message", ({ data }) => this.#heard(data))
    document.addEventListener("page:left", () => this.#show("left", ""))
    document.addEventListener("page:doubted", () => void this.#look())
    document.addEventListener("page:another", (event) => this.#show("another", /** @type {CustomEvent<string>} */ (event).detail))
    // Registered before any other: what is kept needs no warning that it might be lost.
    addEventListener("beforeunload", (event) => document.documentElement.dataset.covered === "kept" && event.stopImmediatePropagation())
    addEventListener("pagehide", ({ persisted }) => persisted && this.#hide())
    addEventListener("pageshow", ({ persisted }) => persisted && void this.#look())
    this.#tell({ mark: mark(), name: ownName() })
    if (!mark()) return void this.#doubtKeptPages()
    this.#ownKeptPages()
    void offerDrafts()
    if (!document.body.dataset.socket && !document.body.dataset.plan) this.#listen()
  }

  /** Nobody is signed in: whoever signed out a moment ago may have done so before their page could say a word to its workers. */
  async #doubtKeptPages() {
    await findWorkers()
    tellWorkers({ kind: "doubt" })
  }

  /** What is kept on this device to be opened without a network is this person's, and goes when they sign out. */
  #ownKeptPages() {
    void findWorkers().then(() => tellWorkers({ kind: "owner", person: personOf(mark()) }))
    document.addEventListener("submit", ({ target }) => {
      if (target instanceof Element && target.matches('[action="/sign-out"], [data-signs-out]')) tellWorkers({ kind: "forget", mark: mark() })
    })
  }

  /** @param {Opened} opened */
  #tell(opened) {
    this.#channel.postMessage(opened)
  }

  /** Another page of this browser opened. @param {Opened} opened */
  #heard({ mark: theirs, name }) {
    if (!mark() || typeof theirs !== "string") return
    // A page for nobody may have come by a link from outside, which brings no session along: the hub knows.
    if (!theirs || (this.#why && personOf(theirs) === personOf(mark()))) void this.#look()
    else if (personOf(theirs) !== personOf(mark())) tellPage("another", String(name))
  }

  /** Ask the hub whose turn it is; the answer itself tells the page when it is not its person's. */
  async #look() {
    const answer = await ask("/sessions/left", { headers: { "HX-Request": "true" } }).catch(() => null)
    if (answer?.ok) this.#lift()
    else if (answer === null && document.documentElement.dataset.covered === "hidden") tellPage("left")
  }

  /** A page without a socket of its own hears of the end of its sign-in by its person's desk. */
  #listen() {
    const nothing = () => {}
    new NoticeSocket(`/people/${personOf(mark())}/live`, { connected: nothing, lost: nothing, signedOut: nothing, ended: () => void this.#look(), noticed: nothing })
  }

  /** Nothing is seen, without a word: until it is known whose turn it is. */
  #hide() {
    if (mark() && !this.#why) document.documentElement.dataset.covered = "hidden"
  }

  /** @param {Why} why @param {string} now who is signed in */
  #show(why, now) {
    if (!mark() || this.#why === why) return
    const first = this.#why === null
    this.#why = why
    if (first) {
      this.#kept = keepTyped()
      this.#title = document.title
      tellWorkers({ kind: "doubt" })
      document.dispatchEvent(new CustomEvent("page:covered"))
    }
    void this.#draw(why, now)
  }

  /** @param {Why} why @param {string} now */
  async #draw(why, now) {
    document.documentElement.dataset.covered = "yes"
    document.getElementById("cover")?.remove()
    const words = document.getElementById(`cover-${why}`)
    const cover = Object.assign(document.createElement("div"), { id: "cover" })
    cover.setAttribute("role", "alertdialog")
    cover.setAttribute("aria-labelledby", "cover-title")
    if (words instanceof HTMLTemplateElement) cover.append(words.content.cloneNode(true))
    for (const slot of cover.querySelectorAll("[data-now]")) slot.textContent = now
    cover.querySelector("[data-back]")?.addEventListener("click", () => void this.#look())
    document.body.append(cover)
    const title = cover.querySelector("h1")
    if (title) title.id = "cover-title"
    document.title = title?.textContent ?? ""
    title?.focus()
    const kept = await this.#kept
    for (const told of /** @type {NodeListOf<HTMLElement>} */ (cover.querySelectorAll("[data-kept]"))) told.hidden = (told.dataset.kept === "yes") !== Boolean(kept)
    for (const told of /** @type {NodeListOf<HTMLElement>} */ (cover.querySelectorAll("[data-not-kept]"))) told.hidden = kept !== null
    if (this.#why && kept) document.documentElement.dataset.covered = "kept"
  }

  #lift() {
    delete document.documentElement.dataset.covered
    if (!this.#why) return
    this.#why = null
    document.getElementById("cover")?.remove()
    document.title = this.#title
    void this.#kept.then((place) => place && dropDraft(place)) // The words stand in the page again.
    document.dispatchEvent(new CustomEvent("page:back"))
  }
}

markRequests()
new Cover().start()
