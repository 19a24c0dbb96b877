/** Every page but a plan's: htmx under the content security policy, and the keys. */
import "./extra_styles.js"
import "./hypermedia.js"
import { commonKeys, listen, panelKeys } from "./keys.js"

listen([...commonKeys(), ...panelKeys()])
