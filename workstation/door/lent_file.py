"""An unencrypted file on its way into the checking child: an open handle over a socket, or a path where it has one.

The child may write no file, and with that fill no memory either: the program fills, the child only reads.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewers.pathology.plain_file import PlainFile

_SIGN = b"h"


def make_handover() -> tuple[socket.socket, socket.socket] | tuple[None, None]:
    """The program's end and the child's; none where handles do not travel."""
    if sys.platform != "linux":
        return None, None
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)


def hand_over(plain: PlainFile, through: socket.socket | None) -> bytes:
    """The message that tells the child how to have *plain*; the handle itself goes *through* the socket."""
    if through is not None and plain.handle >= 0:
        socket.send_fds(through, [_SIGN], [plain.handle])
        return json.dumps({"handle": True}).encode()
    return json.dumps({"path": str(plain.path)}).encode()


def refuse(sentence: str) -> bytes:
    """The message that there is none to be had, and why."""
    return json.dumps({"refused": sentence}).encode()


def take_over(message: bytes, through: socket.socket | None) -> PlainFile:
    """In the child: the file that *message* tells of. NoPlainFile."""
    from viewers.pathology.plain_file import NoPlainFile, PlainFile

    told = json.loads(message)
    if "refused" in told:
        raise NoPlainFile(told["refused"])
    if "path" in told:
        return PlainFile(Path(told["path"]))
    if through is None:
        raise ValueError("a handle and no socket for it")
    _, handles, _, _ = socket.recv_fds(through, len(_SIGN), 1)
    handle = handles[0]
    return PlainFile(Path(f"/proc/self/fd/{handle}"), handle=handle, on_close=lambda: os.close(handle))
