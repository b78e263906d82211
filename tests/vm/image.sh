#!/usr/bin/env bash
# Makes the disk of a whole virtual machine as a device's image is made: on a
# machine where SELinux need not run. Needs root.
#
#   image.sh BASE STAGE OUT [PACKAGE.deb...]
#
# BASE   tree of a Debian release (base.sh)
# STAGE  tree laid over it, with what the tests add; its /provision, where there
#        is one, is run inside once all else is installed, and removed
# OUT    directory to write disk, sized (the disk with project quotas), vmlinuz and
#        initrd to; must not exist
set -euo pipefail

base=${1:?usage: image.sh BASE STAGE OUT [PACKAGE.deb...]}
stage=$2
out=$3
shift 3

part=$(mktemp -d "$(dirname "$out")/part.XXXXXX")
root=$part/root
cleanup() {
    mountpoint -q "$root/proc" && umount "$root/proc"
    rm -rf --one-file-system "$part"
}
trap cleanup EXIT
chmod 755 "$part"

cp -a --reflink=auto "$base" "$root"
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
mount -t proc proc "$root/proc"
# No service is started by an installation into a tree.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

# What every machine needs.
echo '/dev/vda / ext4 rw 0 1' > "$root/etc/fstab"
# Where directories can be held to a size.
echo '/dev/vdb /var/lib/sized ext4 rw,prjquota 0 2' >> "$root/etc/fstab"
mkdir "$root/var/lib/sized"
echo bedside > "$root/etc/hostname"
echo 0123456789abcdef0123456789abcdef > "$root/etc/machine-id"
sed -i 's/^SELINUX=.*/SELINUX=enforcing/' "$root/etc/selinux/config"
# Nobody logs in on the screen or the serial line, nothing is done by the clock
# while something is measured, and nothing is caught up with at the first boot.
for unit in getty@tty1.service serial-getty@ttyS0.service apt-daily.timer \
    apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
    e2scrub_reap.service systemd-networkd.service systemd-logind.service \
    systemd-update-utmp.service systemd-machine-id-commit.service \
    systemd-random-seed.service systemd-hwdb-update.service ldconfig.service \
    modprobe@efi_pstore.service systemd-pstore.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
# Its home directory already has its label.
ln -sf /dev/null "$root/etc/tmpfiles.d/provision.conf"
# Drivers that an emulated machine has no use for.
printf 'blacklist %s\n' kvm kvm_amd kvm_intel powernow_k8 acpi_cpufreq pcspkr \
    psmouse i2c_piix4 parport_pc floppy joydev evdev > "$root/etc/modprobe.d/virtual-machine.conf"

if [ $# -gt 0 ]; then
    mkdir "$root/packages"
    cp "$@" "$root/packages/"
    inside sh -c 'dpkg --install /packages/*.deb' >&2
    rm -r "$root/packages"
fi
cp -a "$stage/." "$root/"
if [ -e "$root/provision" ]; then
    inside sh -e /provision >&2
    rm "$root/provision"
fi

rm "$root/usr/sbin/policy-rc.d"
# As after a boot: users, library cache and catalogues are up to date.
touch "$root/etc/.updated" "$root/var/.updated"
# The same tool and the same contexts as on the device itself. Debian 12's reaches
# each file by /proc/self/fd; -m: it is not asked there which mounts have labels.
inside setfiles -F -m -e /proc -e /sys /etc/selinux/default/contexts/files/file_contexts / >&2
umount "$root/proc"
mkdir "$part/image"
cp "$root"/boot/vmlinuz-* "$part/image/vmlinuz"
cp "$root"/boot/initrd.img-* "$part/image/initrd"
mkdir "$part/sized"
# The mount point has the label of what will be mounted there.
cp -a "$root/var/lib/sized/." "$part/sized/"
rm -rf "${root:?}"/var/lib/sized/*
mke2fs -q -t ext4 -O quota,project -E quotatype=prjquota -d "$part/sized" "$part/image/sized" 64M >&2
mke2fs -q -t ext4 -O ^has_journal -d "$root" "$part/image/disk" 2G >&2
# It gets its name when it is whole.
mv "$part/image" "$out"
