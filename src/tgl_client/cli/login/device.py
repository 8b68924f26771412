"""Logging in by a browser elsewhere: shows a code, and asks the server until somebody has approved it there."""

import asyncio
import socket
from typing import Final

from tgl_client import errors
from tgl_client.cli.connect import announce
from tgl_client.cli.login.browser import open_page
from tgl_client.cli.running import run_command
from tgl_client.http.address import ServerUrl
from tgl_client.http.device import DeviceApi, DeviceRefusedError
from tgl_client.http.retry import RetryPolicy
from tgl_client.terminal.output import note
from tgl_client.terminal.words import duration
from tgl_protocol import device
from tgl_protocol.api_keys import MAX_KEY_NAME_LENGTH
from tgl_protocol.visible import visible

#: A pause that a server asks for is kept, but not one in which nobody would believe that anything goes on.
_LONGEST_PAUSE: Final = 60.0
#: RFC 8628, section 3.5: for a server that says `slow_down`, or does not answer in time.
_LONGER: Final = 5.0
_BEGINNING: Final = RetryPolicy(max_retries=2, max_waiting=30.0)
_ONE_TRY: Final = RetryPolicy(max_retries=0, max_waiting=0.0)
_NOTHING: Final = "nothing was stored"


def key_name() -> str:
    """What the key of this machine is called."""
    return visible(f"laptop-{socket.gethostname()}")[:MAX_KEY_NAME_LENGTH]


def key_by_device(server: ServerUrl) -> str:
    """The API key that somebody approves for this machine; raises `TglError`, of which the sentence says why not."""
    try:
        return run_command(_log_in(server))
    except errors.InterruptedPushError as ended:
        raise type(ended)(f"{ended}; {_NOTHING}", hint="the code is worthless after ten minutes") from None


async def _log_in(server: ServerUrl) -> str:
    async with DeviceApi(server, _BEGINNING, announce) as api:
        try:
            codes = await api.begin(device.DeviceRequest(name=key_name()))
        except errors.UnknownTargetError:
            raise errors.UsageError(
                "this server knows no login by browser yet",
                hint=f"make a key at {server}/settings/keys/new and paste it: `tgl login --web {server}`",
            ) from None
        except errors.NetworkError as fault:
            fault.hint = f"try again in a minute, or make a key in a browser: `tgl login --web {server}`"
            raise
    _show(codes)
    async with DeviceApi(server, _ONE_TRY, announce) as api:
        return await _wait(api, codes)


def _show(codes: device.DeviceCodes) -> None:
    address, code = visible(codes.verification_uri), visible(codes.user_code)
    note(f"Open {address} in a browser, and type this code there:\n\n    {code}\n")
    is_page = codes.verification_uri_complete.startswith(("https://", "http://"))
    if is_page and open_page(codes.verification_uri_complete):
        note("The page opens in your browser. Approve it only if it shows this very code.")
    note(f"Waiting until it is approved, for {duration(codes.expires_in)} at most; Ctrl-C ends it.")


async def _wait(api: DeviceApi, codes: device.DeviceCodes) -> str:
    """Ask until there is an answer for good; a network that is away for a while costs no more than time."""
    loop = asyncio.get_running_loop()
    pause, until = float(max(1, codes.interval)), loop.time() + codes.expires_in
    is_away = False
    while True:
        await asyncio.sleep(min(pause, _LONGEST_PAUSE))
        try:
            token = await api.collect(codes.device_code)
        except DeviceRefusedError as refusal:
            is_away = False
            if refusal.error == device.SLOW_DOWN:
                pause += _LONGER
            elif refusal.error != device.AUTHORIZATION_PENDING:
                raise _in_words(refusal) from None
        except errors.NetworkError as fault:
            if loop.time() > until or (isinstance(fault, errors.UnreachableError) and fault.is_permanent):
                raise
            if not is_away:
                note(f"{fault}; asking again until the code expires")
            is_away, pause = True, max(pause, fault.retry_after or 0.0)
        else:
            return token.access_token


def _in_words(refusal: DeviceRefusedError) -> errors.TglError:
    """The sentence for a login that is over."""
    if refusal.error == device.ACCESS_DENIED:
        return errors.AuthenticationError(
            f"the login was declined in the browser; {_NOTHING}", hint="if that was a mistake: `tgl login` again"
        )
    if refusal.error == device.EXPIRED_TOKEN:
        return errors.AuthenticationError(
            f"nobody approved the login in time; {_NOTHING}", hint="`tgl login` shows a new code"
        )
    if refusal.error == device.INVALID_GRANT:
        return errors.AuthenticationError(
            f"the server made the key, but its answer was lost on the way; {_NOTHING}",
            hint=f"revoke the unused key {key_name()} in the browser, then `tgl login` again",
        )
    return errors.AuthenticationError(f"{refusal}; {_NOTHING}", hint="`tgl login` again")
