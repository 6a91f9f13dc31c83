"""Logging in, refreshing and logging out over REST."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.addresses import address_of
from accounts.api.serializers import (
    CredentialsSerializer,
    RefreshTokenSerializer,
    RevokedAnswerSerializer,
    TokenAnswerSerializer,
)
from accounts.services import sessions
from accounts.throttle import count_failure, refuse_spent
from ofmemory.errors import Unauthorized
from ofmemory.infra.drf import answer, json_body, raw_answer, stamped, valid
from ofmemory.infra.schema import errors_of

T = TypeVar("T")


class TokenView(APIView):
    http_method_names = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="openSession",
        tags=["auth"],
        request=CredentialsSerializer,
        responses={200: TokenAnswerSerializer, **errors_of(400, 401, 403, 413, 415, 429, 503)},
    )
    def post(self, request: Request) -> HttpResponse:
        """Trade a user name and a password, and a code where a second factor is set up, for tokens."""
        given = valid(CredentialsSerializer, json_body(request._request))
        pair = sessions.open_session(
            username=given["username"],
            password=given["password"],
            creator_id=given.get("creatorId"),
            code=given.get("code", ""),
            address=address_of(request._request),
        )
        return _token_answer(pair)


class RefreshView(APIView):
    http_method_names = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="refreshSession",
        tags=["auth"],
        request=RefreshTokenSerializer,
        responses={200: TokenAnswerSerializer, **errors_of(400, 401, 413, 415, 429, 503)},
    )
    def post(self, request: Request) -> HttpResponse:
        """Trade the newest refresh token for new tokens; using an older one ends the session."""
        given = valid(RefreshTokenSerializer, json_body(request._request))
        return _token_answer(_counted(request, partial(sessions.refresh_session, given["refreshToken"])))


class RevokeView(APIView):
    http_method_names = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="closeSession",
        tags=["auth"],
        request=RefreshTokenSerializer,
        responses={200: RevokedAnswerSerializer, **errors_of(400, 401, 413, 415, 429, 503)},
    )
    def post(self, request: Request) -> HttpResponse:
        """Log out: the session's tokens stop working at once."""
        given = valid(RefreshTokenSerializer, json_body(request._request))
        _counted(request, partial(sessions.close_session, given["refreshToken"]))
        return raw_answer(stamped(success=True))


def _counted(request: Request, use: Callable[[], T]) -> T:
    """Use a refresh token; a wrong one counts on the client's address, like any other wrong token."""
    address = address_of(request._request)
    refuse_spent(address)
    try:
        return use()
    except Unauthorized:
        count_failure(address)
        raise


def _token_answer(pair: sessions.TokenPair) -> HttpResponse:
    body = {
        "accessToken": pair.access_token,
        "refreshToken": pair.refresh_token,
        "tokenType": "Bearer",
        "expiresIn": pair.expires_in_seconds,
    }
    response = answer(orjson.dumps(body))
    response.headers["Cache-Control"] = "no-store"
    return response
