"""What aiohttp reports of a connection that failed, in words that somebody at a terminal can act upon."""

import os
import ssl

import aiohttp
from yarl import URL

from tgl_client import errors
from tgl_client.http.address import ServerUrl
from tgl_client.http.proxy import Proxy

_PROXY_HINT = "it is named by HTTPS_PROXY or ALL_PROXY; hosts in NO_PROXY are reached without it"


def unreachable(server: ServerUrl, proxy: Proxy | None, error: Exception) -> errors.UnreachableError:
    """The error for a request that got no answer; it says whether it was the proxy or the server."""
    if proxy is not None and isinstance(error, aiohttp.ClientHttpProxyError):
        return _refused_by_proxy(proxy, error)
    if proxy is not None and isinstance(error, aiohttp.ClientProxyConnectionError):
        message = f"no connection to the proxy {proxy.name}: {_reason(error.os_error)}"
        return errors.UnreachableError(message, hint=_PROXY_HINT)
    host = URL(server.base).authority
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        hint = "check the server's certificate; a company's own authority is named with SSL_CERT_FILE"
        message = f"no secure connection to {host}: {_tls_reason(error)}"
        return errors.UnreachableError(message, hint=hint, is_permanent=_is_about_certificate(error))
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return errors.UnreachableError(f"the name {host} is not known here")
    if isinstance(error, aiohttp.ClientConnectorError):
        return errors.UnreachableError(f"no connection to {host}: {_reason(error.os_error)}")
    if isinstance(error, TimeoutError):
        return errors.UnreachableError(f"{host} did not answer in time")
    return errors.UnreachableError(f"the connection to {host} broke off{_detail(error)}")


def _refused_by_proxy(proxy: Proxy, error: aiohttp.ClientHttpProxyError) -> errors.UnreachableError:
    if error.status == 407:
        message = f"the proxy {proxy.name} wants a user and a password, or others than these"
        hint = "write them into HTTPS_PROXY: http://user:password@proxy:port"
        return errors.UnreachableError(message, hint=hint, status=407, is_permanent=True)
    message = f"the proxy {proxy.name} makes no connection: HTTP {error.status} {error.message}".rstrip()
    return errors.UnreachableError(message, hint=_PROXY_HINT, status=error.status, is_permanent=error.status < 500)


def _reason(error: OSError) -> str:
    """The system's own words; asyncio's have the call and the address as Python writes them."""
    if error.errno and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or "nobody answers there"


def _tls_reason(error: aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError) -> str:
    cause = _cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message or "its certificate is not valid"
    if isinstance(cause, ssl.SSLError) and cause.reason:
        return cause.reason.replace("_", " ").lower()
    return _reason(cause) if isinstance(cause, OSError) else "the two sides do not agree"


def _cause(error: aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError) -> BaseException:
    found: BaseException = (
        error.certificate_error if isinstance(error, aiohttp.ClientConnectorCertificateError) else error.os_error
    )
    return found


def _is_about_certificate(error: Exception) -> bool:
    """A certificate does not become good by asking again."""
    return isinstance(error, aiohttp.ClientConnectorCertificateError)


def _detail(error: Exception) -> str:
    """The system's words, where it was the system; aiohttp's name its own parts."""
    if isinstance(error, OSError) and error.errno:
        return f": {_reason(error)}"
    return ": what answers there is no web server" if isinstance(error, aiohttp.ClientResponseError) else ""
