"""Keys, erasure, consent, exports and the audit log."""

from pathlib import Path

from ofmemory.settings.env import OFMEMORY_HOME, env

# What wraps data keys: local (a keyset file), aws (KMS) or vault (HashiCorp Vault transit).
KEK_PROVIDER = env.str("KEK_PROVIDER", default="local")
KEYSET_FILE = Path(env.str("KEYSET_FILE", default="") or OFMEMORY_HOME / "secrets" / "keyset.json")
# production.py says no: a new keyset beside old data reads nothing of it.
KEYSET_MAY_BE_MADE = True
AWS_KMS_KEY_ID = env.str("AWS_KMS_KEY_ID", default="")
AWS_KMS_ENDPOINT_URL = env.str("AWS_KMS_ENDPOINT_URL", default="")
AWS_REGION = env.str("AWS_REGION", default="")
VAULT_ADDR = env.str("VAULT_ADDR", default="")
VAULT_TOKEN = env.str("VAULT_TOKEN", default="")
VAULT_TOKEN_FILE = env.str("VAULT_TOKEN_FILE", default="")
VAULT_TRANSIT_MOUNT = env.str("VAULT_TRANSIT_MOUNT", default="transit")
VAULT_TRANSIT_KEY = env.str("VAULT_TRANSIT_KEY", default="ofmemory")
# How long, and for how many pairs, a process keeps unwrapped data keys.
KEYRING_SECONDS = env.int("KEYRING_SECONDS", default=300)
KEYRING_SIZE = env.int("KEYRING_SIZE", default=5_000)

ERASURE_DEADLINE_HOURS = env.int("ERASURE_DEADLINE_HOURS", default=72)
ERASURE_SECOND_APPROVER = env.bool("ERASURE_SECOND_APPROVER", default=False)
# How long backups are kept; receipts say until when an older copy can exist.
BACKUP_RETENTION_DAYS = env.int("BACKUP_RETENTION_DAYS", default=35)
KEYS_BACKUP_RETENTION_DAYS = env.int("KEYS_BACKUP_RETENTION_DAYS", default=7)

# True: nothing is stored about a fan, and nothing learnt, without a recorded consent to it.
CONSENT_REQUIRED = env.bool("CONSENT_REQUIRED", default=False)
EXPORT_HOURS = env.int("EXPORT_HOURS", default=24)
REVEAL_MINUTES = env.int("REVEAL_MINUTES", default=15)
AUDIT_ANCHOR_FILE = Path(env.str("AUDIT_ANCHOR_FILE", default="") or OFMEMORY_HOME / "audit-anchors.jsonl")
# Entries of reads that may wait in Redis, a creator; further ones are counted as dropped, and the chain says so.
AUDIT_STREAM_MAX = env.int("AUDIT_STREAM_MAX", default=200_000)
