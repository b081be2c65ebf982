"""The demo hospital's own sign-in page, as the browser shows it. Works without scripts and by keyboard alone."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from sync.demo_hospital.identity import ACCOUNT_PASSPHRASE, HOSPITAL_NAME

_SHELL = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; background: #eef2f5; color: #1b2a36; margin: 0; }}
main {{ max-width: 24em; margin: 12vh auto; background: #fff; padding: 2em 2.4em; border-radius: 8px;
  box-shadow: 0 1px 6px #0002; }}
h1 {{ font-size: 1.25em; margin: 0 0 .4em; }} p {{ margin: .4em 0 1em; }}
label {{ display: block; margin-top: .8em; font-weight: 600; }}
input {{ font: inherit; width: 100%; box-sizing: border-box; padding: .45em .6em; border: 1px solid #8a9aa8;
  border-radius: 4px; }}
button {{ font: inherit; font-weight: 600; margin: 1.4em .8em 0 0; padding: .5em 1.3em; border-radius: 4px;
  border: 1px solid #0b5c86; background: #0b5c86; color: #fff; }}
button.quiet {{ background: #fff; color: #0b5c86; }}
.wrong {{ color: #a3201d; font-weight: 600; }} .hint {{ color: #52626f; font-size: .9em; }}
</style></head><body><main>{body}</main></body></html>"""


def sign_in_page(request: Mapping[str, str], user: str = "", wrong: str = "") -> str:
    """The form; *request* (the authorization request) is carried along, *wrong* says what the last try lacked."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in request.items()
    )
    body = f"""<h1>{escape(HOSPITAL_NAME)}</h1>
<p>Sign in so that <b>Reading Room</b> may fetch the cases assigned to you and send your opinions.</p>
{f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else ""}
<form method="post" action="/oauth/authorize" autocomplete="off">{hidden}
<label for="user">User name</label><input id="user" name="user" value="{escape(user)}" required autofocus>
<label for="passphrase">Passphrase</label><input id="passphrase" name="passphrase" type="password">
<button name="decision" value="allow">Sign in</button><button class="quiet" name="decision" value="deny"
 formnovalidate>Cancel</button></form>
<p class="hint">Demonstration: the user is “marwick”, the passphrase “{escape(ACCOUNT_PASSPHRASE)}”.</p>"""
    return _SHELL.format(title=f"Sign in – {escape(HOSPITAL_NAME)}", body=body)


def refusal_page(sentence: str) -> str:
    """Where the browser must not be sent back, because it is not known to whom."""
    body = f"<h1>This sign-in cannot go on</h1><p>{escape(sentence)}</p>"
    return _SHELL.format(title=escape(HOSPITAL_NAME), body=body)
