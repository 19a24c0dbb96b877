import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { HocuspocusProviderWebsocket } from "@hocuspocus/provider"
import * as encoding from "lib0/encoding"
import * as Y from "yjs"
import { SectionProvider } from "../../static/src/section_providers.js"
import { decode } from "../../static/src/frames.js"
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

test("what is typed before the hub asked is carried by the answer, once", async () => {
  type("before the line is up")
  lastSocket().open()
  await settled()
  type("before the hub asked")
  assert.deepEqual(edits(), [])

  sync(0, Uint8Array.of(0))

  assert.deepEqual(edits(), ["step 2"])
})

test("the first edit after the answer is sent by itself", async () => {
  lastSocket().open()
  await settled()
  sync(0, Uint8Array.of(0))

  type("now")

  assert.deepEqual(edits(), ["step 2", "update"])
  assert.equal(provider.unsyncedChanges, 2)
})

test("nothing is called saved before the acknowledgement of what holds it", async () => {
  lastSocket().open()
  await settled()
  sync(0, Uint8Array.of(0))
  acknowledge()
  assert.equal(provider.unsyncedChanges, 0)

  lastSocket().close()
  type("while away")
  while (lastSocket().readyState !== 0) await new Promise((resolve) => setTimeout(resolve, 1))
  lastSocket().open()
  await settled()
  assert.equal(provider.unsyncedChanges, 1)
  sync(0, Uint8Array.of(0))
  assert.equal(provider.unsyncedChanges, 1)
  acknowledge()

  assert.equal(provider.unsyncedChanges, 0)
  assert.deepEqual(edits(), ["step 2"])
})
