"""Settings shared by every way of running ofmemory; `make run` uses them as they are."""

from ofmemory.embedded import locations
from ofmemory.settings.access import *  # noqa: F403 - settings are composed from one file a topic
from ofmemory.settings.cache import *  # noqa: F403
from ofmemory.settings.celery import *  # noqa: F403
from ofmemory.settings.database import *  # noqa: F403
from ofmemory.settings.env import BASE_DIR, OFMEMORY_HOME, env
from ofmemory.settings.learning import *  # noqa: F403
from ofmemory.settings.logging import *  # noqa: F403
from ofmemory.settings.memory import *  # noqa: F403
from ofmemory.settings.observability import *  # noqa: F403
from ofmemory.settings.privacy import *  # noqa: F403
from ofmemory.settings.resilience import *  # noqa: F403
from ofmemory.settings.rest import *  # noqa: F403
from ofmemory.settings.security import *  # noqa: F403

DEBUG = False
# `make run` keeps a random key in the home; production.py demands one from outside.
SECRET_KEY = env.str("SECRET_KEY", default="") or locations.ensure_secret(OFMEMORY_HOME, "django-secret-key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# Demo accounts have a published password: they can neither be created nor used where this is off.
DEMO_ENABLED = True

INSTALLED_APPS = [
    "accounts.admin_app.TwoLockAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "allauth.account",
    "allauth.mfa",
    "ofmemory.infra",
    "accounts",
    "privacy",
    "memory",
    "calibration",
]
MIDDLEWARE = [
    "ofmemory.infra.observability.middleware.CorrelationMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "ofmemory.infra.machine_routes.MachineRoutes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "ofmemory.urls"
WSGI_APPLICATION = "ofmemory.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.AccountBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Serve straight from the packages: `make run` has no collectstatic step to forget.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
