#!/usr/bin/env bash
# A new Debian 12 with nothing installed, then the README's first command in a copy of this checkout: the greeting has to
# appear. With --test, also the second one. Needs root, debootstrap and the network; run by hand, as it takes minutes.
#   usage: fresh_machine.sh [--test] [FOLDER]     (FOLDER, /tmp/arris-fresh unless given, is created and kept)
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
whole=
if [ "${1:-}" = --test ]; then whole=1; shift; fi
machine=${1:-/tmp/arris-fresh}

[ "$(id -u)" = 0 ] || { echo "fresh_machine.sh: needs root for debootstrap and chroot" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "fresh_machine.sh: apt-get install debootstrap first" >&2; exit 1; }
[ ! -e "$machine" ] || { echo "fresh_machine.sh: $machine exists; a fresh machine needs a new folder" >&2; exit 1; }

debootstrap --variant=minbase bookworm "$machine"
mkdir "$machine/arris"
(cd "$checkout" && git ls-files -co --exclude-standard -z | tar --null -cf - -T -) | tar -xf - -C "$machine/arris"
cp /etc/resolv.conf "$machine/etc/resolv.conf"
mount -t proc proc "$machine/proc"
trap 'umount "$machine/proc"' EXIT

greeting=$(chroot "$machine" /arris/dev run /arris/examples/hello.wat)
[ "$greeting" = "Hello from Arris!" ] || { echo "fresh_machine.sh: got: $greeting" >&2; exit 1; }
echo "./dev run examples/hello.wat works on a fresh machine"
if [ "$whole" ]; then chroot "$machine" /arris/dev test; fi
