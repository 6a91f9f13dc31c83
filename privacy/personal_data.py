"""What the tables of this room, of accounts and of Django hold about whom.

Accounts lies below and its models are its own, so its tables are named by label.
"""

from typing import Any

from django.apps import apps

from privacy.domain import Category, OnErasure, Origin
from privacy.models import (
    AppliedErasure,
    AuditCheckpoint,
    AuditEntry,
    Consent,
    DataKey,
    DataRequest,
    Erasure,
    ExportFile,
    LegalHold,
    Notice,
    PendingAudit,
    ProcessingChoice,
    Receipt,
    Reveal,
    ServiceKey,
)
from privacy.registry import NotPersonal, Personal, Table, all_columns, not_personal, register

_OBLIGATION = "Art. 6(1)(c)"
_STAFF_BASIS = "Art. 6(1)(b), 6(1)(f)"
_WITH_PAIR = "Until the fan is erased."
_WITH_ACCOUNT = "As long as the account."

_IDS: dict[str, Personal | NotPersonal] = {
    "creator_id": NotPersonal("Names the controller."),
    "fan_id": Personal(Category.IDENTIFIER, Origin.OBSERVED, note="Stands once, in the manifest of an export."),
}
_ROW = NotPersonal("Numbers the row.")
_STAFF = Personal(Category.STAFF, note="Names who of the staff acted, by number; not handed to fans.")


def _column(category: Category, label: str, origin: Origin = Origin.OBSERVED) -> Personal:
    return Personal(category, origin, label)


def _activity(label: str) -> Personal:
    return _column(Category.ACTIVITY, label)


def _given(label: str) -> Personal:
    return _column(Category.PROFILE, label, Origin.PROVIDED)


# ---- what fans decided, and what was done at their request

register(
    Table(
        Consent,
        {
            **_IDS,
            "id": _activity("id"),
            "purpose": _given("purpose"),
            "action": _given("action"),
            "notice_version": _activity("noticeVersion"),
            "notice_language": _activity("noticeLanguage"),
            "notice_digest": Personal(
                Category.TECHNICAL, label="noticeSha256", note="A digest of a text that is the same for all fans."
            ),
            "method": _activity("method"),
            "expressed_at": _given("expressedAt"),
            "recorded_by": _STAFF,
            "recorded_at": _activity("recordedAt"),
        },
        basis="Art. 6(1)(c), 7(1)",
        retention=_WITH_PAIR,
        on_erasure=OnErasure.DELETE,
        name="consents",
    ),
    Table(
        ProcessingChoice,
        {
            **_IDS,
            "id": _ROW,
            "restricted_at": _given("restrictedAt"),
            "objected_at": _given("objectedAt"),
            "reason": _given("reason"),
            "owed": NotPersonal("What is left to do once a hold is released."),
            "recorded_by": _STAFF,
            "updated_at": _activity("updatedAt"),
        },
        basis="Art. 6(1)(c), 18, 21",
        retention=_WITH_PAIR,
        on_erasure=OnErasure.DELETE,
        name="processingChoices",
    ),
    Table(
        DataRequest,
        {
            **_IDS,
            "id": _activity("id"),
            "kind": _given("kind"),
            "status": _activity("status"),
            "handle": NotPersonal("Random; resolvable only while the pair has keys."),
            "received_at": _activity("receivedAt"),
            "due_at": _activity("dueAt"),
            "requested_by": _STAFF,
            "identity_method": _activity("identityMethod"),
            "identity_proof": Personal(Category.IDENTIFIER, note="A keyed digest; it says nothing to the fan."),
            "identified_by": _STAFF,
            "approved_by": _STAFF,
            "approved_at": _activity("approvedAt"),
            "denied_reason": _activity("deniedReason"),
            "plan": Personal(Category.TECHNICAL, label="plan", note="Counts by table."),
            "steps": Personal(Category.TECHNICAL, label="steps", note="Times and counts by step."),
            "failures": NotPersonal("Counts attempts that failed."),
            "completed_at": _activity("completedAt"),
        },
        basis="Art. 6(1)(c), 12",
        retention="For good; when an erasure is complete, without the fan's id.",
        on_erasure=OnErasure.ANONYMISE,
        name="requests",
    ),
    Table(
        ExportFile,
        {
            **_IDS,
            "id": _activity("id"),
            "bundle": _activity("bundle"),
            "content": Personal(Category.CONVERSATION, note="An earlier export of the same data."),
            "size_bytes": _activity("sizeBytes"),
            "digest": Personal(Category.TECHNICAL, label="sha256", note="A digest of the file."),
            "requested_by": _STAFF,
            "created_at": _activity("createdAt"),
            "expires_at": _activity("expiresAt"),
            "download_count": _activity("downloadCount"),
        },
        basis="Art. 6(1)(c), 15, 20",
        retention="EXPORT_HOURS hours after it was made.",
        on_erasure=OnErasure.DELETE,
        name="exports",
    ),
    Table(
        Reveal,
        {
            **_IDS,
            "id": _activity("id"),
            "user_id": _STAFF,
            "reason": _activity("reason"),
            "granted_at": _activity("grantedAt"),
            "expires_at": _activity("expiresAt"),
        },
        basis="Art. 6(1)(c), 6(1)(f), 32",
        retention=_WITH_PAIR,
        on_erasure=OnErasure.DELETE,
        name="reveals",
    ),
    Table(
        LegalHold,
        {
            **_IDS,
            "id": _ROW,
            "matter": Personal(
                Category.ACTIVITY, note="Not exported: it may hold claims against the fan (Art. 15(4))."
            ),
            "ground": Personal(Category.ACTIVITY, note="As matter."),
            "placed_by": _STAFF,
            "placed_at": Personal(Category.ACTIVITY, note="As matter."),
            "review_on": Personal(Category.ACTIVITY, note="As matter."),
            "released_by": _STAFF,
            "released_at": Personal(Category.ACTIVITY, note="As matter."),
        },
        basis="Art. 17(3)(e), 18(2)",
        retention="While it stands; then until the fan is erased.",
        on_erasure=OnErasure.DELETE,
    ),
)

