"""Second factors of staff, whom to believe about addresses, and what a page may load."""

from typing import Any

from csp.constants import NONE, SELF

from ofmemory.settings.env import env

# Off, staff may add a second factor; on, they must before any page of the admin opens (production.py).
STAFF_2FA_REQUIRED = env.bool("STAFF_2FA_REQUIRED", default=False)
# How many proxies of ours stand before the server: with n the client is the n-th entry of X-Forwarded-For from the
# right. 0: the header is not read, since anybody can write it.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

# ---- django-allauth: second factors only. No sign-up, no mail, no social log-in; passkeys stand beside a password.

ACCOUNT_ADAPTER = "accounts.pages.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Its limits live in the memory of one process; ours are exact (accounts/throttle.py).
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {"reauthenticate": "accounts.pages.forms.ConfirmPasswordForm"}
# How long somebody who has just shown a password or a factor may change factors.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# How long the second step may take.
ACCOUNT_LOGIN_TIMEOUT = 300
MFA_ADAPTER = "accounts.pages.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.pages.forms.CodeForm",
    "reauthenticate": "accounts.pages.forms.ConfirmCodeForm",
    "authenticate_webauthn": "accounts.pages.forms.PasskeyForm",
    "reauthenticate_webauthn": "accounts.pages.forms.ConfirmPasskeyForm",
    "add_webauthn": "accounts.pages.forms.AddPasskeyForm",
    "activate_totp": "accounts.pages.forms.AddAppForm",
}
MFA_TOTP_ISSUER = "ofmemory"
# One step (30 s) before and after: clocks of phones differ. A code is good once all the same.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# There are no verified addresses to ask for.
MFA_ALLOW_UNVERIFIED_EMAIL = True
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# ---- pages load nothing from elsewhere, run no inline script and stand in no frame

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # QR codes and the small pictures of the API's description are data: addresses.
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
