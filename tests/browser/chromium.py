#!/usr/bin/python3
"""
Chromium that does not watch the network interfaces of the machine.

When an address comes or goes, Chromium ends requests with ERR_NETWORK_CHANGED.
Containers and network namespaces of other tests make that happen all the time.
Chromium is told by netlink, and does without where it gets no such socket: a
filter of system calls (seccomp) refuses it here.

The arguments are Chromium's; CAFE_CHROMIUM is its path.
"""
import ctypes
import errno
import os
import socket
import struct
import sys

PROGRAM = os.environ.get("CAFE_CHROMIUM", "/usr/bin/chromium-headless-shell")
SOCKET = {"x86_64": 41, "aarch64": 198}.get(os.uname().machine)  # its number
SET_SECCOMP, SET_NO_NEW_PRIVILEGES, FILTER = 22, 38, 2  # of prctl()
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER_AT, FIRST_ARGUMENT_AT = 0, 16  # in struct seccomp_data
ALLOW, REFUSE = 0x7fff0000, 0x00050000


def refuse_netlink():
    """In this process from now on, and in those that it starts."""
    steps = [(LOAD, 0, 0, NUMBER_AT),
             (IF_EQUAL, 0, 3, SOCKET),
             (LOAD, 0, 0, FIRST_ARGUMENT_AT),
             (IF_EQUAL, 0, 1, socket.AF_NETLINK),
             (RETURN, 0, 0, REFUSE | errno.EAFNOSUPPORT),
             (RETURN, 0, 0, ALLOW)]
    code = ctypes.create_string_buffer(
        b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or prctl(
            SET_SECCOMP, FILTER, program, 0, 0):
        raise OSError(ctypes.get_errno(), "no filter of system calls")


if __name__ == "__main__":
    if SOCKET is not None:
        refuse_netlink()
    os.execv(PROGRAM, [PROGRAM, *sys.argv[1:]])
