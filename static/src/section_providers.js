/**
 * The stock provider, made exact about what is acknowledged. While the line is away, and until the sync of a new line has
 * carried everything over, an edit stays in the document: sent by itself it would arrive before what it builds on, and
 * counted by itself it would never, or too early, be called saved.
 */
import { HocuspocusProvider } from "@hocuspocus/provider"

export class SectionProvider extends HocuspocusProvider {
  /** Our answer to the hub's sync step 1 is still to come: it will hold every edit until then. */
  #answering = true

  /** @override @param {Event} event */
  async onOpen(event) {
    this.#answering = true
    await super.onOpen(event)
  }

  /** @override */
  onClose() {
    this.#answering = true
    super.onClose()
  }

  /** @override @param {Uint8Array} update @param {unknown} origin */
  documentUpdateHandler(update, origin) {
    if (!this.#answering) super.documentUpdateHandler(update, origin)
  }

  /**
   * @override
   * @param {Parameters<HocuspocusProvider["send"]>[0]} message
   * @param {Parameters<HocuspocusProvider["send"]>[1]} args a reply carries its encoder; without presence, only step 2 is one
   */
  send(message, args) {
    super.send(message, args)
    if (args.encoder) this.#answering = false
  }
}
