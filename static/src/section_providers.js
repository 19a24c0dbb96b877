/**
 * The stock provider, made exact about what is acknowledged, and never in need of one huge frame. While the line is away,
 * and until the hub has asked what it lacks, an edit waits: sent by itself it would arrive before what it builds on. Then
 * everything that is not acknowledged goes out again, in its order and in pieces that the hub takes one by one.
 */
import { HocuspocusProvider } from "@hocuspocus/provider"
import * as Y from "yjs"
import { Reader, varString, varUint } from "./frames.js"

/** A frame of the hub may have 64 KB; a piece leaves room for its head and for the seams of a merge. */
export const PIECE_BYTES_MAX = 48_000

/** Edits in one piece: the hub judges a piece in one go. */
export const PIECE_EDITS_MAX = 400

/** Merging costs more than in proportion, so many are merged as a tree. */
const MERGE_MAX = 50

const SYNC = 0
const STEP_1 = 0
const STEP_2 = 1
const UPDATE = 2
const EMPTY = Uint8Array.of(0, 0)

/** @typedef {{ update: Uint8Array, edits: number }} Piece */

/**
 * Return updates in their order as pieces under the bound; one that alone is over it is a piece of its own.
 * @param {readonly Uint8Array[]} updates
 * @returns {Piece[]}
 */
export function pieces(updates) {
  /** @type {Uint8Array[][]} */
  const groups = []
  let bytes = 0
  for (const update of updates) {
    const group = groups[groups.length - 1]
    if (group && bytes + update.length <= PIECE_BYTES_MAX && group.length < PIECE_EDITS_MAX) group.push(update)
    else {
      groups.push([update])
      bytes = 0
    }
    bytes += update.length
  }
  return groups.map((group) => ({ update: merged(group), edits: group.length }))
}

/** @param {readonly Uint8Array[]} updates @returns {Uint8Array} */
function merged(updates) {
  let level = [...updates]
  while (level.length > 1) {
    const next = []
    for (let at = 0; at < level.length; at += MERGE_MAX) next.push(Y.mergeUpdates(level.slice(at, at + MERGE_MAX)))
    level = next
  }
  return level[0] ?? EMPTY
}

export class SectionProvider extends HocuspocusProvider {
  /** Our answer to the hub's sync step 1 is still to come: every edit waits for it. */
  #answering = true
  /** Own edits that are not acknowledged, the oldest first. @type {Uint8Array[]} */
  #kept = []
  /** Of each message that is under way: how many of the kept edits are durable with its acknowledgement. @type {number[]} */
  #underWay = []
  /** The next clock of our own behind all that was acknowledged. */
  #acknowledgedClock = 0
  /** How many edits were made here, and how many of them are acknowledged. */
  made = 0
  durable = 0

  /** @override @param {Event} event */
  async onOpen(event) {
    this.#answering = true
    await super.onOpen(event)
  }

  /** @override */
  onClose() {
    this.#answering = true
    super.onClose()
  }

  /** @override */
  startSync() {
    this.#underWay = [0]
    super.startSync()
  }

  /** @override @param {Uint8Array} update @param {unknown} origin */
  documentUpdateHandler(update, origin) {
    if (origin === this) return
    this.#kept.push(update)
    this.made += 1
    if (this.#answering) return
    if (update.length <= PIECE_BYTES_MAX) this.#send(update, 1)
    else this.#ask()
  }

  /** @override */
  decrementUnsyncedChanges() {
    const edits = this.#underWay.shift() ?? 0
    for (const update of this.#kept.splice(0, edits)) {
      this.#acknowledgedClock = Math.max(this.#acknowledgedClock, Y.parseUpdateMeta(update).to.get(this.document.clientID) ?? 0)
    }
    this.durable += edits
    super.decrementUnsyncedChanges()
  }

  /** @override @param {MessageEvent} event */
  onMessage(event) {
    const reader = new Reader(new Uint8Array(event.data))
    reader.varString()
    if (reader.varUint() === SYNC && reader.varUint() === STEP_1) {
      const length = reader.varUint()
      this.#answer(reader.rest().subarray(0, length))
    } else super.onMessage(event)
  }

  /** Say again what is not acknowledged. @param {Uint8Array} stateVector what the hub has */
  #answer(stateVector) {
    const theirs = Y.decodeStateVector(stateVector).get(this.document.clientID) ?? 0
    const all = pieces(this.#kept)
    // What was said before on this line and is acknowledged still comes again with one of the pieces.
    this.#underWay = this.#underWay.map(() => 0)
    this.#answering = false
    const lost = theirs < this.#acknowledgedClock
    const long = lost ? all.length : all.findLastIndex(({ update }) => update.length > PIECE_BYTES_MAX) + 1
    const first = all.slice(0, long)
    if (long === 0) this.#say(STEP_2, EMPTY)
    else {
      // Only an answer may be long; what stands behind it is acknowledged after it, in order.
      this.#say(STEP_2, lost ? Y.encodeStateAsUpdate(this.document, stateVector) : merged(first.map(({ update }) => update)))
      this.#send(EMPTY, first.reduce((sum, { edits }) => sum + edits, 0))
    }
    for (const { update, edits } of all.slice(long)) this.#send(update, edits)
  }

  /** An edit that is too long for a frame goes out with our answer: have the hub ask. */
  #ask() {
    this.#answering = true
    this.#underWay.push(0)
    this.incrementUnsyncedChanges()
    this.#say(STEP_1, Y.encodeStateVector(this.document))
  }

  /** @param {Uint8Array} update @param {number} edits */
  #send(update, edits) {
    this.#underWay.push(edits)
    this.incrementUnsyncedChanges()
    this.#say(UPDATE, update)
  }

  /** @param {number} step @param {Uint8Array} payload */
  #say(step, payload) {
    if (!this.isAttached) return
    const head = [...varString(this.configuration.name), SYNC, step, ...varUint(payload.length)]
    const frame = new Uint8Array(head.length + payload.length)
    frame.set(head)
    frame.set(payload, head.length)
    this.configuration.websocketProvider.send(frame)
  }
}
