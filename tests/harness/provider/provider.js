/** A certified OpenID provider for one hub: whoever signs in as NAME is NAME with the verified address NAME@demo.example. */
import { Provider } from "oidc-provider"

const { port, hub, client, secret } = JSON.parse(process.argv[2])
const issuer = `http://127.0.0.1:${port}`
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: client,
      client_secret: secret,
      redirect_uris: [`${hub}/sign-in/work/back`],
      post_logout_redirect_uris: [`${hub}/sign-in`],
      backchannel_logout_uri: `${hub}/sign-in/work/logged-out`,
      backchannel_logout_session_required: true,
    },
  ],
  claims: { openid: ["sub", "sid"], email: ["email", "email_verified"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["a key of the tests"] },
  features: { backchannelLogout: { enabled: true } },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@demo.example`, email_verified: !id.startsWith("unverified") }),
  }),
  // Its own dispatcher reaches no loopback address, and there the hub of the tests is.
  fetch: (url, { dispatcher: _, ...options }) => fetch(url, { ...options, signal: AbortSignal.timeout(5_000) }),
})
provider.listen(port, "127.0.0.1", () => process.stdout.write("ready\n"))
