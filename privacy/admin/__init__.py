"""The pages of support and of the data-protection officer. Every page is a door to one service.

Nobody edits or deletes a row here, superusers included: rows change by services, which tell the audit log.
"""

from privacy.admin import audit, consents, erasures, exports, holds, keys, processing, requests, reveals

__all__ = ["audit", "consents", "erasures", "exports", "holds", "keys", "processing", "requests", "reveals"]
