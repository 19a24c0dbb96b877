/** One section of the plan as a live document: its Y.Doc, its provider, and what of it the hub has not acknowledged. */
import * as Y from "yjs"
import { readNotice } from "./notices.js"
import { SectionProvider } from "./section_providers.js"

/** @typedef {import("./values.js").Scalar} Scalar */
/** @typedef {import("./texts.js").Splice} Splice */
/** @typedef {import("./notices.js").Refused} Refused */
/** @typedef {{ entry: string, field: string, delta: { insert?: unknown, delete?: number, retain?: number }[] | null, local: boolean, before: unknown }} Touch */
/** @typedef {{ entry: string, field: string, kind: "register" | "text" | "set", before: Scalar, value: Scalar, member: string }} Unsent */
/** @typedef {Unsent & { made: number }} Noted with the number of its latest edit */
/**
 * @typedef {object} Watcher what the page does about a section
 * @property {(section: LiveSection, touches: Touch[]) => void} touched
 * @property {(section: LiveSection) => void} received something of others came
 * @property {(section: LiveSection) => void} ready it has the hub's content, for the first time or again
 * @property {(section: LiveSection) => void} unsent the count of unsent edits moved
 * @property {(section: LiveSection) => void} saved all edits are durable
 * @property {(section: LiveSection, refused: Refused, lost: Unsent[]) => void} refused
 */
/** @typedef {import("@hocuspocus/provider").HocuspocusProviderWebsocket} Socket */

/** The origin of the page's own transactions. */
export const OWN = Object.freeze({ origin: "own" })

/** Closed again this often within the time below, a section stays closed until the page is loaded anew. */
const REOPENINGS_MAX = 5
const REOPENINGS_WITHIN_MS = 30_000
const REOPEN_AFTER_MS = 1_500

/** Typing this close together is undone in one step. */
const UNDO_BURST_MS = 500

export class LiveSection {
  doc = new Y.Doc()
  ready = false
  /** How many documents this section has had; the bindings stay, the document below them is replaced. */
  openings = 0
  /** @type {SectionProvider | null} */
  #provider = null
  /** @type {Map<string, Noted>} */
  #unsent = new Map()
  /** @type {Map<string, Y.UndoManager>} */
  #undo = new Map()
  /** @type {number[]} */
  #reopenings = []
  #open = false
  /** @type {Refused | null} once set, the hub takes nothing more of this document */
  #refusal = null

  /** @param {string} name @param {Socket} socket @param {Watcher} watcher */
  constructor(name, socket, watcher) {
    this.name = name
    this.socket = socket
    this.watcher = watcher
    this.#connect()
  }

  get entries() {
    return /** @type {Y.Map<Y.Map<unknown>>} */ (this.doc.getMap("entries"))
  }

