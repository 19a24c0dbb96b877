/**
 * Changes of one text as Yjs writes them: steps that keep, insert and remove, from the first character on. One change is
 * carried over another that was made of the same text, so that two people's words stand side by side and nobody's caret moves.
 */

/** @typedef {import("./texts.js").Splice} Splice */
/** @typedef {{ retain?: number, insert?: string, delete?: number }} Step exactly one of the three; lengths in UTF-16 units */
/** @typedef {readonly Step[]} Change the rest of the text is kept */

/** Words on either side above which a comparison takes what differs for one piece: it costs the product of both. */
const COMPARED_WORDS_MAX = 1_000

/** @param {Step} step @returns {number} */
function lengthOf({ retain, insert, delete: removed }) {
  return insert?.length ?? retain ?? removed ?? 0
}

/** Gathers steps: like ones that touch become one, empty ones none. */
class Steps {
  /** @type {Step[]} */
  all = []

  /** @param {"retain" | "delete"} kind @param {number} count */
  count(kind, count) {
    const last = this.all[this.all.length - 1]
    if (count <= 0) return
    if (last?.[kind]) last[kind] = (last[kind] ?? 0) + count
    else this.all.push({ [kind]: count })
  }

  /** @param {string} words */
  insert(words) {
    const last = this.all[this.all.length - 1]
    if (!words) return
    if (last?.insert) last.insert += words
    else this.all.push({ insert: words })
  }

  /** @returns {Change} without what is kept at the end */
  get change() {
    return this.all[this.all.length - 1]?.retain ? this.all.slice(0, -1) : this.all
  }
}

/** Reads a change piece by piece; behind its end everything is kept. */
class Reading {
  #at = 0
  #taken = 0

  /** @param {Change} change */
  constructor(change) {
    this.change = change
  }

  /** @returns {Step} what is left of the step */
  get step() {
    return this.change[this.#at] ?? { retain: Infinity }
  }

  get ended() {
    return this.#at >= this.change.length
  }

  /** @returns {number} */
  get left() {
    return lengthOf(this.step) - this.#taken
  }

  /** @param {number} count at most `left` */
  take(count) {
    this.#taken += count
    if (this.left > 0) return
    this.#at += 1
    this.#taken = 0
  }
}

/**
 * Return the change that does to the text after `over` what `change` does to the text before it. Of two insertions at one
 * place that of `over` stands first if `overFirst`; the same pair carried the other way needs the opposite.
 * @param {Change} change @param {Change} over @param {boolean} overFirst @returns {Change}
 */
export function carried(change, over, overFirst) {
  const mine = new Reading(change)
  const theirs = new Reading(over)
  const steps = new Steps()
  while (!mine.ended) {
    const { insert, delete: removed } = mine.step
    if (theirs.step.insert !== undefined && (overFirst || insert === undefined)) {
      steps.count("retain", theirs.left)
      theirs.take(theirs.left)
    } else if (insert !== undefined) {
      steps.insert(insert)
      mine.take(mine.left)
    } else {
      const count = Math.min(mine.left, theirs.left)
      // What they removed needs neither to be kept nor to be removed.
      if (!theirs.step.delete) steps.count(removed ? "delete" : "retain", count)
      mine.take(count)
      theirs.take(count)
    }
  }
  return steps.change
}

/** @param {Change} change @returns {Splice[]} what is done one after the other, each where the ones before have left it */
export function splicesOf(change) {
  /** @type {Splice[]} */
  const splices = []
  let at = 0
  for (const { retain = 0, insert = "", delete: remove = 0 } of change) {
    at += retain
    if (insert || remove) splices.push({ index: at, remove, insert })
    at += insert.length
  }
  return splices
}

/** @param {Splice | null} splice @returns {Change} */
export function changeOf(splice) {
  const steps = new Steps()
  if (!splice) return []
  steps.count("retain", splice.index)
  steps.insert(splice.insert)
  steps.count("delete", splice.remove)
  return steps.change
}

/** @param {unknown} delta of a Y.Text event @returns {Change | null} null where it holds more than words */
export function changeIn(delta) {
  if (!Array.isArray(delta)) return null
  const steps = new Steps()
  for (const { retain = 0, insert = "", delete: removed = 0 } of delta) {
    if (typeof insert !== "string") return null
    steps.count("retain", retain)
    steps.insert(insert)
    steps.count("delete", removed)
  }
  return steps.change
}

/**
 * Return a change that turns the one text into the other and keeps every word that both have in the same order, for where
 * nobody told what happened in between. Words are never cut, so neither are surrogate pairs.
 * @param {string} before @param {string} after @returns {Change}
 */
export function comparison(before, after) {
  const one = before.match(/\s+|\S+/g) ?? []
  const other = after.match(/\s+|\S+/g) ?? []
  let head = 0
  while (head < Math.min(one.length, other.length) && one[head] === other[head]) head++
  let tail = 0
  while (tail < Math.min(one.length, other.length) - head && one[one.length - 1 - tail] === other[other.length - 1 - tail]) tail++
  const steps = new Steps()
  steps.count("retain", one.slice(0, head).join("").length)
  compare(steps, one.slice(head, one.length - tail), other.slice(head, other.length - tail))
  return steps.change
}

/** @param {Steps} steps @param {readonly string[]} one @param {readonly string[]} other */
function compare(steps, one, other) {
  if (one.length > COMPARED_WORDS_MAX || other.length > COMPARED_WORDS_MAX) {
    steps.insert(other.join(""))
    steps.count("delete", one.join("").length)
    return
  }
  const common = commonLengths(one, other)
  const width = other.length + 1
  let at = 0
  let to = 0
  while (at < one.length || to < other.length) {
    const [word, their] = [one[at], other[to]]
    if (word !== undefined && word === their) {
      steps.count("retain", word.length)
      at++
      to++
    } else if (their !== undefined && (word === undefined || (common[at * width + to + 1] ?? 0) >= (common[(at + 1) * width + to] ?? 0))) {
      steps.insert(their)
      to++
    } else {
      steps.count("delete", word?.length ?? 0)
      at++
    }
  }
}

/** @param {readonly string[]} one @param {readonly string[]} other @returns {Uint16Array} how many words the rest of the one from i on and of the other from j on have in common, at i * (other + 1) + j */
function commonLengths(one, other) {
  const width = other.length + 1
  const lengths = new Uint16Array((one.length + 1) * width)
  for (let at = one.length - 1; at >= 0; at--) {
    for (let to = other.length - 1; to >= 0; to--) {
      const below = lengths[(at + 1) * width + to] ?? 0
      const beside = lengths[at * width + to + 1] ?? 0
      lengths[at * width + to] = one[at] === other[to] ? (lengths[(at + 1) * width + to + 1] ?? 0) + 1 : Math.max(below, beside)
    }
  }
  return lengths
}
