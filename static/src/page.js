/** Every page but a plan's: htmx under the content security policy, and the keys. */
import "./extra_styles.js"
import "./hypermedia.js"
import { keepForms } from "./kept_forms.js"
import { commonKeys, listen, panelKeys } from "./keys.js"
import { keepWhole } from "./lengths.js"
import { tidyMenus } from "./menus.js"
import { offerPasskeys } from "./passkeys.js"
import { watchSession } from "./session_left.js"
import { tellZone } from "./zones.js"

tidyMenus()
keepWhole(document)
keepForms()
offerPasskeys()
watchSession()
tellZone()
listen([...commonKeys(), ...panelKeys()])