  /** @returns {readonly Unsent[]} */
  get unsent() {
    return [...this.#unsent.values()]
  }

  /** @param {string} entry @param {string} field @returns {unknown} undefined where there is none yet */
  value(entry, field) {
    return this.entries.get(entry)?.get(field)
  }

  /** @param {string} entry @param {string} field @returns {Y.Text | null} */
  text(entry, field) {
    const value = this.value(entry, field)
    return value instanceof Y.Text ? value : null
  }

  /** @param {string} entry @param {string} field @param {Scalar} value */
  setRegister(entry, field, value) {
    const map = this.entries.get(entry)
    if (!map) return
    const before = /** @type {Scalar} */ (map.get(field) ?? null)
    this.doc.transact(() => map.set(field, value), OWN)
    this.#note({ entry, field, kind: "register", before, value, member: "" })
  }

  /** @param {string} entry @param {string} field @param {string} member @param {boolean} present */
  setMember(entry, field, member, present) {
    const members = this.value(entry, field)
    if (!(members instanceof Y.Map)) return
    const before = members.get(member) === true
    this.doc.transact(() => members.set(member, present), OWN)
    this.#note({ entry, field, kind: "set", before, value: present, member })
  }

  /** In one edit: in between a text may be longer than it may be. @param {string} entry @param {string} field @param {...Splice} splices */
  spliceText(entry, field, ...splices) {
    const text = this.text(entry, field)
    if (!text) return
    this.undoOf(entry, field)
    const before = text.toString()
    this.doc.transact(() => {
      for (const { index, remove, insert } of splices) {
        if (remove > 0) text.delete(index, remove)
        if (insert) text.insert(index, insert)
      }
    }, OWN)
    this.#note({ entry, field, kind: "text", before, value: null, member: "" })
  }

  /** @param {string} entry @param {string} field @returns {Y.UndoManager | null} */
  undoOf(entry, field) {
    const key = `${entry}/${field}`
    const known = this.#undo.get(key)
    const text = this.text(entry, field)
    if (known || !text) return known ?? null
    const made = new Y.UndoManager(text, { trackedOrigins: new Set([OWN]), captureTimeout: UNDO_BURST_MS })
    this.#undo.set(key, made)
    return made
  }

  /** Undo the last own edit of a text. @param {string} entry @param {string} field @param {"undo" | "redo"} [way] @returns {boolean} */
  undoText(entry, field, way = "undo") {
    const text = this.text(entry, field)
    const manager = this.undoOf(entry, field)
    if (!text || !manager) return false
    const before = text.toString()
    const done = way === "undo" ? manager.undo() : manager.redo()
    if (done) this.#note({ entry, field, kind: "text", before, value: null, member: "" })
    return Boolean(done)
  }

  /** Throw away document and provider, and fetch the hub's content into new ones under a new client id. */
  reopen() {
    this.close()
    this.#unsent.clear()
    this.watcher.unsent(this)
    this.doc = new Y.Doc()
    this.#connect()
  }

  close() {
    this.#open = false
    this.ready = false
    for (const manager of this.#undo.values()) manager.destroy()
    this.#undo.clear()
    this.#provider?.destroy()
    this.#provider = null
    this.doc.destroy()
  }

  #connect() {
    const { doc } = this
    this.openings += 1
    this.#open = true
    this.#refusal = null
    doc.on("update", (_update, _origin, _doc, transaction) => !transaction.local && this.watcher.received(this))
    this.entries.observeDeep((events, transaction) => this.#observe(events, transaction))
    const current = (/** @type {() => void} */ act) => () => this.doc === doc && this.#open && act()
    this.#provider = new SectionProvider({
      name: this.name,
      websocketProvider: this.socket,
      document: doc,
      awareness: null,
      onSynced: current(() => this.#synced()),
      onUnsyncedChanges: ({ number }) => current(() => this.#acknowledged(number))(),
      onStateless: ({ payload }) => current(() => this.#noticed(payload))(),
      // The socket's own close comes here as well; a close of this document alone has code 1000.
      onClose: ({ event }) => current(() => event?.code === 1000 && !(event instanceof Event) && this.#closed())(),
    })
    this.#provider.attach()
  }

  #synced() {
    // Synced also follows when the last edit is acknowledged: only the first since (re)opening is news.
    if (this.ready) return
    this.ready = true
    this.watcher.ready(this)
  }

  /** @param {number} outstanding */
  #acknowledged(outstanding) {
    if (this.#unsent.size === 0) return
    const durable = this.#provider?.durable ?? 0
    const before = this.#unsent.size
    for (const [key, { made }] of this.#unsent) if (outstanding === 0 || made <= durable) this.#unsent.delete(key)
    if (this.#unsent.size < before) this.watcher.unsent(this)
    if (this.#unsent.size === 0) this.watcher.saved(this)
  }

  /** The hub takes none of what is not saved, and closed the line for it: give the words back. @param {string} reason */
  giveUp(reason) {
    if (this.#unsent.size > 0) this.#startAnew({ kind: "refused", section: this.name, code: "size", reason, entry: "", field: "" })
  }

  /** @param {string} payload */
  #noticed(payload) {
    const notice = readNotice(payload)
    if (notice?.kind !== "refused" || this.#refusal) return
    this.#refusal = notice
    // The hub closes the document next. A provider made before that would take the close for its own.
    this.#later(() => this.#startAnew(notice))
  }

  #closed() {
    this.ready = false
    if (this.#refusal) this.#startAnew(this.#refusal)
    else if (this.#mayReopen()) this.#later(() => void this.#provider?.onOpen(new Event("open")))
  }

  /** @param {Refused} refusal */
  #startAnew(refusal) {
    const words = (/** @type {Unsent} */ { entry, field }) => this.text(entry, field)?.toString() ?? ""
    const lost = this.unsent.map((each) => (each.kind === "text" ? { ...each, value: words(each) } : each))
    this.watcher.refused(this, refusal, lost)
    if (this.#mayReopen()) this.reopen()
    else this.close()
  }

  /** @param {() => void} act unless the document was replaced or closed meanwhile */
  #later(act) {
    const { doc } = this
    setTimeout(() => this.doc === doc && this.#open && act(), REOPEN_AFTER_MS)
  }

  #mayReopen() {
    const now = performance.now()
    this.#reopenings = [...this.#reopenings.filter((each) => now - each < REOPENINGS_WITHIN_MS), now]
    return this.#reopenings.length <= REOPENINGS_MAX
  }

  /** @param {Unsent} edit keeps the value from before the first unsent edit of a field */
  #note(edit) {
    const key = `${edit.entry}/${edit.field}/${edit.member}`
    const first = this.#unsent.get(key)
    this.#unsent.set(key, { ...edit, before: first ? first.before : edit.before, made: this.#provider?.made ?? 0 })
    this.watcher.unsent(this)
  }

  /** @param {Y.YEvent<any>[]} events @param {Y.Transaction} transaction */
  #observe(events, transaction) {
    /** @type {Touch[]} */
    const touches = []
    for (const event of events) {
      const [entry, field] = event.path.map(String)
      const common = { local: transaction.local, delta: null, before: undefined }
      if (entry === undefined) for (const key of event.keys.keys()) touches.push({ ...common, entry: key, field: "" })
      else if (field === undefined) for (const [key, { oldValue }] of event.keys) touches.push({ ...common, entry, field: key, before: oldValue })
      else touches.push({ ...common, entry, field, delta: event.target instanceof Y.Text ? event.delta : null })
    }
    this.watcher.touched(this, touches)
  }
}
