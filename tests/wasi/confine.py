"""Takes from a child process, before it runs, what it shall not have."""
import ctypes
import os
import struct

NOT_HERE = 77  # exit code of a child that could not be confined
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 24, 38, 22, 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER = 1, 2, 3
SYS_OPENAT2, AT_FDCWD = 437, -100  # the same on every architecture
libc = ctypes.CDLL(None, use_errno=True)


def drop_file_capabilities():
    """The superuser's right to ignore permissions and owners."""
    if os.geteuid() == 0:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def forbid_openat2():
    """A seccomp filter in four instructions: ENOSYS for openat2, as an old kernel says."""
    class Instruction(ctypes.Structure):
        _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.POINTER(Instruction))]

    load_number, jump_if_equal, leave, allow, error_enosys = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000 | 38
    filter_ = (Instruction * 4)(Instruction(load_number, 0, 0, 0), Instruction(jump_if_equal, 0, 1, SYS_OPENAT2),
                                Instruction(leave, 0, 0, error_enosys), Instruction(leave, 0, 0, allow))
    program = Program(4, filter_)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)):
        os._exit(NOT_HERE)
    how = struct.pack("QQQ", os.O_PATH, 0, 8)
    if libc.syscall(SYS_OPENAT2, AT_FDCWD, b".", how, len(how)) != -1:
        os._exit(NOT_HERE)
