"""How much memory this program may still take: of the computer, and of the group it was put into (Linux only)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")


def free_memory_bytes(proc: Path = Path("/proc"), groups: Path = _GROUPS) -> int | None:
    """What can be had without anything else being pushed out; None where the system does not say."""
    available = _available(proc / "meminfo")
    left = [count for count in (available, *_left_in_groups(proc / "self" / "cgroup", groups)) if count is not None]
    return min(left, default=None)


def _available(meminfo: Path) -> int | None:
    """``MemAvailable`` (proc(5)), in KiB there."""
    with suppress(OSError, ValueError, IndexError):
        for line in meminfo.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return None


def _left_in_groups(membership: Path, groups: Path) -> list[int]:
    """What the memory limits of this program's control group and of those above it leave (cgroups(7), v1 and v2)."""
    left = []
    with suppress(OSError, ValueError):
        for line in membership.read_text("utf-8").splitlines():
            _number, controllers, path = line.split(":", 2)
            if controllers == "":
                root, names = groups, ("memory.max", "memory.current", "inactive_file")
            elif "memory" in controllers.split(","):
                root, names = (
                    groups / "memory",
                    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
                )
            else:
                continue
            group = root / path.lstrip("/")
            while group != root.parent and (group == root or root in group.parents):
                left += _left_in(group, *names)
                group = group.parent
    return left


def _left_in(group: Path, limit_name: str, used_name: str, reclaimable_name: str) -> list[int]:
    """Nothing where the group has no limit. Pages of files that were read once are given back before anything."""
    with suppress(OSError, ValueError):
        limit, used = int((group / limit_name).read_text()), int((group / used_name).read_text())
        reclaimable = 0
        for line in (group / "memory.stat").read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == reclaimable_name:
                reclaimable = int(value)
        return [max(0, limit - used + reclaimable)]
    return []
