"""Signing in with an identity provider, by OpenID Connect: its word for who somebody is, checked.

The authorization code flow, with PKCE, state and nonce. Whoever the provider knows must have an account here already:
see :func:`register.people.credentials.account_of`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

import httpx
import structlog
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from register.people.credentials import Identity, NoSuchIdentity, account_of
from running.settings import Settings
from web.accounts.sign_in import begin, is_safe, ours
from web.request.visit import NotFound, Visit, allowed

router = APIRouter()
log = structlog.get_logger(__name__)

_COOKIE = "provider"
_MINUTES = 10
_PATIENCE = 10.0
_KNOWN_FOR = timedelta(minutes=10)
_CLOCKS_DIFFER = 60
_SIGNED_WITH = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""With a key of the provider's own: a token that anybody could sign who knows our secret is not taken."""


class ProviderFailed(Exception):
    """Signing in with the provider did not work. Its text says what to do.

    Arguments:
        words: for whoever signs in.
        status: of the page that says so.
        why: for the log.
    """

    def __init__(self, words: str, *, status: int = 403, why: str = "") -> None:
        super().__init__(words)
        self.status, self.why = status, why


_AWAY = "The identity provider does not answer. Try again in a few minutes, or sign in with your password here."
_STALE = "This sign-in was started in another browser, or more than ten minutes ago. Start again."
_UNFINISHED = "The identity provider refused the sign-in. Start again, or sign in with your password here."
_DOUBTFUL = (
    "What the identity provider answered could not be verified. Start again. If the problem continues, tell operations."
)


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that somebody has begun in this browser: what its answer must fit.

    Arguments:
        state: comes back with the answer.
        nonce: comes back inside the signed token.
        verifier: what shows that whoever exchanges the code is who asked for it.
        then: the page to go on to.
    """

    state: str
    nonce: str
    verifier: str
    then: str


class Provider:
    """An identity provider, as the settings name it. What it says of itself is asked once in a while.

    Arguments:
        settings: with ``oidc_issuer`` and the settings beside it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: tuple[datetime, dict[str, Any]] | None = None

    @property
    def is_there(self) -> bool:
        """Whether there is one at all."""
        return self._settings.oidc_issuer is not None

    async def address(self, begun: Begun, back: str, *, now: datetime) -> str:
        """Where to send somebody who wants to sign in.

        Raises:
            ProviderFailed: it is away, or is not who it should be.
        """
        known = await self._about(now)
        asked = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": back,
            "scope": "openid email",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": create_s256_code_challenge(begun.verifier),
            "code_challenge_method": "S256",
        }
        return str(httpx.URL(known["authorization_endpoint"]).copy_merge_params(asked))

    async def identity(self, code: str, begun: Begun, back: str, *, now: datetime) -> Identity:
        """Who somebody is who came back with a code.

        Raises:
            ProviderFailed: it is away, or its answer is not to be trusted.
        """
        known = await self._about(now)
        try:
            async with httpx.AsyncClient(timeout=_PATIENCE) as client:
                token = await self._token(client, known, code, begun, back)
                keys = KeySet.import_key_set((await client.get(known["jwks_uri"])).json())
                claims = self._claims(token, keys, begun.nonce, now)
                if "email" not in claims and known.get("userinfo_endpoint"):
                    claims |= await _more(client, known["userinfo_endpoint"], token["access_token"], claims["sub"])
        except httpx.HTTPError as error:
            raise ProviderFailed(_AWAY, status=502, why=type(error).__name__) from None
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderFailed(_DOUBTFUL, why=type(error).__name__) from None
        sure = claims.get("email_verified") is True
        return Identity(str(claims["iss"]), str(claims["sub"]), str(claims.get("email", "")) if sure else "")

    async def _token(
        self, client: httpx.AsyncClient, known: Mapping[str, Any], code: str, begun: Begun, back: str
    ) -> dict[str, Any]:
        """The code, exchanged for the provider's signed word."""
        name, secret = str(self._settings.oidc_client_id), self._settings.oidc_client_secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": begun.verifier,
            "client_id": name,
        }
        ways = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        signed_in = httpx.Auth()
        if secret is not None and "client_secret_basic" in ways:
            signed_in = httpx.BasicAuth(quote_plus(name), quote_plus(secret.get_secret_value()))
        elif secret is not None:
            form["client_secret"] = secret.get_secret_value()
        answer = await client.post(known["token_endpoint"], data=form, auth=signed_in)
        if answer.status_code >= 500:
            raise httpx.HTTPStatusError("", request=answer.request, response=answer)
        found: dict[str, Any] = answer.json()
        if answer.status_code != 200:
            raise ProviderFailed(_DOUBTFUL, why=str(found.get("error", answer.status_code))[:100])
        return found

    def _claims(self, token: Mapping[str, Any], keys: KeySet, nonce: str, now: datetime) -> dict[str, Any]:
        signed = jwt.decode(token["id_token"], keys, algorithms=_SIGNED_WITH)
        client = self._settings.oidc_client_id
        checked = CodeIDToken(
            signed.claims,
            signed.header,
            {
                "iss": {"essential": True, "value": str(self._settings.oidc_issuer)},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": str(client)},
                "exp": {"essential": True},
                "iat": {"essential": True},
            },
            {"nonce": nonce, "client_id": client, "access_token": token.get("access_token")},
        )
        checked.validate(now=int(now.timestamp()), leeway=_CLOCKS_DIFFER)
        return dict(checked)

    async def _about(self, now: datetime) -> dict[str, Any]:
        if self._known is not None and abs(now - self._known[0]) < _KNOWN_FOR:
            return self._known[1]
        issuer = str(self._settings.oidc_issuer)
        try:
            async with httpx.AsyncClient(timeout=_PATIENCE) as client:
                answer = await client.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                answer.raise_for_status()
                known = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderFailed(_AWAY, status=502, why=type(error).__name__) from None
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if not isinstance(known, dict) or known.get("issuer") != issuer or not all(known.get(name) for name in needed):
            raise ProviderFailed(_DOUBTFUL, status=502, why="says of itself what it should not")
        self._known = (now, known)
        return known


