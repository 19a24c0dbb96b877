/** @param {number} seed @returns {(bound: number) => number} numbers from 0 up to a bound: the same again for a seed, so that a failure can be seen again */
export function random(seed) {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    // The low bits of such a generator hardly vary.
    return Math.floor((state / 2 ** 32) * bound)
  }
}
