/** When a page that is kept on a device opens, and what the hub's answer does to it. */
import assert from "node:assert/strict"
import test from "node:test"
import { dated, filesIn, heeding, isAway, isFile, isHome, markIn, opens } from "../../static/src/page_keeping.js"

const HOUR = 3_600_000
const PLAN = "01a22114-833b-7857-998e-98371cda1f89"

test("a page opens for as many hours as its hub said, and not a moment longer", () => {
  for (const hours of [24, 168]) {
    assert.ok(opens(0, hours, 0))
    assert.ok(opens(0, hours, hours * HOUR - 1))
    assert.ok(!opens(0, hours, hours * HOUR))
  }
  assert.ok(!opens(0, 0, 0))
})

test("a clock that was set back makes no page young again", () => {
  assert.ok(opens(HOUR, 24, HOUR - 60_000))
  assert.ok(!opens(HOUR, 24, 0))
})

test("nothing is kept but the two pages of those at home", () => {
  assert.ok(isHome(`/plans/${PLAN}/family`) && isHome(`/plans/${PLAN}/mine`))
  for (const other of [`/plans/${PLAN}`, `/plans/${PLAN}/family/sheet`, `/plans/${PLAN}/family/`, `/plans/${PLAN}/mine/settings`, "/panel", "/sessions"]) assert.ok(!isHome(other), other)
})

test("files are named by the hash of what the hub serves, and each is wanted once", () => {
  const html = '<link href="/static/0123456789abcdef/family.css"><script src="/static/0123456789abcdef/dist/family.js"></script><link href="/static/0123456789abcdef/family.css"><a href="/static/../x">'
  assert.deepEqual(filesIn(html), ["/static/0123456789abcdef/family.css", "/static/0123456789abcdef/dist/family.js"])
  assert.ok(filesIn(html).every(isFile))
  assert.ok(!isFile("/static/family.css"))
})

test("a page is opened with its date in sight, or not at all", () => {
  assert.equal(dated('<p id="kept-at" data-day="2026-11-27" hidden>From Friday</p><p hidden>'), '<p id="kept-at" data-day="2026-11-27">From Friday</p><p hidden>')
  assert.equal(dated("<p>From Friday</p>"), null)
})

test("a page says for whom it was rendered", () => {
  assert.equal(markIn('<meta name="page-of" content="p-1.s-2" data-name="Emily Hart">'), "p-1.s-2")
  assert.equal(markIn('<meta name="page-of" content="" data-name="">'), "")
})

for (const [answer, what] of /** @type {const} */ ([
  [{ type: "basic", status: 200, hours: 24, plain: true }, "keep"],
  [{ type: "basic", status: 200, hours: 24, plain: false }, "nothing"],
  [{ type: "basic", status: 200, hours: 0, plain: true }, "forget"],
  [{ type: "opaqueredirect", status: 0, hours: 0, plain: true }, "doubt"],
  [{ type: "basic", status: 401, hours: 0, plain: true }, "doubt"],
  [{ type: "basic", status: 403, hours: 0, plain: true }, "forget"],
  [{ type: "basic", status: 404, hours: 0, plain: false }, "forget"],
  [{ type: "basic", status: 409, hours: 0, plain: true }, "forget"],
  [{ type: "basic", status: 503, hours: 0, plain: true }, "nothing"],
])) {
  test(`the hub's answer ${answer.status} ${answer.type}${answer.plain ? "" : " to a question"} for ${answer.hours} hours: ${what}`, () => {
    assert.equal(heeding(answer), what)
  })
}

test("a gateway's word is no word of the hub", () => {
  for (const status of [502, 503, 504]) assert.ok(isAway(status))
  for (const status of [200, 303, 401, 403, 404, 409]) assert.ok(!isAway(status))
})