async def _more(client: httpx.AsyncClient, address: str, access_token: str, subject: str) -> dict[str, Any]:
    """What the provider tells about somebody beside the token: of the same person, or nothing."""
    answer = await client.get(address, headers={"Authorization": f"Bearer {access_token}"})
    found = answer.json()
    if answer.status_code != 200 or not isinstance(found, dict) or found.get("sub") != subject:
        return {}
    return {name: found[name] for name in ("email", "email_verified") if name in found}


@router.get("/sign-in/provider")
async def go(visit: Visit = allowed("anyone")) -> Response:
    """Sends somebody to the identity provider."""
    provider = _provider(visit)
    then = ours(visit.request.query_params.get("then", "/"))
    state, nonce, verifier = (secrets.token_urlsafe(36) for _ in range(3))
    begun = Begun(state, nonce, verifier, then)
    try:
        address = await provider.address(begun, _back(visit), now=visit.now)
    except ProviderFailed as error:
        return _failed(visit, error)
    answer = RedirectResponse(address, status_code=303)
    # Lax: the browser comes back from another site, and has to bring it along.
    answer.set_cookie(
        _cookie(visit),
        urlencode(asdict(begun)),
        max_age=_MINUTES * 60,
        secure=is_safe(visit),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/sign-in/provider/callback")
async def come_back(visit: Visit = allowed("anyone")) -> Response:
    """Somebody comes back from the provider, with a code or without."""
    provider, query = _provider(visit), visit.request.query_params
    try:
        begun = _begun(visit, query.get("state", ""))
        if "code" not in query:
            raise ProviderFailed(_UNFINISHED, why="no code")
        identity = await provider.identity(query["code"], begun, _back(visit), now=visit.now)
        account = await account_of(visit.site.register, identity, now=visit.now)
    except (ProviderFailed, NoSuchIdentity) as error:
        answer = _failed(visit, error)
    else:
        answer = await begin(visit, account, ours(begun.then))
    answer.delete_cookie(_cookie(visit), secure=is_safe(visit), httponly=True, samesite="lax")
    return answer


def _begun(visit: Visit, state: str) -> Begun:
    kept = dict(parse_qsl(visit.request.cookies.get(_cookie(visit), "")))
    try:
        begun = Begun(**kept)
    except TypeError:
        raise ProviderFailed(_STALE, status=400, why="not begun here") from None
    if not secrets.compare_digest(begun.state.encode(), state.encode()):
        raise ProviderFailed(_STALE, status=400, why="another state")
    return begun


def _provider(visit: Visit) -> Provider:
    provider: Provider = visit.request.app.state.provider
    if not provider.is_there:
        raise NotFound("Nobody signs in with an identity provider here.")
    return provider


def _failed(visit: Visit, error: ProviderFailed | NoSuchIdentity) -> Response:
    status, why = (error.status, error.why) if isinstance(error, ProviderFailed) else (403, "no account for them")
    log.warning("sign-in with the identity provider failed", why=why)
    return visit.page("sign_in/provider_failed.html", status=status, title="You are not signed in", words=str(error))


def _back(visit: Visit) -> str:
    base = visit.site.settings.public_url or str(visit.request.base_url).rstrip("/")
    return f"{base}/sign-in/provider/callback"


def _cookie(visit: Visit) -> str:
    return f"__Host-{_COOKIE}" if is_safe(visit) else _COOKIE
