import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { HocuspocusProviderWebsocket } from "@hocuspocus/provider"
import * as encoding from "lib0/encoding"
import * as Y from "yjs"
import { PIECE_BYTES_MAX, PIECE_EDITS_MAX, SectionProvider, pieces } from "../../static/src/section_providers.js"
import { Reader, decode } from "../../static/src/frames.js"
import { DeafSocket, lastSocket, settled } from "./sockets.js"

let socket
let provider
let doc

const edits = () => lastSocket().sent.filter((frame) => decode(frame).kind === 0 && decode(frame).payload[0] !== 0).map((frame) => ["", "step 2", "update"][decode(frame).payload[0]])

/** @param {number} step @param {Uint8Array} payload */
function sync(step, payload) {
  const encoder = encoding.createEncoder()
  encoding.writeVarString(encoder, "goals")
  encoding.writeVarUint(encoder, 0)
  encoding.writeVarUint(encoder, step)
  encoding.writeVarUint8Array(encoder, payload)
  lastSocket().give(encoding.toUint8Array(encoder))
}

const acknowledge = () => {
  const encoder = encoding.createEncoder()
  encoding.writeVarString(encoder, "goals")
  encoding.writeVarUint(encoder, 8)
  encoding.writeVarUint(encoder, 1)
  lastSocket().give(encoding.toUint8Array(encoder))
}

const type = (words) => doc.getText("words").insert(0, words)

beforeEach(() => {
  socket = new HocuspocusProviderWebsocket({ url: "ws://nowhere", WebSocketPolyfill: DeafSocket, delay: 1, minDelay: 0 })
  doc = new Y.Doc()
  provider = new SectionProvider({ name: "goals", websocketProvider: socket, document: doc, awareness: null })
  provider.attach()
})

afterEach(() => {
  provider.destroy()
  socket.destroy()
})

/** A frame of the hub may have so much, but for an answer to its question. */
const FRAME_BYTES_MAX = 65_536

/** @returns {{ step: number, update: Uint8Array, bytes: number }[]} what went out that could change the hub's document */
function said() {
  return lastSocket().sent.flatMap((frame) => {
    const { kind, payload } = decode(frame)
    if (kind !== 0 || payload[0] === 0) return []
    const reader = new Reader(payload.subarray(1))
    const length = reader.varUint()
    return [{ step: payload[0], update: reader.rest().subarray(0, length), bytes: frame.length }]
  })
}

/** What the hub has when it has taken all that went out. */
function hub() {
  const other = new Y.Doc()
  for (const { update } of said()) Y.applyUpdate(other, update)
  return other.getText("words").toString()
}

async function connected(stateVector = Uint8Array.of(0)) {
  lastSocket().open()
  await settled()
  sync(0, stateVector)
}

async function away() {
  lastSocket().close()
  while (lastSocket().readyState !== 0) await new Promise((resolve) => setTimeout(resolve, 1))
}

test("what is typed before the hub asked goes out behind the answer, once", async () => {
  type("before the line is up")
  lastSocket().open()
  await settled()
  type("before the hub asked")
  assert.deepEqual(edits(), [])

  sync(0, Uint8Array.of(0))

  assert.deepEqual(edits(), ["step 2", "update"])
  assert.equal(hub(), doc.getText("words").toString())
})

test("the first edit after the answer is sent by itself", async () => {
  await connected()

  type("now")

  assert.deepEqual(edits(), ["step 2", "update"])
  assert.equal(provider.unsyncedChanges, 2)
})

test("who only reads answers with nothing, however much was ever deleted", async () => {
  const other = new Y.Doc()
  for (let at = 0; at < 100; at++) other.getText("words").insert(0, `word ${at} `)
  other.getText("words").delete(3, 50)
  lastSocket().open()
  await settled()
  sync(1, Y.encodeStateAsUpdate(other))

  sync(0, Y.encodeStateVector(other))

  assert.deepEqual(said().map(({ update }) => [...update]), [[0, 0]])
})

test("nothing is called saved before the acknowledgement of what holds it", async () => {
  await connected()
  acknowledge()
  assert.equal(provider.unsyncedChanges, 0)

  await away()
  type("while away")
  lastSocket().open()
  await settled()
  assert.equal(provider.unsyncedChanges, 1)
  sync(0, Uint8Array.of(0))
  assert.equal(provider.unsyncedChanges, 2)
  acknowledge()
  assert.deepEqual([provider.unsyncedChanges, provider.durable], [1, 0])
  acknowledge()

  assert.deepEqual([provider.unsyncedChanges, provider.durable], [0, 1])
  assert.deepEqual(edits(), ["step 2", "update"])
})

