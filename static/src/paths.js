/** Where a field is: "medications/<entry>/dose". */

/** @typedef {{ section: string, entry: string, field: string }} Path */

/** @param {string} words @returns {Path | null} */
export function readPath(words) {
  const parts = words.split("/")
  if (parts.length !== 3 || parts.some((part) => part === "")) return null
  const [section, entry, field] = /** @type {[string, string, string]} */ (parts)
  return { section, entry, field }
}
