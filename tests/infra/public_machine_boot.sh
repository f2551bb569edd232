#!/bin/bash
# Boots a folder as a machine: bash public_machine_boot.sh ROOT CGROUP NETWORK_NAMESPACE
set -e
root=$1 cgroup=$2 network=$3
mkdir -p "$cgroup"
echo $$ > "$cgroup/cgroup.procs"
exec ip netns exec "$network" unshare --pid --mount --uts --ipc --cgroup --fork --kill-child \
    /bin/bash -ec '
root=$1
hostname retrato-machine
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
    touch dev/$name
    mount --bind /dev/$name dev/$name
done
mkdir -p dev/pts dev/shm oldroot
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
pivot_root . oldroot
umount -l /oldroot
exec env -i container=retrato PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
' bash "$root"
