"""Who may call, how long a token lives, and how often."""

from ofmemory.settings.env import env

JWT_ISSUER = env.str("JWT_ISSUER", default="ofmemory")
JWT_AUDIENCE = env.str("JWT_AUDIENCE", default="ofmemory-api")
JWT_ACCESS_SECONDS = env.int("JWT_ACCESS_SECONDS", default=300)
JWT_REFRESH_SECONDS = env.int("JWT_REFRESH_SECONDS", default=14 * 24 * 3600)
JWT_LEEWAY_SECONDS = 30
# Signing keys, newest first: "kid:algorithm:key;...". HS256 keys are base64, EdDSA and RS256 keys base64 of a PEM.
# The first signs, all verify. Empty: one HS256 key derived from SECRET_KEY.
JWT_KEYS = env.str("JWT_KEYS", default="")

# Calls in any window of 60 seconds; 0 switches a limit off.
RATE_LIMITS: dict[str, int] = {
    "reads_per_creator": env.int("RATE_LIMIT_READS_PER_CREATOR", default=1000),
    "reads_per_fan": env.int("RATE_LIMIT_READS_PER_FAN", default=100),
    "writes_per_creator": env.int("RATE_LIMIT_WRITES_PER_CREATOR", default=500),
    "writes_per_fan": env.int("RATE_LIMIT_WRITES_PER_FAN", default=50),
    "bulk_per_creator": env.int("RATE_LIMIT_BULK_PER_CREATOR", default=10),
    "logins_per_user": env.int("RATE_LIMIT_LOGINS_PER_USER", default=10),
    "logins_per_ip": env.int("RATE_LIMIT_LOGINS_PER_IP", default=30),
    "codes_per_user": env.int("RATE_LIMIT_CODES_PER_USER", default=5),
    "failures_per_ip": env.int("RATE_LIMIT_FAILURES_PER_IP", default=60),
}
