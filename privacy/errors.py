"""What can go wrong with protected data."""

from ofmemory.errors import Conflict, DatabaseUnavailable, InvalidInput, OfMemoryError


class KeysUnavailable(DatabaseUnavailable):
    """The keys database or the provider of the key-encryption key did not answer, or refused."""


class Unreadable(OfMemoryError):
    """A sealed value can't be opened: its key is gone, or it is not what was stored here."""

    type = "DATABASE_ERROR"
    status = 500


class StaleKey(Exception):
    """The pair's key changed while it was used; the transaction must be carried out anew. Never leaves the services."""


class Erased(Conflict):
    """The fan was erased: nothing may be stored about them until they consent anew."""

    def __init__(self) -> None:
        super().__init__(
            "This fan was erased; nothing is stored about them until they consent anew.", details={"reason": "erased"}
        )


class NotConsented(Conflict):
    def __init__(self, purpose: str) -> None:
        super().__init__(
            f"The fan does not consent to {purpose}.", details={"reason": "not_consented", "purpose": purpose}
        )


class Restricted(Conflict):
    """Art. 18: the data is stored, and may not be used."""

    def __init__(self) -> None:
        super().__init__("The use of this fan's data is restricted.", details={"reason": "restricted"})


class OnHold(Conflict):
    """Art. 17(3)(e): a legal hold forbids destroying this data."""

    def __init__(self) -> None:
        super().__init__("A legal hold forbids destroying this fan's data.", details={"reason": "legal_hold"})


class ExportIncomplete(OfMemoryError):
    """What was written into an export is not what the database holds; it is thrown away."""

    type = "DATABASE_ERROR"
    status = 500


class UnknownNotice(InvalidInput):
    """A version of a notice that was never published: well-formed, and at odds with what there is."""

    type = "CONFLICT"
    status = 409
