/** Every page but a plan's: htmx under the content security policy, and the keys. */
import "./extra_styles.js"
import "./hypermedia.js"
import { commonKeys, listen, panelKeys } from "./keys.js"
import { tidyMenus } from "./menus.js"
import { offerPasskeys } from "./passkeys.js"
import { watchSession } from "./session_left.js"

tidyMenus()
offerPasskeys()
watchSession()
listen([...commonKeys(), ...panelKeys()])
