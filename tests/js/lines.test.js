import assert from "node:assert/strict"
import { afterEach, beforeEach, mock, test } from "node:test"
import { HELD_MS_MIN, Line, OPENING_MS_MAX, SILENCE_MS_MAX, delayBefore } from "../../static/src/lines.js"
import { HearingSocket, aBrowser, letGo } from "./browsers.js"

const PING = Uint8Array.of(9)
let browser
let told

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 })
  mock.method(Math, "random", () => 0.999)
  browser = aBrowser()
  told = []
})

afterEach(() => {
  letGo()
  mock.restoreAll()
  mock.timers.reset()
})

function aLine() {
  const note = (/** @type {string} */ name) => (...rest) => told.push([name, ...rest])
  return new Line("/plans/p/live", { opened: note("opened"), received: note("received"), connected: note("connected"), lost: note("lost"), tooLarge: note("too large"), stopped: note("stopped") })
}

const socket = () => HearingSocket.made[HearingSocket.made.length - 1]
const sockets = () => HearingSocket.made.length
const names = () => told.map(([name]) => name)
const pass = (ms) => mock.timers.tick(ms)

function up() {
  socket().open()
  socket().give(Uint8Array.of(1, 2))
}

test("a line is up once the hub has spoken, not when the socket opens", () => {
  aLine()
  socket().open()
  assert.deepEqual(names(), ["opened"])
  socket().give(Uint8Array.of(1, 2))
  assert.deepEqual(names(), ["opened", "connected", "received"])
})

test("pings are answered and kept from the page, and keep the line", () => {
  aLine()
  up()
  for (let minute = 0; minute < 6; minute++) {
    pass(20_000)
    socket().give(PING)
  }
  assert.deepEqual(names(), ["opened", "connected", "received"])
  assert.deepEqual(socket().sent.at(-1), Uint8Array.of(10))
})

test("after 35 s without a word the line is lost since the last one, and the hub is called again at once", () => {
  aLine()
  up()
  const heard = Date.now()
  pass(SILENCE_MS_MAX - 1)
  assert.equal(sockets(), 1)
  pass(1)
  assert.deepEqual(told.at(-1), ["lost", heard, "silence"])
  assert.equal(socket().readyState, 3)
  pass(500)
  assert.equal(sockets(), 2)
})

test("a line that is closed for what was sent on it says so, and comes back no faster than any other", () => {
  aLine()
  up()
  socket().end(1009)
  assert.deepEqual(names().slice(-2), ["lost", "too large"])
  pass(499)
  assert.equal(sockets(), 1)
  pass(1)
  assert.equal(sockets(), 2)
  up()
  socket().end(1009)
  pass(999)
  assert.equal(sockets(), 2)
})

test("an upgrade that nobody answers is given up", () => {
  aLine()
  pass(OPENING_MS_MAX)
  assert.deepEqual(told.at(-1), ["lost", Date.now(), "silence"])
  pass(500)
  assert.equal(sockets(), 2)
})

test("a hub that answers the upgrade and then says nothing is given up as well", () => {
  aLine()
  socket().open()
  pass(OPENING_MS_MAX)
  assert.deepEqual(names(), ["opened", "lost"])
})

test("what a socket says that was given up reaches nobody", () => {
  aLine()
  up()
  const old = socket()
  pass(SILENCE_MS_MAX + 500)
  told.length = 0
  old.give(Uint8Array.of(1, 2))
  old.end(4403, "too late")
  assert.deepEqual(told, [])
})

for (const code of [1009, 1013, 1012, 4400, 4503, 1006]) {
  test(`a hub that ends every socket with ${code} is called ever more seldom, at most every eight seconds in the end`, () => {
    aLine()
    const began = Date.now()
    for (let minute = 0; Date.now() - began < 120_000; ) {
      if (socket().readyState === 0) {
        up()
        socket().end(code, "again")
      }
      pass(100)
    }
    assert.ok(sockets() < 22, `${sockets()} sockets in two minutes`)
  })
}

test("delays double up to eight seconds and are never the same for all", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 9].map((attempt) => delayBefore(attempt, 0)), [250, 500, 1_000, 2_000, 4_000, 4_000])
  assert.ok(delayBefore(9, 0.999) < 8_000)
})

test("after a line that held, the next delay is the shortest", () => {
  aLine()
  for (let round = 0; round < 5; round++) {
    up()
    socket().end(1006, "")
    pass(8_000)
  }
  up()
  pass(HELD_MS_MIN)
  const before = sockets()
  socket().end(1006, "")
  pass(500)
  assert.equal(sockets(), before + 1)
})

test("the browser's word that the network is gone counts at once, and that it is back, too", () => {
  aLine()
  up()
  browser.tell("offline")
  assert.deepEqual(told.at(-1), ["lost", Date.now(), "offline"])
  for (let round = 0; round < 6; round++) {
    pass(8_000)
    socket().end(1006, "")
  }
  const before = sockets()
  browser.tell("online")
  pass(0)
  pass(500)
  assert.equal(sockets(), before + 1)
})

test("a page that wakes after a long sleep doesn't trust its line", () => {
  aLine()
  up()
  mock.timers.setTime(Date.now() + 3_600_000)
  told.length = 0
  browser.document.tell("visibilitychange")
  assert.deepEqual(names().slice(0, 1), ["lost"])
})

test("a page that is seen again doesn't wait for its turn, and doesn't hurry either", () => {
  aLine()
  for (let round = 0; round < 6; round++) {
    socket().end(1006, "")
    pass(8_000)
  }
  socket().end(1006, "")
  const before = sockets()
  for (let look = 0; look < 50; look++) browser.document.tell("visibilitychange")
  pass(500)
  assert.equal(sockets(), before + 1)
})

test("a hub that answers while every upgrade fails is called blocked, not offline", async () => {
  aLine()
  for (let round = 0; round < 3; round++) {
    socket().end(1006, "")
    pass(round < 2 ? 8_000 : 0)
  }
  assert.deepEqual(told.at(-1)?.[2], "closed")
  await browser.answered()
  assert.deepEqual(told.at(-1)?.[2], "blocked")
  assert.deepEqual(browser.asked, ["/healthz"])
})

test("a hub that is not there at all is not called blocked", async () => {
  browser.answers = false
  aLine()
  for (let round = 0; round < 5; round++) {
    socket().end(1006, "")
    pass(8_000)
  }
  await browser.answered()
  assert.ok(told.every(([, , cause]) => cause !== "blocked"))
})

for (const [code, closing] of [[4401, "sign in"], [4403, "ended"], [4404, "none"]]) {
  test(`after ${code} the page does not come back by itself, whatever happens`, () => {
    aLine()
    up()
    socket().end(code, "the reason")
    assert.deepEqual(told.at(-1), ["stopped", closing, "the reason"])
    browser.tell("online")
    browser.document.tell("visibilitychange")
    pass(600_000)
    assert.equal(sockets(), 1)
  })
}

test("after signing in again it does", () => {
  const line = aLine()
  up()
  socket().end(4401, "signed out")
  line.resume()
  pass(500)
  up()
  assert.equal(sockets(), 2)
  assert.equal(told.at(-2)?.[0], "connected")
})

test("storage away is told as such", () => {
  aLine()
  socket().open()
  socket().end(1013, "the storage is away")
  assert.equal(told.at(-1)?.[2], "storage")
})
