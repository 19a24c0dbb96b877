/** What a register holds and what its control shows, and what is wrong with a value before it is sent: crdt/fields.py's rules. */

/** @typedef {string | number | boolean | null} Scalar */

/** A register holds one line; what is longer belongs into a text. */
export const LINE_CHARACTERS_MAX = 500

const RANGE = /^(?=.*\d)(-?\d+(\.\d+)?)?\.\.(-?\d+(\.\d+)?)?$/
const PHONE = /^[0-9+(). \-x]{3,30}$/
const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/
const DATE = /^\d{4}-\d{2}-\d{2}$/

/** @type {Record<string, (value: string) => string>} */
const FAULTS = {
  number: (value) => (isFinite(Number(value)) ? "" : "Enter a number."),
  date: (value) => (DATE.test(value) && !isNaN(Date.parse(value)) ? "" : "Enter a date, for example 2026-11-21."),
  range: (value) => (RANGE.test(value) ? "" : "Enter a range, for example 60..80, ..130 or 180.. ."),
  phone: (value) => (PHONE.test(value) ? "" : "Enter a telephone number, for example 555-0100."),
  language: (value) => (LANGUAGE.test(value) ? "" : "Enter a language tag, for example es."),
}

/**
 * Return what is wrong with what stands in a control, in words for the person, or "".
 * @param {string} form @param {string} shown @param {boolean} [required] @param {string} [zone] the plan's
 * @returns {string}
 */
export function faultOfShown(form, shown, required = false, zone = "UTC") {
  const words = shown.trim()
  if (words === "") return required ? "This can't be empty." : ""
  if ([...words].length > LINE_CHARACTERS_MAX) return `This is over ${LINE_CHARACTERS_MAX} characters. Shorten it.`
  if (form === "instant") return faultOfLocal(words, zone)
  return FAULTS[form]?.(form === "range" ? asRange(words) : words) ?? ""
}

/** @param {string} words @returns {string} a range as people write it, 60 - 80 or 60 to 80, as a register holds it */
function asRange(words) {
  return words.replace(/^(-?\d+(?:\.\d+)?)\s*(?:-|\u2013|to)\s*(-?\d+(?:\.\d+)?)$/i, "$1..$2")
}

const UNSEEN =
  /[\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e007f}]/gu
const JOINS_NOTHING = /(?<![^\s\u200c\u200d])[\u200c\u200d]+|[\u200c\u200d]+(?![^\s\u200c\u200d])/gu

/** @param {string} line @returns {string} the line without what can't be seen: crdt/characters.py's rule */
export function visible(line) {
  return line.replace(UNSEEN, "").replace(JOINS_NOTHING, "")
}

/** @param {string} form @param {string} shown @param {string} [zone] @returns {Scalar} the register's value for what stands in its control */
export function valueOfShown(form, shown, zone = "UTC") {
  // A tab pasted from a spreadsheet is a space; anything else below 32 can't come from a one-line control.
  const words = visible(shown.replace(/[\0-\x1f]+/g, " ")).trim()
  if (words === "") return form === "number" ? null : ""
  if (form === "number") return Number(words)
  if (form === "range") return asRange(words)
  if (form === "instant") return new Date(instantsOf(words, zone)[0] ?? NaN).toISOString().replace(/\.\d{3}Z$/, "Z")
  return words
}

/** @param {string} form @param {unknown} value @param {string} [zone] @returns {string} what a control shows for a register's value */
export function shownOfValue(form, value, zone = "UTC") {
  if (value === null || value === undefined) return ""
  if (form === "instant") return localMinute(Date.parse(String(value)), zone)
  if (typeof value === "boolean") return value ? "yes" : "no"
  return String(value)
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const CLOCKS = new Map()

/** @param {string} zone an IANA name @returns {Intl.DateTimeFormat} the clock on the wall there */
function clockOf(zone) {
  const known = CLOCKS.get(zone)
  if (known) return known
  const clock = new Intl.DateTimeFormat("en-CA-u-hc-h23-ca-iso8601-nu-latn", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  })
  CLOCKS.set(zone, clock)
  return clock
}

/** @param {number} instant @param {string} zone @returns {string} as a datetime-local control takes it, or "" */
export function localMinute(instant, zone) {
  if (isNaN(instant)) return ""
  const parts = Object.fromEntries(clockOf(zone).formatToParts(instant).map(({ type, value }) => [type, value]))
  return `${String(parts.year).padStart(4, "0")}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`
}

/** No zone is further from UTC than this, and none changes its clock twice within it. */
const OFFSET_MS_MAX = 24 * 3_600_000

/**
 * Return the instants at which the zone's clock shows this: one, none where it jumps, two where it is put back.
 * The rule of web/views/local_times.py: a datetime-local control means the plan's clock, never the browser's.
 * @param {string} local @param {string} zone @returns {number[]}
 */
export function instantsOf(local, zone) {
  const minute = local.slice(0, 16)
  const asUtc = Date.parse(`${minute}Z`)
  if (isNaN(asUtc)) return []
  const tried = [asUtc - OFFSET_MS_MAX, asUtc + OFFSET_MS_MAX].map((near) => asUtc - (Date.parse(`${localMinute(near, zone)}Z`) - near))
  return [...new Set(tried)].filter((instant) => localMinute(instant, zone) === minute).sort((one, other) => one - other)
}

/** @param {string} local @param {string} zone @returns {string} */
function faultOfLocal(local, zone) {
  if (isNaN(Date.parse(`${local.slice(0, 16)}Z`))) return "Enter a date and time."
  const found = instantsOf(local, zone).length
  if (found === 0) return "There is no such time that day: the clocks go forward over it. Enter another time."
  return found === 1 ? "" : "This time comes twice: the clocks are put back that night. Choose Edit, which asks which of the two you mean."
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** @param {string} shown a date, or a date and time, as its control holds it @returns {string} as in 21-Nov-2026 08:21 */
export function dateInWords(shown) {
  const [, year, month, day, time] = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2}))?/.exec(shown) ?? []
  if (!year) return ""
  return `${day}-${MONTHS[Number(month) - 1]}-${year}${time ? ` ${time}` : ""}`
}

/** @param {Scalar | undefined} one @param {Scalar | undefined} other @returns {boolean} a cleared register is empty, however it was cleared */
export function sameValue(one, other) {
  return (one ?? "") === (other ?? "")
}

/** Forms whose plain value is also what one reads; the others are put in words by the hub. */
export const READ_AS_THEY_ARE = new Set(["line", "phone"])
