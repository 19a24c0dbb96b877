/** The room of a huddle: everyone's page goes where the driver goes, until one leaves or types; the keys; the two-minute bar. */
import "./extra_styles.js"
import htmx from "./hypermedia.js"
import { ask } from "./belonging.js"
import { commonKeys, listen } from "./keys.js"
import { keepWhole } from "./lengths.js"
import { NoticeSocket } from "./notice_socket.js"
import { watchSession } from "./session_left.js"
import { tellZone } from "./zones.js"
import { Status } from "./status.js"

/** Nudges that come together are answered by one fetch. */
const GATHER_MS = 60
const SECONDS_MAX = 120

/** @returns {HTMLElement | null} */
const stage = () => document.getElementById("stage")

/** @returns {HTMLInputElement[]} the lines of the room */
const lines = () => /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("input[data-line]")])

/** @returns {boolean} whether somebody is in the middle of a line here */
const typing = () => lines().some((line) => line.value.trim() !== "")

/** @returns {string} the patient that the page stays at, "" while it follows */
const at = () => new URL(location.href).searchParams.get("at") ?? ""

/** @param {string} plan "" to follow again */
function stay(plan) {
  const url = new URL(location.href)
  if (plan) url.searchParams.set("at", plan)
  else url.searchParams.delete("at")
  history.replaceState(null, "", url)
}

let since = performance.now()

function tick() {
  /** @type {HTMLElement | null} */
  const timer = document.querySelector(".timer")
  if (!timer) return
  const runs = timer.dataset.runs === "yes"
  const seconds = Number(timer.dataset.seconds) + (runs ? Math.floor((performance.now() - since) / 1000) : 0)
  const clock = timer.querySelector("[data-clock]")
  const bar = timer.querySelector("progress")
  const words = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`
  if (clock && clock.textContent !== words) clock.textContent = words
  if (bar) bar.value = Math.min(seconds, SECONDS_MAX)
  timer.dataset.tone = seconds >= SECONDS_MAX ? "alert" : seconds * 4 >= SECONDS_MAX * 3 ? "warn" : "calm"
}

/** What stands now, as this person may see it. @param {boolean} [force] also while somebody types here @returns {Promise<void>} */
async function look(force = false) {
  const shown = stage()
  if (!shown) return
  const { huddle } = document.body.dataset
  const response = await ask(`/huddles/${huddle}/stage${at() ? `?at=${at()}` : ""}`, { headers: { "HX-Request": "true" } })
  if (response.status === 404 || response.redirected) return location.reload()
  if (!response.ok) return
  const text = await response.text()
  // An answer that was on its way when the huddle went on would take everyone back to where it was.
  if (versionOf(text) < Number(stage()?.dataset.version)) return
  // Whoever is typing is not carried along: their page stays at the patient they write about.
  const { shown: patient } = stage()?.dataset ?? {}
  if (!force && !at() && patient && typing() && !text.includes(`data-shown="${patient}"`)) {
    stay(patient)
    return look()
  }
  const target = stage()
  const was = target?.dataset.shown
  // Why something was refused stays until this person does the next thing, whatever others do meanwhile.
  const refusal = document.getElementById("refusal")?.textContent?.trim() ?? ""
  if (target) await htmx.swap({ sourceElement: target, target, swap: "outerMorph", text })
  focusAgain()
  if (refusal && !force) refuse(refusal)
  arrived(was)
}

/** @param {string} text a stage @returns {number} how many acts the huddle had when it was rendered */
const versionOf = (text) => Number(/data-version="(\d+)"/.exec(text)?.[1] ?? Infinity)

/** The id of the line that somebody is about to type in, "" for none: what they left themselves is none. */
let line = ""

/** Letters typed next must not become keys: a swap never takes the line from under the hands. */
function focusAgain() {
  if (line && document.activeElement === document.body) document.getElementById(line)?.focus()
}

/** @param {HTMLInputElement} field left for good, so that keys are keys again */
function leave(field) {
  line = ""
  field.blur()
}

function watchFocus() {
  addEventListener("focusin", ({ target }) => (line = target instanceof HTMLInputElement && target.dataset.line ? target.id : ""))
  addEventListener("pointerdown", () => (line = ""))
}

/** @param {string | undefined} was the patient before */
function arrived(was) {
  since = performance.now()
  tick()
  const now = stage()
  if (!now || was === undefined || now.dataset.shown === was) return
  // The next patient is read from the top, not from where one had got to with the last.
  if (now.getBoundingClientRect().top < 0) now.scrollIntoView({ block: "start" })
  say(`Now ${document.querySelector(".huddle-name")?.textContent?.trim().split("\n")[0] ?? ""}`)
}

/** @param {string} words why nothing happened, "" for nothing to tell */
function refuse(words) {
  const slot = document.getElementById("refusal")
  if (!slot) return
  slot.hidden = words === ""
  slot.textContent = words
}

/** @param {string} words */
function say(words) {
  const region = document.getElementById("say")
  if (region) region.textContent = words
}

/** @type {ReturnType<typeof setTimeout> | null} */
let waiting = null
let looking = Promise.resolve()

function lookSoon() {
  waiting ??= setTimeout(() => {
    waiting = null
    looking = looking.then(() => look()).catch(() => {})
  }, GATHER_MS)
}

/** @param {string} key presses what carries it: a button of a form, or a link followed in place */
function press(key) {
  /** @type {HTMLElement | null} */
  const element = document.querySelector(`#stage [data-key="${key}"]`)
  if (element instanceof HTMLAnchorElement) return follow(element)
  element?.click()
}

