"""Maps the output memory file for pixels without duplicating its descriptor."""

import ctypes
import mmap
import os

from services.upload.decoder import limits

_MAP_FAILED = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_long,
)


def map_writable(descriptor: int, size: int) -> memoryview:
    """The first `size` bytes of a memory file, writable.

    `mmap.mmap` would duplicate the descriptor and read its status: two more system calls that the
    child would have to be allowed.
    """
    flags = mmap.MAP_SHARED
    if size <= limits.WARM_BYTES_MAX:
        # Beyond this, a picture that merely declares many pixels would cost as much as a real one.
        flags |= mmap.MAP_POPULATE
    address = _libc.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, flags, descriptor, 0)
    if address is None or address == _MAP_FAILED:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return memoryview((ctypes.c_char * size).from_address(address)).cast("B")
