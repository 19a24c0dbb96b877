/**
 * htmx with its Trusted Types policy, and two rules of ours: its morph leaves a bound control to the person in it, and
 * what stands alone on a page (web/templates/fragment.html) goes its way without htmx.
 */
import htmx from "htmx.org/dist/htmx.esm.js"
import { mayRenew } from "./open_rows.js"

/** @typedef {{ createHTML: (words: string) => unknown, createScript: (words: string) => unknown, createScriptURL: (address: string) => unknown }} Policy */
/** @typedef {{ initSecurity: (policy: Policy) => void }} HtmxInternals */

/** The only script that a page may ask for by its address: the service worker. */
const WORKER = "/offline.js"

/** @returns {Policy} the only policy that the content security policy names; what passes it was rendered and escaped by the hub */
function policy() {
  /** @type {Policy} */
  const rules = { createHTML: (words) => words, createScript: () => "", createScriptURL: () => WORKER }
  const types = /** @type {{ trustedTypes?: { createPolicy: (name: string, rules: Policy) => Policy } }} */ (window).trustedTypes
  return types ? types.createPolicy("htmx", rules) : rules
}

const own = policy()

/** @returns {string} the service worker's address, as the browser wants it: of a policy's making */
export function workerAddress() {
  return /** @type {string} */ (own.createScriptURL(WORKER))
}

/** @param {HTMLSelectElement} old @param {Element} fresh takes the choices over and keeps what is chosen */
function takeChoices(old, fresh) {
  const { value } = old
  old.replaceChildren(...Array.from(fresh.childNodes, (child) => child.cloneNode(true)))
  if (![...old.options].some((option) => option.value === value)) old.add(new Option(value, value))
  old.value = value
}

/**
 * Whether the browser sends a form or follows a link itself: alone on a page it has no slot to be answered in and no
 * section around it that would renew, so an answer to htmx would be seen by nobody. @param {Element} element
 */
function goesPlainly(element) {
  if (!element.closest("[data-alone]")) return false
  return element.matches("form[method=post]") || (element.getAttribute("hx-target") ?? "").startsWith("#")
}

htmx.registerExtension("bound-fields", {
  init: (/** @type {HtmxInternals} */ internals) => internals.initSecurity(own),
  htmx_before_init: (/** @type {Element} */ element) => !goesPlainly(element),
  htmx_before_morph_node: (/** @type {Element} */ old, /** @type {{ newNode: Element }} */ { newNode }) => {
    if (newNode instanceof Element && !mayRenew(old, newNode)) return false
    if (!(old instanceof HTMLSelectElement) || !old.hasAttribute("data-live")) return true
    if (newNode instanceof HTMLSelectElement) takeChoices(old, newNode)
    return false
  },
})

export default htmx