/** @param {HTMLAnchorElement} link */
function follow(link) {
  const url = new URL(link.href)
  stay(url.searchParams.get("at") ?? "")
  void look(true)
}

/** @param {string} key */
function write(key) {
  const line = document.querySelector(`input[data-line="${key}"]`)
  if (!(line instanceof HTMLInputElement)) return
  line.closest("details")?.setAttribute("open", "")
  line.focus()
  line.scrollIntoView({ block: "center" })
}

/** @returns {import("./keys.js").Key[]} */
function roomKeys() {
  const presses = /** @type {[string, string][]} */ ([["j", "Done, next patient"], ["k", "Back"], ["p", "Park"], ["f", "Flag"], ["d", "Take over"], ["o", "Join"], ["s", "Start, or sign"], ["v", "Follow again"], ["g", "Take everyone here"]])
  const writes = /** @type {[string, string][]} */ ([["a", "Decide"], ["t", "Task"], ["i", "If"], ["x", "Owner and day of a task"], ["r", "Read back"], ["n", "For the team only"]])
  const common = commonKeys().filter(({ keys }) => keys !== "j" && keys !== "k")
  return [
    ...common,
    ...presses.map(([keys, words]) => ({ keys, words, act: () => press(keys), on: `#stage [data-key="${keys}"]` })),
    ...writes.map(([keys, words]) => ({ keys, words, act: () => write(keys), on: `input[data-line="${keys}"]` })),
    { keys: "Escape", words: "Leave the field, then leave following", act: () => press("Esc") },
  ]
}

/** What was typed and is on its way, by the field's id. @type {Map<string, string>} */
const sent = new Map()

/** A line that was not taken stands in its field again, unless another is being typed there. @param {Element} form */
function giveBack(form) {
  const line = form.querySelector("input[data-line]")
  if (!(line instanceof HTMLInputElement) || line.value) return
  line.value = sent.get(line.id) ?? ""
  if (line.value) line.focus()
}

/** A link that opened a form takes it away again; capturing, so that htmx does not fetch it anew. */
function watchForms() {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-toggles]") : null
    const slot = link ? document.querySelector(link.getAttribute("hx-target") ?? "") : null
    if (!slot?.firstElementChild) return
    event.preventDefault()
    event.stopPropagation()
    slot.replaceChildren()
  }, { capture: true })
}

function watchLines() {
  addEventListener("keydown", (event) => {
    const field = event.target
    if (event.key !== "Escape" || !(field instanceof HTMLInputElement)) return
    event.preventDefault()
    leave(field)
  })
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("#stage a[data-key]") : null
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    follow(link)
  })
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = /** @type {CustomEvent<{ ctx: { sourceElement: Element, response?: { status: number } } }>} */ (event).detail
    const status = ctx.response?.status ?? 200
    // A page that says the record is out of reach must not stand where the huddle stood: the words typed stay.
    if (status >= 500 || status === 401 || status === 404) {
      event.preventDefault()
      giveBack(ctx.sourceElement)
      return refuse(status >= 500 ? "Not saved: the hub can't reach its record. Your words are still here; try again." : "Not saved. Reload the page and try again.")
    }
    if (status >= 400) giveBack(ctx.sourceElement)
  })
  document.addEventListener("htmx:error", ({ target }) => target instanceof Element && giveBack(target))
  // A line that is on its way leaves its field at once, so that the next one is not typed behind it.
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = /** @type {CustomEvent<{ ctx: { sourceElement: Element } }>} */ (event).detail
    refuse("")
    const field = ctx.sourceElement.querySelector("input[data-line]")
    if (!(field instanceof HTMLInputElement)) return
    sent.set(field.id, field.value)
    field.value = ""
    leave(field)
  })
  document.addEventListener("htmx:after:swap", ({ target }) => {
    // A form opens where one is looking.
    if (target instanceof Element && target.matches(".entry-form")) target.scrollIntoView({ block: "nearest" })
    focusAgain()
    arrived(undefined)
  })
}

function start() {
  keepWhole(document)
  const status = new Status(document, () => location.reload())
  new NoticeSocket(document.body.dataset.socket ?? "", {
    connected: () => status.happened({ kind: "connected" }),
    lost: (since, cause) => status.happened({ kind: "lost", since, cause }),
    signedOut: () => status.happened({ kind: "signed out" }),
    ended: (reason) => status.happened({ kind: "ended", reason }),
    noticed: (notice) => notice.kind === "huddle" && lookSoon(),
  })
  watchFocus()
  watchLines()
  watchForms()
  watchSession()
  tellZone()
  listen(roomKeys())
  setInterval(tick, 500)
  tick()
}

start()
