"""Keeps the memory of a busy server flat: glibc's threads share two heaps.

Whichever thread reads a stream on draws, and by default each thread keeps a heap as large as a drawing's keys and values:
50 visitors took 1.4 GB that way, 0.5 GB this way. Refuses nothing: other allocators (musl, macOS) are left as they are. The
trade-off: threads wait for each other's allocations, which is not to be measured beside a matrix product.
"""

from __future__ import annotations

import ctypes
import platform

M_ARENA_MAX, HEAPS = -8, 2
"""The option's number in glibc's malloc.h, and its value; it holds for heaps made from now on."""


def share_heaps() -> bool:
    """To be called before threads start; whether the allocator took it."""
    return platform.libc_ver()[0] == "glibc" and bool(ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS))
