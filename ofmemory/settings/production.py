"""Production: everything of base.py, tightened. Nothing here loosens anything."""

from django.core.exceptions import ImproperlyConfigured

from ofmemory.settings.base import *  # noqa: F403
from ofmemory.settings.env import BASE_DIR, EXTERNAL_DATABASE_URL, EXTERNAL_KEYS_DATABASE_URL, EXTERNAL_REDIS_URL, env

for _name, _value in {
    "SECRET_KEY": env.str("SECRET_KEY", default=""),
    "DATABASE_URL": EXTERNAL_DATABASE_URL,
    "KEYS_DATABASE_URL": EXTERNAL_KEYS_DATABASE_URL,
    "REDIS_URL": EXTERNAL_REDIS_URL,
    "BROKER_URL": env.str("BROKER_URL", default=""),
    "ALLOWED_HOSTS": env.str("ALLOWED_HOSTS", default=""),
}.items():
    if not _value:
        raise ImproperlyConfigured(f"{_name} must be set in production; see docs/configuration.md.")

DEBUG = False
DEMO_ENABLED = False
KEYSET_MAY_BE_MADE = False
METRICS_TOKEN_MAY_BE_MADE = False
WHITENOISE_USE_FINDERS = False

STAFF_2FA_REQUIRED = "STAFF_2FA_REQUIRED" not in env.ENVIRON or env.bool("STAFF_2FA_REQUIRED")
# The proxy that ends TLS, whose X-Forwarded-Proto is believed below.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES") if "TRUSTED_PROXIES" in env.ENVIRON else 1

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"

# Filled by `manage.py collectstatic`, once a release.
STATIC_ROOT = BASE_DIR / "static-collected"
