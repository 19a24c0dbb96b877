/** The plan's page: puts sections, bindings, presence, state line and notices together. Each of them knows nothing of the others. */
import * as Y from "yjs"
import { Bindings } from "./bindings.js"
import { changed, edited, refetchPage, retry } from "./fragments.js"
import { closeDrawer } from "./drawer.js"
import { alsoTyped } from "./kept_drafts.js"
import { keepWords, wordsOf } from "./kept_words.js"
import { LiveSection } from "./live_sections.js"
import { tell } from "./messages.js"
import { News } from "./news.js"
import { sections as sectionElements } from "./places.js"
import { entryById, openEntry, showInRows } from "./rows.js"
import { PlanSocket } from "./plan_socket.js"
import { PresenceView } from "./presence.js"
import { Status } from "./status.js"
import { OwnEdits } from "./undo.js"

/** @typedef {import("./live_sections.js").Touch} Touch */
/** @typedef {import("./live_sections.js").Unsent} Unsent */
/** @typedef {import("./notices.js").Notice} Notice */
/** @typedef {import("./notices.js").Refused} Refused */

/** What comes this soon after the line is back may have changed the structure without a notice. */
const CATCHING_UP_MS = 3_000

export class PlanPage {
  /** @type {Map<string, LiveSection>} */
  #sections = new Map()
  #ownEdits = new OwnEdits()
  #catchingUpUntil = -Infinity
  #everConnected = false
  #ended = false

  /** @param {DOMStringMap} about the body's data */
  constructor(about) {
    this.plan = about.plan ?? ""
    this.status = new Status(document, () => this.socket.resume())
    this.news = new News(about.name ?? "", this.status.say)
    this.bindings = new Bindings(this.#company(), (name) => this.#sections.get(name))
    this.socket = new PlanSocket(about.socket ?? `/plans/${this.plan}/live`, {
      connected: () => this.#connected(),
      lost: (since, cause) => this.status.happened({ kind: "lost", since, cause }),
      signedOut: () => this.status.happened({ kind: "signed out" }),
      ended: (reason) => this.#end(reason),
      acknowledged: () => this.status.happened({ kind: "acknowledged" }),
      tooLarge: () => this.#tooLarge(),
      noticed: (notice) => this.#noticed(notice),
    })
    this.presence = new PresenceView(this.socket.awareness, {
      self: about.person ?? "",
      here: document.getElementById("here"),
      field: (key) => this.bindings.field(key),
      docOf: (name) => this.#sections.get(name)?.doc,
      say: this.status.say,
    })
    this.#openSections()
    alsoTyped(() => this.#typed())
  }

  /** @returns {import("./kept_drafts.js").Typed[]} what the hub has not acknowledged, and what is typed and in no document yet */
  #typed() {
    const unsent = [...this.#sections.values()].flatMap((section) =>
      section.unsent.map((edit) => ({
        label: this.bindings.field(`${section.name}/${edit.entry}/${edit.field}`)?.label ?? edit.field,
        words: edit.kind === "text" ? (section.text(edit.entry, edit.field)?.toString() ?? "") : wordsOf(edit),
      })),
    )
    return [...unsent, ...this.bindings.typed]
  }

  /** How much would be lost with the page. */
  get unsaved() {
    return this.#unsent + this.bindings.drafts
  }

  get #unsent() {
    return [...this.#sections.values()].reduce((sum, section) => sum + section.unsent.length, 0)
  }

  /** After a swap: new fields are bound, presence is drawn on them. */
  rescan() {
    if (this.#ended) return
    this.#openSections()
    this.presence.draw()
  }

  /** @param {Element} element */
  entered(element) {
    const field = this.bindings.fieldOf(element)
    this.presence.enter(field?.key ?? null)
  }

  undo() {
    if (!this.#ownEdits.undo()) this.status.say("Nothing of yours to take back.")
  }

  sayWhoIsHere() {
    const names = this.presence.people.map(({ name, role }) => (role ? `${name}, ${role}` : name))
    this.status.say(names.length > 0 ? `Here: ${names.join("; ")}.` : "Only you are here.")
  }

  /** @returns {import("./bindings.js").Company} */
  #company() {
    return {
      drafting: (key, words) => this.presence.drafting(key, words),
      caret: (key, text, offset) => this.presence.caret(key, text, offset),
      undoable: (section, undo, burst) => this.#ownEdits.add(section, undo, burst),
      lastIn: (field) => this.#lastIn(field.key, field.path.entry) ?? "Someone",
      stale: changed,
    }
  }

  /** @param {string} key @param {string} entry @returns {string | null} who is in a field, or was named with its entry just now */
  #lastIn(key, entry) {
    return this.presence.lastIn(key) ?? this.news.lastOf(entry)
  }

  #openSections() {
    const shown = new Set(sectionElements().map(({ dataset }) => dataset.section ?? ""))
    for (const [name, section] of this.#sections) {
      if (shown.has(name)) continue
      section.close()
      this.#sections.delete(name)
    }
    for (const name of shown) if (name && !this.#sections.has(name)) this.#sections.set(name, new LiveSection(name, this.socket.socket, this.#watcher()))
    this.bindings.scan(document)
  }

  /** @returns {import("./live_sections.js").Watcher} */
  #watcher() {
    return {
      touched: (section, touches) => this.#touched(section, touches),
      received: (section) => performance.now() < this.#catchingUpUntil && changed(section.name),
      ready: (section) => this.#ready(section),
      unsent: () => this.status.happened({ kind: "unsent", count: this.#unsent }),
      saved: (section) => this.#saved(section),
      refused: (section, refused, lost) => this.#refused(section, refused, lost),
    }
  }

  #connected() {
    if (this.#everConnected) this.#catchingUpUntil = performance.now() + CATCHING_UP_MS
    this.#everConnected = true
    this.status.happened({ kind: "connected" })
    document.body.dispatchEvent(new CustomEvent("plan:reconnected"))
    retry()
  }

  /** @param {LiveSection} section */
  #saved(section) {
    edited(section.name)
    if (this.#unsent === 0) this.status.happened({ kind: "saved" })
  }

  /** @param {LiveSection} section */
  #ready(section) {
    this.bindings.ready(section)
    const element = document.getElementById(`section-${section.name}`)
    const shown = [...(element?.querySelectorAll(".entry") ?? [])].map((entry) => entry.getAttribute("data-entry") ?? "")
    // Of a long list not every row is on the page: how many there are says whether one came or went.
    if (section.entries.size !== Number(element?.dataset.total) || shown.some((entry) => !section.entries.has(entry))) changed(section.name)
  }

  /** @param {LiveSection} section @param {Touch[]} touches */
  #touched(section, touches) {
    this.bindings.touched(section, touches)
    if (!section.ready) return
    for (const { entry, field } of touches) if (field) showInRows(`${section.name}/${entry}/${field}`, shownValue(section, entry, field))
    const theirs = touches.filter(({ local }) => !local)
    for (const touch of theirs) this.#tellOf(section, touch)
    // What stands beside the fields (who changed it last, badges) follows by a fragment.
    if (theirs.length > 0) edited(section.name)
    this.presence.draw()
  }

