from rest_framework import serializers

from ofmemory.infra.drf import StrictSerializer


class CredentialsSerializer(StrictSerializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    creatorId = serializers.CharField(max_length=255, required=False)
    code = serializers.CharField(
        max_length=64,
        required=False,
        help_text="For people with a second factor: the code of their authenticator app, or a recovery code.",
    )


class RefreshTokenSerializer(StrictSerializer):
    refreshToken = serializers.CharField(max_length=2048)


class TokenPairSerializer(serializers.Serializer[object]):
    accessToken = serializers.CharField()
    refreshToken = serializers.CharField()
    tokenType = serializers.ChoiceField(choices=["Bearer"])
    expiresIn = serializers.IntegerField(help_text="Seconds until the access token expires.")


class TokenAnswerSerializer(serializers.Serializer[object]):
    data = TokenPairSerializer()  # type: ignore[assignment]  # DRF's own name for something else
    correlationId = serializers.CharField()
    timestamp = serializers.DateTimeField()


class RevokedAnswerSerializer(serializers.Serializer[object]):
    success = serializers.BooleanField()
    correlationId = serializers.CharField()
    timestamp = serializers.DateTimeField()
