"""What a figure was taken on."""
import os
import platform
import re
import time


def about():
    """One line about where this runs, and when."""
    with open("/proc/cpuinfo", encoding="ascii") as info:
        name = re.search(r"model name\s*: (.*)", info.read())
    return (f"{name[1] if name else platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
            f"{time.strftime('%Y-%m-%d')}")
