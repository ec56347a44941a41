"""Every setting of Parley, read from the environment once.

*Called by*: Django. *Keeps true*: the same code runs everywhere; what differs is in the environment,
and every variable read here is described in docs/settings.md (a test compares the two).
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url

ROOT = Path(__file__).resolve().parent.parent


def flag(name: str, default: bool) -> bool:
    return os.environ.get(name, "1" if default else "0").strip().lower() in {"1", "true", "yes", "on"}


# --- where we are -----------------------------------------------------------------------------
PARLEY_URL = os.environ.get("PARLEY_URL", "http://127.0.0.1:8000").rstrip("/")
PARLEY_DATA = Path(os.environ.get("PARLEY_DATA", ROOT / "var"))
SECRET_KEY = os.environ.get("SECRET_KEY", "")
DEBUG = flag("PARLEY_DEBUG", False)
HTTPS = PARLEY_URL.startswith("https://")
# This machine's own names for itself all mean the same server, whichever a person types.
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
_public = urlsplit(PARLEY_URL)
_port = f":{_public.port}" if _public.port else ""
ALLOWED_HOSTS = [_public.hostname or "", *LOOPBACK]
ALLOWED_HOSTS += [host for host in os.environ.get("PARLEY_HOSTS", "").split(",") if host]
ALLOWED_ORIGINS = [PARLEY_URL] + [origin for origin in os.environ.get("PARLEY_ORIGINS", "").split(",") if origin]
if _public.hostname in LOOPBACK:
    ALLOWED_ORIGINS = list(dict.fromkeys(ALLOWED_ORIGINS + [f"http://{host}{_port}" for host in LOOPBACK]))
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "channels",
    "csp",
    "workspace",
    "catalog",
    "gateway",
    "billing",
    "chat",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "workspace.middleware.PrivateByDefault",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "workspace.languages.Languages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "workspace.middleware.PlainForms",
    "workspace.middleware.RefusalPages",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chat.context.signed_in",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]

# --- stores -----------------------------------------------------------------------------------
# The owner role runs migrations; the application's own role cannot touch the ledger but through its functions.
_owner_commands = {"migrate", "sqlmigrate", "makemigrations", "flush"}
_as_owner = len(sys.argv) > 1 and sys.argv[1] in _owner_commands
DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql://parley@127.0.0.1:5432/parley")
DATABASE_OWNER_URL = os.environ.get("DATABASE_OWNER_URL", DATABASE_URL)
DATABASES = {"default": dj_database_url.parse(DATABASE_OWNER_URL if _as_owner else DATABASE_URL)}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})
# Values go beside the statement, so that PostgreSQL plans once what is asked again and again: half of its work, and a
# fifth of ours.
DATABASES["default"]["OPTIONS"]["server_side_binding"] = True
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 3 if flag("PARLEY_DB_PREPARE", True) else None
if not _as_owner:
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": int(os.environ.get("PARLEY_DB_POOL", "16")),
        "timeout": 2,
        "max_idle": 120,
    }
    # A request that waits longer than this is answered with an error rather than kept for ever.
    _guards = "-c statement_timeout=20000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000"
    DATABASES["default"]["OPTIONS"]["options"] = _guards
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# --- who signs in -----------------------------------------------------------------------------
AUTH_USER_MODEL = "workspace.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "workspace.accounts.Accounts"
ACCOUNT_SIGNUP_FORM_CLASS = "workspace.forms.SignupForm"
ACCOUNT_EMAIL_VERIFICATION = os.environ.get("PARLEY_EMAIL_VERIFICATION", "optional")
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("PARLEY_TRUSTED_PROXIES", "0"))
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-parley" if HTTPS else "parley"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "__Host-parley-csrf" if HTTPS else "parley-csrf"
CSRF_FAILURE_VIEW = "workspace.middleware.stale_form"

# --- what a browser may do --------------------------------------------------------------------
from csp.constants import NONCE, NONE, SELF  # noqa: E402

from config.edge import BODY_MAX, FILE_MAX_MB  # noqa: E402

STRIPE_SECRET_KEY = os.environ.get("STRIPE_SECRET_KEY", "")
STRIPE_API_BASE = os.environ.get("STRIPE_API_BASE", "").rstrip("/")
PAYMENT_PAGES = ["https://checkout.stripe.com", "https://billing.stripe.com"] if STRIPE_SECRET_KEY else []
if STRIPE_SECRET_KEY and STRIPE_API_BASE:
    PAYMENT_PAGES = [STRIPE_API_BASE]

# An IPv6 address cannot be written in a policy; where that is the page's own origin, 'self' covers it.
_socket_origins = [origin.replace("http", "ws", 1) for origin in ALLOWED_ORIGINS if "[" not in origin]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF, *_socket_origins],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        # A form that leads on to Checkout or the Portal: browsers hold what it is redirected to against this too.
        "form-action": [SELF, *PAYMENT_PAGES],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["parley"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
if flag("PARLEY_BEHIND_TLS_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_MAX
# A choice among the channels of an import is the longest form.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# --- files ------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = PARLEY_DATA / "static"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    "files": {
        "BACKEND": "chat.files.folder.Folder",
        "OPTIONS": {
            "location": PARLEY_DATA / "files",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
}
FILE_MAX_BYTES = FILE_MAX_MB * 1024 * 1024
# s3://bucket/folder keeps what people upload in a bucket instead.
PARLEY_FILES_URL = urlsplit(os.environ.get("PARLEY_FILES_URL", ""))
if PARLEY_FILES_URL.scheme == "s3":
    STORAGES["files"] = {
        "BACKEND": "chat.files.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": PARLEY_FILES_URL.netloc,
            "location": PARLEY_FILES_URL.path.strip("/"),
            "endpoint_url": os.environ.get("S3_ENDPOINT") or None,
            "region_name": os.environ.get("S3_REGION") or None,
            "access_key": os.environ.get("S3_ACCESS_KEY_ID") or None,
            "secret_key": os.environ.get("S3_SECRET_ACCESS_KEY") or None,
            "addressing_style": os.environ.get("S3_ADDRESSING", "auto"),
            "default_acl": None,
            "querystring_auth": False,
            "file_overwrite": True,
        },
    }
elif PARLEY_FILES_URL.scheme or PARLEY_FILES_URL.path:
    raise SystemExit("PARLEY_FILES_URL is empty, or looks like s3://bucket/folder.")

# --- mail: an outbox folder until a server is named --------------------------------------------
EMAIL_FILE_PATH = PARLEY_DATA / "outbox"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("PARLEY_MAIL_FROM", "Parley <parley@localhost>")
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
if os.environ.get("PARLEY_MAIL") == "console":
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
if os.environ.get("EMAIL_HOST"):
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = os.environ["EMAIL_HOST"]
    EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "587"))
    EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
    EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
    EMAIL_USE_TLS = flag("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 10

# --- language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hant", "繁體中文")]
LOCALE_PATHS = [ROOT / "locale"]
FORMAT_MODULE_PATH = "config.formats"
LANGUAGE_COOKIE_NAME = "parley-language"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- work in the background ---------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 32
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    # Whoever posts does not wait for a broker that is away: the sweeper finds what was not called.
    "max_retries": 0,
    "socket_timeout": 3,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "expire credits": {"task": "billing.tasks.expire_credits", "schedule": 60.0},
    "mail what is not read": {"task": "chat.tasks.mail_digests", "schedule": 60.0},
    "tell of limits": {"task": "chat.tasks.tell_limits", "schedule": 60.0},
    "prepare files that wait": {"task": "chat.tasks.prepare_waiting_files", "schedule": 20.0},
    "carry passages that wait": {"task": "chat.tasks.carry_waiting_passages", "schedule": 30.0},
    "let go of files that nothing shows": {"task": "chat.tasks.let_go_of_files", "schedule": 3600.0},
    "grant credits that are due": {"task": "billing.tasks.grant_due", "schedule": 3600.0},
    "apply events that wait": {"task": "billing.tasks.apply_waiting_events", "schedule": 30.0},
    "fetch events that were missed": {"task": "billing.tasks.fetch_missed_events", "schedule": 3600.0},
}

# --- credits (docs/billing) -----------------------------------------------------------------------
CREDIT_USD = os.environ.get("CREDIT_USD", "0.01")
CREDIT_MARKUP = os.environ.get("CREDIT_MARKUP", "0")

# --- payment: without a key nothing of Stripe exists here (docs/payments.md) ------------------------
STRIPE_WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET", "")
STRIPE_TAX = flag("STRIPE_TAX", False)
STRIPE_TRIAL_DAYS = int(os.environ.get("STRIPE_TRIAL_DAYS", "0"))

# --- models and answers -----------------------------------------------------------------------------
LOCAL_MODEL_URL = os.environ.get("LOCAL_MODEL_URL", "")
LOCAL_MODEL = {
    "id": os.environ.get("LOCAL_MODEL_ID", "smollm2-135m-instruct"),
    "name": os.environ.get("LOCAL_MODEL_NAME", "SmolLM2 135M Instruct"),
    "handle": os.environ.get("LOCAL_MODEL_HANDLE", "smollm2"),
    "maker": os.environ.get("LOCAL_MODEL_MAKER", "Hugging Face"),
    "context": int(os.environ.get("LOCAL_MODEL_CONTEXT", "4096")),
    "max_output": int(os.environ.get("LOCAL_MODEL_MAX_OUTPUT", "1024")),
    "input_usd_per_mtok": os.environ.get("LOCAL_MODEL_INPUT_USD", "0.10"),
    "output_usd_per_mtok": os.environ.get("LOCAL_MODEL_OUTPUT_USD", "0.20"),
}
REPLY_MAX_OUTPUT_TOKENS = int(os.environ.get("REPLY_MAX_OUTPUT_TOKENS", "4096"))
REPLY_MAX_INPUT_BYTES = int(os.environ.get("REPLY_MAX_INPUT_BYTES", "48000"))
REPLY_MAX_TEXT_BYTES = int(os.environ.get("REPLY_MAX_TEXT_BYTES", "262144"))
REPLY_LEASE_SECONDS = float(os.environ.get("REPLY_LEASE_SECONDS", "20"))
WORKER_GRACE_SECONDS = float(os.environ.get("WORKER_GRACE_SECONDS", "20"))
FIRST_BYTE_SECONDS = float(os.environ.get("FIRST_BYTE_SECONDS", "60"))
BETWEEN_BYTES_SECONDS = float(os.environ.get("BETWEEN_BYTES_SECONDS", "30"))
TOTAL_SECONDS = float(os.environ.get("TOTAL_SECONDS", "600"))

# --- out to the network -------------------------------------------------------------------------------
# Addresses inside that the operator lets tenants' calls reach: "wiki.example.internal:443,10.0.0.7:8080".
OUTBOUND_ALLOWED = {each.strip().lower() for each in os.environ.get("OUTBOUND_ALLOWED", "").split(",") if each.strip()}

# --- notifications to devices (Web Push) ----------------------------------------------------------------
from config.push import places, private_key, subject  # noqa: E402

VAPID_PRIVATE_KEY = private_key(os.environ.get("VAPID_PRIVATE_KEY", ""))
VAPID_SUBJECT = subject(os.environ.get("VAPID_SUBJECT", ""), mail_from=DEFAULT_FROM_EMAIL)
PUSH_PLACES = places(os.environ.get("PUSH_PLACES", ""))
# Whoever is reading just then is not to hear of it once more.
PUSH_DELAY_SECONDS = float(os.environ.get("PUSH_DELAY_SECONDS", "6"))

# --- logs: one JSON line an event, never a text or a secret -------------------------------------------
from config.logs import LOGGING  # noqa: E402,F401
