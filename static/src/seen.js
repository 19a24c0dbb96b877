/** What was looked at for two seconds is seen, section by section; `e` marks everything here, and can be taken back. */
import { ask } from "./belonging.js"

const LOOKED_MS = 2_000

/** So much of a section, or of the window, has to be the section in sight. */
const IN_SIGHT = 0.6

/** The words with the way back stay this long. */
const UNDO_MS = 10_000

/** @type {Map<string, ReturnType<typeof setTimeout>>} section -> the look that has begun */
const looks = new Map()

/** section -> the row up to which it was marked from here. @type {Map<string, string>} */
const marked = new Map()

/** @param {IntersectionObserverEntry} entry @returns {boolean} */
function inSight({ isIntersecting, intersectionRatio, intersectionRect, rootBounds }) {
  const window = rootBounds?.height ?? innerHeight
  return isIntersecting && (intersectionRatio >= IN_SIGHT || intersectionRect.height >= IN_SIGHT * window)
}

/** @param {Element} section */
function look(section) {
  const name = section.getAttribute("data-section") ?? ""
  if (looks.has(name) || document.visibilityState !== "visible") return
  looks.set(name, setTimeout(() => {
    looks.delete(name)
    const news = section.querySelector("form[data-news]")
    if (news instanceof HTMLFormElement && section.isConnected) void mark(name, news)
  }, LOOKED_MS))
}

/** @param {string} name @param {HTMLFormElement} news */
async function mark(name, news) {
  const seq = news.dataset.seq ?? ""
  if (marked.get(name) === seq) return
  marked.set(name, seq)
  const answer = await ask(news.action, { method: "POST", body: new URLSearchParams([["section", name], ["seq", seq]]), redirect: "manual" }).catch(() => null)
  if (answer === null) marked.delete(name)
}

/** @param {Element} section */
function lookAway(section) {
  const name = section.getAttribute("data-section") ?? ""
  clearTimeout(looks.get(name))
  looks.delete(name)
}

export function watchLooks() {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (inSight(entry)) look(entry.target)
        else lookAway(entry.target)
      }
    },
    { threshold: [0, 0.2, 0.4, IN_SIGHT, 0.8, 1] },
  )
  const scan = () => {
    observer.disconnect()
    for (const news of document.querySelectorAll("form[data-news]")) {
      const section = news.closest("section.section")
      if (section) observer.observe(section)
    }
  }
  scan()
  document.addEventListener("visibilitychange", () => {
    for (const look of looks.values()) clearTimeout(look)
    looks.clear()
    if (document.visibilityState === "visible") scan()
  })
  document.addEventListener("htmx:after:swap", ({ target }) => {
    scan()
    if (target instanceof Element && target.closest("#seen")) fade(target)
  })
}

/** @param {Element} words */
function fade(words) {
  const shown = words.firstElementChild
  setTimeout(() => shown?.isConnected && !shown.contains(document.activeElement) && shown.remove(), UNDO_MS)
}

/** @returns {import("./keys.js").Key} */
export function seenKey() {
  return { keys: "e", words: "Mark everything here seen", act: markAll, on: '.patient button[data-key="e"], [data-seen-all] button' }
}

function markAll() {
  const here = document.activeElement?.closest(".patient")?.querySelector('button[data-key="e"]') ?? document.querySelector("[data-seen-all] button")
  if (here instanceof HTMLButtonElement) here.click()
}
