#!/usr/bin/env bash
# Makes volumes/ntfs.img.gz and volumes/fat.img.gz, which are checked in, so that building the sample evidence needs no
# NTFS or FAT tools. Made with ntfs-3g 2022.10.3, dosfstools 4.2 and mtools 4.0.32 on Debian 12; needs root for the mount.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'mountpoint -q "$work/mnt" && umount "$work/mnt"; rm -rf "$work"' EXIT
export SOURCE_DATE_EPOCH=1760000000 TZ=UTC
python3 "$here/pictures.py" "$work/pictures"
find "$work/pictures" -exec touch -d '2025-06-01 12:00:00' {} +

# NTFS: live pictures, an alternate stream, a hard link, a compressed file; deleted pictures and a deleted folder.
truncate -s 6M "$work/ntfs.img"
mkntfs -q -F -s 512 -c 4096 -L SAMPLE "$work/ntfs.img"
mkdir "$work/mnt"
ntfs-3g -o compression,streams_interface=windows "$work/ntfs.img" "$work/mnt"
mkdir -p "$work/mnt/Users/sample/Pictures/holiday" "$work/mnt/Users/sample/Documents"
cp -p "$work"/pictures/IMG_000[1-8].PNG "$work/mnt/Users/sample/Pictures/"
cp -p "$work"/pictures/IMG_0009.PNG "$work/mnt/Users/sample/Pictures/holiday/A long name that FAT would cut – Übersicht.png"
cp -p "$work"/pictures/IMG_0010.PNG "$work/mnt/Users/sample/Pictures/holiday/IMG_0010.PNG"
printf '[ZoneTransfer]\r\nZoneId=3\r\n' > "$work/mnt/Users/sample/Pictures/IMG_0001.PNG:Zone.Identifier"
ln "$work/mnt/Users/sample/Pictures/IMG_0002.PNG" "$work/mnt/Users/sample/Documents/second name.png"
mkdir "$work/mnt/Users/sample/Compressed"
setfattr -h -v 0x00000800 -n system.ntfs_attrib_be "$work/mnt/Users/sample/Compressed"
seq 1 20000 > "$work/mnt/Users/sample/Compressed/numbers.txt"
sync
rm "$work/mnt/Users/sample/Pictures/IMG_0003.PNG" "$work/mnt/Users/sample/Pictures/IMG_0005.PNG"
rm -r "$work/mnt/Users/sample/Pictures/holiday"
umount "$work/mnt"

# FAT: the card of a camera; live, deleted, and a deleted folder.
truncate -s 4M "$work/fat.img"
mkfs.fat -F 16 -s 1 -n CAMERA -i 4e534543 --invariant "$work/fat.img" > /dev/null
export MTOOLS_SKIP_CHECK=1
mmd -i "$work/fat.img" ::/DCIM ::/DCIM/100CAMRA ::/DCIM/101TRASH
mcopy -m -i "$work/fat.img" "$work"/pictures/IMG_001[0-4].PNG ::/DCIM/100CAMRA/
mcopy -m -i "$work/fat.img" "$work"/pictures/IMG_0015.PNG "::/DCIM/100CAMRA/a name longer than eight.png"
mcopy -m -i "$work/fat.img" "$work"/pictures/IMG_0016.PNG ::/DCIM/101TRASH/
mcopy -m -i "$work/fat.img" "$work"/pictures/IMG_0003.PNG ::/DCIM/101TRASH/
mdel -i "$work/fat.img" ::/DCIM/100CAMRA/IMG_0012.PNG "::/DCIM/100CAMRA/a name longer than eight.png"
mdeltree -i "$work/fat.img" ::/DCIM/101TRASH

mkdir -p "$here/volumes"
for name in ntfs fat; do gzip -9nc "$work/$name.img" > "$here/volumes/$name.img.gz"; done
ls -l "$here/volumes"