test("what was acknowledged is not said again, and what was not is, after the line was lost", async () => {
  await connected()
  type("one ")
  type("two ")
  acknowledge()
  acknowledge()
  assert.equal(provider.durable, 1)

  await away()
  type("three ")
  await connected(Y.encodeStateVector(doc))

  const told = said().map(({ update }) => Y.parseUpdateMeta(update))
  assert.deepEqual(told.map(({ from, to }) => [from.get(doc.clientID), to.get(doc.clientID)]), [[undefined, undefined], [4, 14]])
})

test("asked once more, it says again all that was under way, and counts each acknowledgement for what it holds", async () => {
  await connected()
  acknowledge()
  type("one ")
  type("two ")

  sync(0, Uint8Array.of(0))
  acknowledge()
  acknowledge()
  assert.equal(provider.durable, 0)
  acknowledge()

  assert.equal(provider.durable, 2)
  assert.equal(provider.unsyncedChanges, 0)
})

for (const [wordsAMinute, corrections] of [[60, 20], [45, 8]]) {
  test(`an hour of typing at ${wordsAMinute} words a minute, every ${corrections}th letter a slip, goes out in pieces in its order`, async () => {
    const text = doc.getText("words")
    const undo = new Y.UndoManager(text, { trackedOrigins: new Set(["own"]) })
    for (let key = 0; key < wordsAMinute * 5 * 60; key++) {
      doc.transact(() => text.insert(text.length, "abcdefgh "[key % 9]), "own")
      if (key % corrections === 0) {
        doc.transact(() => text.insert(text.length, "q"), "own")
        doc.transact(() => text.delete(text.length - 1, 1), "own")
      }
    }

    await connected()

    assert.ok(Y.encodeStateAsUpdate(doc).length > 5_000)
    assert.ok(said().length > 10)
    assert.ok(said().every(({ bytes }) => bytes < FRAME_BYTES_MAX))
    assert.deepEqual(new Set(said().map(({ step }) => step)), new Set([1, 2]))
    assert.equal(hub(), text.toString())
    assert.equal(provider.unsyncedChanges, said().length)
    for (const _ of said()) acknowledge()
    assert.equal(provider.durable, provider.made)
    undo.destroy()
  })
}

test("five notes of 16,000 characters go out in pieces", async () => {
  for (let note = 0; note < 5; note++) doc.getText("words").insert(0, String(note).repeat(16_000))

  await connected()

  assert.ok(said().every(({ bytes }) => bytes < FRAME_BYTES_MAX))
  assert.equal(hub(), doc.getText("words").toString())
})

test("an edit that is too long for a frame is carried by the answer, and what was made behind it follows in order", async () => {
  await connected()
  acknowledge()

  type("😀".repeat(20_000))
  type("behind it ")
  assert.deepEqual(edits(), ["step 2"])
  sync(0, Uint8Array.of(0))

  assert.deepEqual(edits(), ["step 2", "step 2", "update", "update"])
  assert.ok(said().every(({ step, bytes }) => step === 1 || bytes < FRAME_BYTES_MAX))
  assert.equal(hub(), doc.getText("words").toString())
  acknowledge()
  assert.equal(provider.durable, 0)
  acknowledge()
  assert.equal(provider.durable, 1)
  acknowledge()
  assert.deepEqual([provider.durable, provider.unsyncedChanges], [2, 0])
})

test("where the hub has less than it acknowledged, everything it lacks is said", async () => {
  await connected()
  type("acknowledged ")
  acknowledge()
  acknowledge()
  await away()
  type("later ")

  await connected(Uint8Array.of(0))

  assert.equal(hub(), doc.getText("words").toString())
  acknowledge()
  acknowledge()
  assert.deepEqual([provider.durable, provider.unsyncedChanges], [2, 0])
})

test("pieces are under both bounds, and hold everything in order", () => {
  const updates = []
  doc.on("update", (update) => updates.push(update))
  for (let at = 0; at < 3 * PIECE_EDITS_MAX; at++) doc.getText("words").insert(0, at % 300 === 0 ? "x".repeat(20_000) : "y")

  const cut = pieces(updates)

  assert.ok(cut.every(({ update, edits }) => edits <= PIECE_EDITS_MAX && update.length < FRAME_BYTES_MAX))
  assert.equal(cut.reduce((sum, { edits }) => sum + edits, 0), updates.length)
  assert.ok(PIECE_BYTES_MAX < FRAME_BYTES_MAX)
  assert.deepEqual(pieces([]), [])
})