# ---- proofs, which name no fan


def _proof(model: Any, why: str, names: str, retention: str = "For good.", **personal: Personal) -> Table:
    return Table(
        model,
        {**not_personal(why, names), **personal},
        basis=_OBLIGATION,
        retention=retention,
        on_erasure=OnErasure.PRESERVE,
        subject="staff" if personal else "nobody",
    )


_ACTOR = Personal(Category.STAFF)
_AUDIT = "Who did what, when; the fan is a random handle that ends with the fan's keys."
_ENTRY = "at action creator_id subject correlation_id details"
_KEYS = "wrapped kek_id created_at"
register(
    _proof(AuditEntry, _AUDIT, f"position {_ENTRY} hash", actor=_ACTOR),
    _proof(PendingAudit, _AUDIT, f"id {_ENTRY}", "Until it is in the chain: minutes.", actor=_ACTOR),
    _proof(AuditCheckpoint, "A position in a stream.", "stream last_id mark dropped updated_at"),
    _proof(
        Receipt,
        "Counts and digests; only who holds the opening can show whom it is about.",
        "request_id creator_id body signature public_key created_at",
    ),
    _proof(AppliedErasure, "The number of a request.", "id applied_at"),
    _proof(Notice, "A text that is the same for all fans.", "id creator_id version language text digest created_at"),
    _proof(
        DataKey,
        "Random bytes, wrapped, under a keyed digest.",
        f"id subject handle {_KEYS} retired_at",
        "Until the fan is erased; then destroyed.",
    ),
    _proof(ServiceKey, "Random bytes of the product itself, wrapped.", f"name {_KEYS}"),
    _proof(Erasure, "A keyed digest, which refuses what comes late.", "id subject started_at completed_at lifted_at"),
)

# ---- people who work for a creator


