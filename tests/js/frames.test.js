import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { after, before, test } from "node:test"
import { HocuspocusProvider, HocuspocusProviderWebsocket } from "@hocuspocus/provider"
import * as decoding from "lib0/decoding"
import * as encoding from "lib0/encoding"
import * as Y from "yjs"
import { Kind, Reader, decode, encode } from "../../static/src/frames.js"
import { DeafSocket, lastSocket, settled } from "./sockets.js"

const { frames, refused } = JSON.parse(readFileSync(new URL("../vectors/frames.json", import.meta.url), "utf-8"))
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"))
const vectors = frames.map((each) => ({ ...each, payload: bytes(each.payload), frame: bytes(each.frame) }))
const withDocument = vectors.filter(({ kind }) => kind !== "PING" && kind !== "PONG")

/** Kind of the core -> [type, step] on the wire. */
const WIRE = {
  SYNC_STEP_1: [0, 0], SYNC_STEP_2: [0, 1], UPDATE: [0, 2], AWARENESS: [1], TOKEN: [2, 0], PERMISSION_DENIED: [2, 1],
  AUTHENTICATED: [2, 2], QUERY_AWARENESS: [3], STATELESS: [5], CLOSE: [7], SYNC_STATUS: [8],
}
const BARE = new Set(["QUERY_AWARENESS"])

/** The frame as lib0 writes it, call by call as the provider does. */
function byLib0({ document, kind, payload }) {
  const encoder = encoding.createEncoder()
  encoding.writeVarString(encoder, document)
  for (const number of WIRE[kind]) encoding.writeVarUint(encoder, number)
  if (kind === "SYNC_STATUS") encoding.writeVarUint(encoder, payload[0])
  else if (!BARE.has(kind)) encoding.writeVarUint8Array(encoder, payload)
  return encoding.toUint8Array(encoder)
}

for (const vector of withDocument.filter(({ decode_only }) => !decode_only)) {
  test(`lib0 writes the same bytes: ${vector.fact}`, () => assert.deepEqual(byLib0(vector), vector.frame))
}

for (const vector of withDocument) {
  test(`the family's page reads and writes the same: ${vector.fact}`, () => {
    const frame = decode(vector.frame)
    assert.equal(frame.document, vector.document)
    assert.equal(frame.kind, WIRE[vector.kind][0])
    assert.deepEqual(encode(frame), vector.frame)
    if (vector.kind === "STATELESS") assert.equal(new Reader(frame.payload).varString(), Buffer.from(vector.payload).toString("utf-8"))
  })
}

test("what is cut short is no frame to the family's page either", () => {
  for (const fact of ["nothing", "a document and no type", "a name that is not UTF-8"]) {
    assert.throws(() => decode(bytes(refused.find((each) => each.fact === fact).frame)), fact)
  }
})

/** @type {HocuspocusProviderWebsocket} */
let socket

before(() => {
  socket = new HocuspocusProviderWebsocket({ url: "ws://nowhere", WebSocketPolyfill: DeafSocket })
})

after(() => socket.destroy())

/** A stock provider that is open, and what it says. */
async function stock(name) {
  const told = []
  const note = (kind) => (each) => told.push([kind, each.payload ?? each.reason ?? each.scope ?? each.event?.reason])
  const provider = new HocuspocusProvider({
    name, websocketProvider: socket, document: new Y.Doc(), awareness: null,
    onStateless: note("STATELESS"), onAuthenticationFailed: note("PERMISSION_DENIED"), onAuthenticated: note("AUTHENTICATED"),
    onClose: note("CLOSE"), onUnsyncedChanges: ({ number }) => told.push(["SYNC_STATUS", number]),
  })
  if (lastSocket().readyState === 0) lastSocket().open()
  lastSocket().sent.length = 0
  provider.attach()
  await settled()
  return { provider, told }
}

for (const vector of vectors.filter(({ kind }) => ["STATELESS", "PERMISSION_DENIED", "AUTHENTICATED", "CLOSE"].includes(kind))) {
  if (vector.fact === "close as the provider sends it") continue
  test(`the stock provider understands: ${vector.fact}`, async () => {
    const { provider, told } = await stock(vector.document)
    lastSocket().give(vector.frame)
    provider.destroy()
    assert.deepEqual(told.filter(([kind]) => kind === vector.kind), [[vector.kind, Buffer.from(vector.payload).toString("utf-8")]])
  })
}

test("the stock provider counts down when the hub says saved, and not when it says not", async () => {
  const { provider } = await stock("goals")
  const frame = (fact) => vectors.find((each) => each.fact === fact).frame
  lastSocket().give(frame("not saved"))
  assert.equal(provider.unsyncedChanges, 1)
  lastSocket().give(frame("saved"))
  assert.equal(provider.unsyncedChanges, 0)
  provider.destroy()
})

test("the stock provider answers a ping with a pong, without a document", () => {
  const [ping, pong] = ["PING", "PONG"].map((kind) => vectors.find((each) => each.kind === kind).frame)
  lastSocket().sent.length = 0
  lastSocket().give(ping)
  assert.deepEqual(lastSocket().sent, [pong])
  assert.deepEqual(pong, Uint8Array.of(Kind.PONG))
})

test("the stock provider opens with a token and a step 1, as the vectors hold them", async () => {
  const { provider } = await stock("medications")
  const [token, step] = lastSocket().sent
  const read = decoding.createDecoder(token)
  assert.deepEqual([decoding.readVarString(read), decoding.readVarUint(read), decoding.readVarUint(read), decoding.readVarString(read)], ["medications", 2, 0, ""])
  assert.deepEqual(step, vectors.find(({ fact }) => fact === "a step 1 with an empty state vector").frame)
  lastSocket().sent.length = 0
  provider.destroy()
  assert.deepEqual(decode(lastSocket().sent[0]), { document: "medications", kind: Kind.CLOSE, payload: new Uint8Array() })
})
