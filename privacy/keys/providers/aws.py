"""Key-encryption keys in AWS KMS; needs ``requirements-aws.txt``.

The caller needs the rights kms:Encrypt and kms:Decrypt on the key. What a key belongs to goes along as the encryption
context, which CloudTrail shows: it holds a keyed digest, and names nobody.
"""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from django.conf import settings

from privacy.errors import KeysUnavailable
from privacy.keys.providers.holding_off import ProviderDown, ProviderRefuses, WrappedRefused
from privacy.keys.providers.remote import Remote

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 1, 2, 2
# The longest ciphertext that KMS takes.
MOST_BYTES = 6144

# What only a person can put right.
_REFUSALS = {
    "AccessDeniedException",
    "DisabledException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidKeyUsageException",
    "InvalidSignatureException",
    "KMSInvalidStateException",
    "MissingAuthenticationTokenException",
    "NotFoundException",
    "UnrecognizedClientException",
    "ValidationException",
}
_BAD_BYTES = {"InvalidCiphertextException", "IncorrectKeyException"}


class KMS:
    """Encrypt and Decrypt of one key.

    Args:
        client: boto3's for KMS.
        key: id, ARN or alias of the key that wraps; ids of wrapped keys hold the ARN that KMS answers with.
    """

    name = "aws"

    def __init__(self, client: Any, key: str) -> None:
        self._client, self.key = client, key

    def encrypt(self, material: bytes, context: bytes) -> tuple[str, bytes]:
        answer = self._asked(
            self._client.encrypt, KeyId=self.key, Plaintext=material, EncryptionContext=_readable(context)
        )
        return answer["KeyId"], answer["CiphertextBlob"]

    def decrypt(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        if not 0 < len(wrapped) <= MOST_BYTES:
            # KMS would refuse it with the error that it has for a key misspelt.
            raise WrappedRefused("size")
        answer = self._asked(
            self._client.decrypt, KeyId=key_id, CiphertextBlob=wrapped, EncryptionContext=_readable(context)
        )
        return bytes(answer["Plaintext"])

    def _asked(self, call: Any, **arguments: Any) -> Any:
        try:
            return call(**arguments)
        except ClientError as error:
            raise _meant(error.response["Error"].get("Code", "")) from None
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise ProviderRefuses(type(error).__name__) from None
        except BotoCoreError as error:
            raise ProviderDown(type(error).__name__) from None


def kms_from_settings() -> Remote:
    """Return the KMS that the settings name.

    Raises:
        KeysUnavailable: they name none, or not whole.
    """
    if not settings.AWS_KMS_KEY_ID:
        raise KeysUnavailable("KEK_PROVIDER is aws, and AWS_KMS_KEY_ID is not set.")
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    try:
        client = boto3.client(
            "kms",
            region_name=settings.AWS_REGION or None,
            endpoint_url=settings.AWS_KMS_ENDPOINT_URL or None,
            config=config,
        )
    except (BotoCoreError, ValueError) as error:
        raise KeysUnavailable(f"The client of AWS KMS can't be made ({type(error).__name__}).") from error
    return Remote(KMS(client, settings.AWS_KMS_KEY_ID))


def _meant(code: str) -> Exception:
    if code in _BAD_BYTES:
        return WrappedRefused(code)
    return ProviderRefuses(code) if code in _REFUSALS else ProviderDown(code)


def _readable(context: bytes) -> dict[str, str]:
    return {"ofmemory": context.hex()}
