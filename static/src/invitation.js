/**
 * The page of an invitation's link: moves the secret from the link's fragment, which no server ever sees, into the form.
 * Sends nothing: a person presses Continue, because mail scanners open links and run scripts.
 */
const form = document.querySelector("form[data-door]")
const field = form?.querySelector("input[name=secret]")
const secret = location.hash.slice(1)
if (field instanceof HTMLInputElement && /^[A-Za-z0-9_-]{43}$/.test(secret)) {
  field.value = secret
  field.closest("[data-secret]")?.setAttribute("hidden", "")
}