  /** @param {LiveSection} section @param {Touch} touch */
  #tellOf(section, { entry, field }) {
    const map = section.entries.get(entry)
    if (field === "" && map?.get("kind") === "allergy") this.status.alert(`Allergy added: ${map.get("name") ?? ""}`)
    const key = `${section.name}/${entry}/${field}`
    const by = () => this.#lastIn(key, entry)
    const bound = this.bindings.field(key)
    const value = section.value(entry, field)
    if (bound) return this.news.saw(section.name, entry, field, { by, label: bound.label, words: value instanceof Y.AbstractType ? "" : bound.wordsOf(value) })
    const row = entryById(entry)
    if (!row || field === "") return
    const shown = row.querySelector(`[data-shows="${CSS.escape(key)}"]`)
    const label = shown?.getAttribute("data-label") ?? field.replaceAll("_", " ")
    this.news.saw(section.name, entry, field, { by, label, words: shown && typeof value === "string" ? value : "" })
  }

  #tooLarge() {
    const reason = "This is too large to be saved."
    this.status.happened({ kind: "refused", reason: `${reason} Your words stand beside their fields.` })
    for (const section of this.#sections.values()) section.giveUp(reason)
  }

  /** @param {LiveSection} section @param {Refused} refused @param {Unsent[]} lost */
  #refused(section, refused, lost) {
    this.#ownEdits.forget(section)
    const isBound = this.bindings.field(`${section.name}/${refused.entry}/${refused.field}`) !== undefined
    this.status.happened({ kind: "refused", reason: isBound ? "see why beside the field." : refused.reason })
    this.status.say(`Not saved: ${refused.reason}`)
    for (const edit of lost) {
      const field = this.bindings.field(`${section.name}/${edit.entry}/${edit.field}`)
      const isTheOne = edit.entry === refused.entry && edit.field === refused.field
      const reason = isTheOne || !refused.field ? refused.reason : "Not saved, because an edit before it was refused."
      if (field) keepWords(field, reason, edit, this.plan)
      else void this.#keepInRow(section, edit, reason)
    }
  }

  /** What was refused after its row was closed: the row opens again, for the words belong beside their field. @param {LiveSection} section @param {Unsent} edit @param {string} reason */
  async #keepInRow(section, edit, reason) {
    const row = entryById(edit.entry)
    if (row) await openEntry(row)
    const field = this.bindings.field(`${section.name}/${edit.entry}/${edit.field}`)
    if (field) return keepWords(field, reason, edit, this.plan)
    const slot = document.getElementById("kept")
    tell(slot, `${reason} Your words: ${wordsOf(edit)}`, [{ words: "Drop it", act: () => tell(slot, "") }], "refused")
  }

  /** @param {Exclude<Notice, import("./notices.js").Ended>} notice */
  #noticed(notice) {
    switch (notice.kind) {
      case "changed":
        this.news.changed(notice)
        return notice.structure ? changed(notice.section) : edited(notice.section)
      case "access":
        closeDrawer()
        return void refetchPage().then(() => this.rescan())
      case "say":
        return this.status.say(notice.words)
      case "trouble":
        return this.status.happened({ kind: "storage", away: notice.storage === "away" })
      case "refused":
        return this.status.happened({ kind: "refused", reason: notice.reason })
    }
  }

  /** @param {string} reason */
  #end(reason) {
    if (this.#ended) return
    this.#ended = true
    for (const section of this.#sections.values()) section.close()
    this.#sections.clear()
    this.socket.end()
    const notice = document.getElementById("access-ended") ?? document.createElement("div")
    notice.hidden = false
    tell(notice, reason)
    document.querySelector("main")?.replaceChildren(notice)
    for (const element of document.querySelectorAll(".jump, .plan-tools, .banner, #here, #quiet-mode, #drawer")) element.replaceChildren()
    this.status.happened({ kind: "ended", reason })
  }
}

/** @param {LiveSection} section @param {string} entry @param {string} field @returns {unknown} a text's words, a register's value */
function shownValue(section, entry, field) {
  const value = section.value(entry, field)
  return value instanceof Y.Text ? value.toString() : value
}
