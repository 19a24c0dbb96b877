/** The plan's page. */
import "./extra_styles.js"
import "./hypermedia.js"
import { keepDrawer } from "./drawer.js"
import { keepSections } from "./fragments.js"
import { keepForms } from "./kept_forms.js"
import { commonKeys, listen, planKeys } from "./keys.js"
import { keepWhole } from "./lengths.js"
import { clearSentLines, tidyMenus } from "./menus.js"
import { button } from "./messages.js"
import { followReading } from "./jump.js"
import { PlanPage } from "./plan_page.js"
import { foldSections } from "./folds.js"
import { rove } from "./roving.js"
import { keepRows } from "./rows.js"
import { seenKey, watchLooks } from "./seen.js"
import { watchSession } from "./session_left.js"
import { tellZone } from "./zones.js"

/** @param {PlanPage} page whose quiet mode hides where others are, in this page only; their edits go on coming in */
function addQuietMode(page) {
  const toggle = button("Quiet mode", () => {
    page.presence.quiet = !page.presence.quiet
    toggle.ariaPressed = String(page.presence.quiet)
    page.presence.draw()
  })
  toggle.id = "quiet-mode"
  toggle.ariaPressed = "false"
  toggle.title = "Hide where others are typing"
  document.getElementById("here")?.after(toggle)
}

function start() {
  keepWhole(document)
  keepSections()
  keepForms()
  keepDrawer()
  watchLooks()
  watchSession()
  tellZone()
  tidyMenus()
  clearSentLines()
  const page = new PlanPage(document.body.dataset)
  addQuietMode(page)
  foldSections(document.body.dataset.person ?? "")
  rove()
  followReading()
  keepRows({
    drafting: (entry) => page.bindings.drafting(entry),
    say: (words) => page.status.say(words),
    rescan: () => page.rescan(),
  })
  document.addEventListener("htmx:after:swap", () => page.rescan())
  document.addEventListener("focusin", ({ target }) => target instanceof Element && page.entered(target))
  document.addEventListener("focusout", ({ relatedTarget }) => relatedTarget === null && page.entered(document.body))
  addEventListener("scroll", () => page.presence.draw(), { capture: true, passive: true })
  addEventListener("beforeunload", (event) => page.unsaved > 0 && event.preventDefault())
  listen([
    ...commonKeys(),
    ...planKeys(),
    seenKey(),
    { keys: "u", words: "Take back my last edit", act: () => page.undo() },
    { keys: "Alt+Shift+w", words: "Say who is here", act: () => page.sayWhoIsHere() },
  ])
}

start()