def _others(label: str, declared: Personal | NotPersonal, retention: str) -> Table:
    """Declare a table of Django's own as a whole."""
    model = apps.get_model(label)
    return Table(
        model,
        all_columns(model, declared),
        basis=_STAFF_BASIS,
        retention=retention,
        on_erasure=OnErasure.PRESERVE,
        subject="staff" if isinstance(declared, Personal) else "nobody",
    )


def _staff(*personal: str, **others: str) -> dict[str, Personal | NotPersonal]:
    return dict.fromkeys(personal, Personal(Category.STAFF)) | {name: NotPersonal(why) for name, why in others.items()}


def _whole(note: str) -> Personal:
    return Personal(Category.STAFF, note=note)


_INSTALLED = "As long as the product is installed."
_KEY, _FLAG = "Numbers the row.", "A switch."


def _account_table(label: str, columns: dict[str, Personal | NotPersonal], retention: str) -> Table:
    return Table(
        apps.get_model(label),
        columns,
        basis=_STAFF_BASIS,
        retention=retention,
        on_erasure=OnErasure.PRESERVE,
        subject="staff",
    )


register(
    _account_table(
        "accounts.User",
        _staff(
            *("username", "first_name", "last_name", "email", "password", "last_login", "date_joined"),
            id=_KEY,
            is_superuser=_FLAG,
            is_staff=_FLAG,
            is_active=_FLAG,
            is_demo=_FLAG,
        ),
        "Until the account is removed.",
    ),
    _account_table(
        "accounts.Creator",
        _staff("id", "display_name", currency="A code.", is_active=_FLAG, is_demo=_FLAG, created_at="A time."),
        "As long as the contract.",
    ),
    _account_table(
        "accounts.Membership",
        _staff("user", "role", "created_at", id=_KEY, creator="Names the controller."),
        _WITH_ACCOUNT,
    ),
    _account_table(
        "accounts.RefreshSession",
        _staff(
            *("user", "default_creator", "created_at", "expires_at", "revoked_at", "revoked_reason"),
            id=_KEY,
            current_jti="Random.",
        ),
        "Until it can't be refreshed any more.",
    ),
    # A key bound to a fan ends with the fan: without its fan_id it would reach all of them.
    Table(
        apps.get_model("accounts.ApiKey"),
        {
            "fan_id": Personal(Category.IDENTIFIER, note="The only fan the key reaches, if it is bound to one."),
            **_staff(
                id=_KEY,
                name="Names a service.",
                prefix="Names the key.",
                digest="A digest of random bytes.",
                creator="Names the controller.",
                scopes="What the key may do.",
                is_demo=_FLAG,
                created_at="A time.",
                expires_at="A time.",
                revoked_at="A time.",
                last_used_on="A day.",
            ),
        },
        basis=_STAFF_BASIS,
        retention="Until revoked; one that is bound to a fan until the fan is erased.",
        on_erasure=OnErasure.DELETE,
    ),
    _others("accounts.User_groups", _whole("Who belongs to which group."), _WITH_ACCOUNT),
    _others("accounts.User_user_permissions", _whole("Who may do what."), _WITH_ACCOUNT),
    _others(
        "mfa.Authenticator",
        _whole("Second factors: sealed secrets of authenticator apps, public keys of passkeys, sealed recovery codes."),
        "Until removed, or as long as the account.",
    ),
    _others("account.EmailAddress", NotPersonal("Empty: of django-allauth, whose mails are not used."), _INSTALLED),
    _others("account.EmailConfirmation", NotPersonal("Empty: as above."), _INSTALLED),
    _others(
        "admin.LogEntry",
        _whole("What staff did in the admin. Titles name rows by number; those of a fan are blanked on erasure."),
        _WITH_ACCOUNT,
    ),
    _others("sessions.Session", _whole("Signed; holds no more than who is logged in."), "Two weeks after the login."),
    _others("auth.Permission", NotPersonal("Names of permissions."), _INSTALLED),
    _others("auth.Group", NotPersonal("Names of groups."), _INSTALLED),
    _others("auth.Group_permissions", NotPersonal("What a group may do."), _INSTALLED),
    _others("contenttypes.ContentType", NotPersonal("Names of tables."), _INSTALLED),
)
