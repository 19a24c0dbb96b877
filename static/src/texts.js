/** Differences between two states of one text, as a single splice on whole code points, and what of a text the hub takes. */

/** @typedef {{ index: number, remove: number, insert: string }} Splice offsets in UTF-16 units, as Yjs and the DOM count */

/** A text above this is refused by the hub with the advice to split it. */
export const TEXT_CHARACTERS_MAX = 20_000

/** @param {string} text @param {number} index @returns {boolean} whether a cut at index would part a surrogate pair */
function partsPair(text, index) {
  if (index <= 0 || index >= text.length) return false
  const before = text.charCodeAt(index - 1)
  const after = text.charCodeAt(index)
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff
}

/**
 * Return the splice that turns `before` into `after`, or null where they are equal. Where several would do ("aa" to "aaa"),
 * it is the one that ends at `caret`, the place of the caret in `after`: that is where the person typed.
 * @param {string} before @param {string} after @param {number} [caret]
 * @returns {Splice | null}
 */
export function difference(before, after, caret = after.length) {
  if (before === after) return null
  let tail = 0
  const tailMax = Math.min(before.length, after.length, Math.max(0, after.length - caret))
  while (tail < tailMax && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)) tail++
  let head = 0
  const headMax = Math.min(before.length, after.length) - tail
  while (head < headMax && before.charCodeAt(head) === after.charCodeAt(head)) head++
  // The caret only biases: what is still equal behind the change belongs to the tail.
  while (
    tail < Math.min(before.length, after.length) - head &&
    before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)
  ) tail++
  while (head > 0 && (partsPair(before, head) || partsPair(after, head))) head--
  while (tail > 0 && (partsPair(before, before.length - tail) || partsPair(after, after.length - tail))) tail--
  return { index: head, remove: before.length - tail - head, insert: after.slice(head, after.length - tail) }
}

/**
 * Return the words as the hub takes them: no half pairs, no replacement characters, line feeds alone.
 * @param {string} words @returns {string}
 */
export function clean(words) {
  return words
    .replace(/\r\n?/g, "\n")
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\ufffd|\0/g, "")
}

/** @param {string} words @returns {string} a sentence when it is too long, otherwise "" */
export function faultOfText(words) {
  return [...words].length > TEXT_CHARACTERS_MAX
    ? `This note is over ${TEXT_CHARACTERS_MAX.toLocaleString("en-US")} characters. Split it.`
    : ""
}
