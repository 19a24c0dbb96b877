"""Where one signs in with a work account, a passkey or a code, and sees where one is signed in."""

from typing import Final

from starlette.routing import Route

from web.pages import my_sessions, passkeys, returning, work_sign_in

ENTRANCE_ROUTES: Final = (
    Route("/sign-in/work", work_sign_in.begin, name="sign_in_work"),
    Route("/sign-in/work/back", work_sign_in.back, name="sign_in_back"),
    Route("/sign-in/work/logged-out", work_sign_in.logged_out, name="logged_out", methods=["POST"]),
    Route("/sign-out/work", work_sign_in.leave, name="sign_out_work"),
    Route("/sign-in/passkey", passkeys.challenge, name="passkey_challenge"),
    Route("/sign-in/passkey/use", passkeys.use, name="passkey_use", methods=["POST"]),
    Route("/sign-in/code", returning.show, name="return", methods=["GET"]),
    Route("/sign-in/code", returning.ask, name="return_ask", methods=["POST"]),
    Route("/sign-in/code/enter", returning.enter, name="return_enter", methods=["POST"]),
    Route("/passkeys/offer", returning.offer, name="passkey_offer"),
    Route("/passkeys/new", passkeys.options, name="passkey_options"),
    Route("/passkeys", passkeys.add, name="passkey_add", methods=["POST"]),
    Route("/passkeys/forget", passkeys.forget, name="passkey_forget", methods=["POST"]),
    Route("/sessions", my_sessions.show, name="sessions", methods=["GET"]),
    Route("/sessions", my_sessions.end, name="sessions_end", methods=["POST"]),
    Route("/sessions/left", my_sessions.left, name="session_left"),
    Route("/sessions/keep", my_sessions.left, name="session_keep", methods=["POST"]),
)
