/** The styles of extra.css, adopted: they travel with the script that makes what they style. */
import css from "./extra.css"

const sheet = new CSSStyleSheet()
sheet.replaceSync(css)
document.adoptedStyleSheets.push(sheet)
