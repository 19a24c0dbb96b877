/**
 * A peer of a plan: the stock provider and Yjs, nothing of ours, told what to do by lines of JSON.
 * Each line {"id", "do", ...} is answered by one line {"id", "answer"} or {"id", "fault"}.
 */
import { createInterface } from "node:readline"
import { HocuspocusProvider, HocuspocusProviderWebsocket } from "@hocuspocus/provider"
import * as Y from "yjs"

const { url, cookie, origin } = JSON.parse(process.argv[2])
const WAIT_MS = 20_000

/** Node's websocket takes headers, which a browser's has of itself. */
class SignedInSocket extends WebSocket {
  constructor(address) {
    super(address, { headers: { Cookie: cookie, Origin: origin } })
  }
}

const closings = []
const socket = new HocuspocusProviderWebsocket({
  url, WebSocketPolyfill: SignedInSocket, delay: 200, minDelay: 100, maxDelay: 1_000,
  onDisconnect: ({ event }) => closings.push([event?.code ?? null, event?.reason ?? ""]),
})
const sections = new Map()
const notices = []

function open(name) {
  const doc = new Y.Doc()
  const section = { doc, granted: null, denied: null }
  section.provider = new HocuspocusProvider({
    name, websocketProvider: socket, document: doc, awareness: name === "plan" ? undefined : null,
    onAuthenticated: ({ scope }) => (section.granted = scope),
    onAuthenticationFailed: ({ reason }) => (section.denied = reason),
    onStateless: ({ payload }) => notices.push({ document: name, ...JSON.parse(payload) }),
  })
  section.provider.attach()
  sections.set(name, section)
  return section
}

const entryOf = (section, entry) => sections.get(section).doc.getMap("entries").get(entry)
const plain = (value) => (value instanceof Y.AbstractType ? value.toJSON() : (value ?? null))
const valueOf = ({ section, entry, field }) => plain(entryOf(section, entry)?.get(field))

/** Asked again after every turn of the loop, until it holds. */
async function until(what, holds) {
  const end = Date.now() + WAIT_MS
  for (;;) {
    const found = holds()
    if (found) return found
    if (Date.now() > end) throw new Error(`${what} did not come true`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const ACTS = {
  async open({ section }) {
    const opened = open(section)
    await until(`${section} open`, () => opened.denied !== null || opened.provider.isSynced)
    return { granted: opened.granted, denied: opened.denied, entries: [...opened.doc.getMap("entries").keys()] }
  },
  anew({ section }) {
    sections.get(section).provider.destroy()
    return ACTS.open({ section })
  },
  value: valueOf,
  entries: ({ section }) => plain(sections.get(section).doc.getMap("entries")),
  set({ section, entry, field, value }) {
    entryOf(section, entry).set(field, value)
  },
  member({ section, entry, field, member, present }) {
    entryOf(section, entry).get(field).set(member, present)
  },
  insert({ section, entry, field, index, words }) {
    const text = entryOf(section, entry).get(field)
    text.insert(index ?? text.length, words)
  },
  remove({ section, entry, field, index, length }) {
    entryOf(section, entry).get(field).delete(index, length)
  },
  /** Type so many letters with a slip behind each that is taken back; every key is an edit of its own. */
  correct({ section, entry, field, count }) {
    const text = entryOf(section, entry).get(field)
    for (let slip = 0; slip < count; slip++) {
      text.insert(0, "q")
      text.delete(0, 1)
      text.insert(0, "x")
    }
  },
  make({ section, entry }) {
    sections.get(section).doc.getMap("entries").set(entry, new Y.Map())
  },
  holds: (what) => until(JSON.stringify(what), () => JSON.stringify(valueOf(what)) === JSON.stringify(what.value) && (valueOf(what) ?? "nothing")),
  includes: (what) => until(JSON.stringify(what), () => String(valueOf(what)).includes(what.words) && valueOf(what)),
  saved: ({ section }) => until(`${section} saved`, () => sections.get(section).provider.isAuthenticated && !sections.get(section).provider.hasUnsyncedChanges),
  notice: ({ kind, document }) => until(`a notice ${kind}`, () => notices.find((each) => each.kind === kind && (!document || each.document === document))),
  present: ({ people, draft }) => until(`${people} people here`, () => {
    const here = [...sections.get("plan").provider.awareness.getStates().values()].filter((state) => state.person)
    const drafted = draft === undefined || here.some((state) => state.draft === draft)
    return new Set(here.map(({ person }) => person)).size === people && drafted && here
  }),
  say({ state }) {
    sections.get("plan").provider.awareness.setLocalState(state)
  },
  away: () => until("the line is gone", () => socket.status !== "connected"),
  cut() {
    socket.disconnect()
    return until("the line is cut", () => socket.status === "disconnected")
  },
  back() {
    socket.connect()
    return until("the line is back", () => socket.status === "connected" && true)
  },
  closings: () => closings,
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: act, ...told } = JSON.parse(line)
  Promise.resolve()
    .then(() => ACTS[act](told))
    .then((answer) => console.log(JSON.stringify({ id, answer: answer ?? null })))
    .catch((fault) => console.log(JSON.stringify({ id, fault: String(fault?.stack ?? fault) })))
}
process.exit(0)
