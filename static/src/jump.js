/** The jump bar says which section one reads. */

export function followReading() {
  const bar = document.getElementById("jump")
  if (!bar) return
  /** @type {Set<string>} */
  const inSight = new Set()
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const name = target.id.replace(/^section-/, "")
      if (isIntersecting) inSight.add(name)
      else inSight.delete(name)
    }
    const links = [...bar.querySelectorAll("a")]
    const here = links.find((link) => inSight.has(link.getAttribute("data-section") ?? ""))
    for (const link of links) {
      if (link === here) link.setAttribute("aria-current", "true")
      else link.removeAttribute("aria-current")
    }
  }, { rootMargin: "-25% 0px -60% 0px" })
  const scan = () => {
    observer.disconnect()
    for (const section of document.querySelectorAll("section.section")) observer.observe(section)
  }
  scan()
  document.addEventListener("htmx:after:swap", scan)
}
