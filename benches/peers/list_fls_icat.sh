#!/usr/bin/env bash
# Lists a filesystem with `fls` and takes the MD5 of the first N files with one `icat` each: list_fls_icat.sh IMAGE N.
set -euo pipefail
fls -rpF -u "$1" | sed -nE 's/^r\/r ([0-9]+)-.*/\1/p' | head -n "$2" | while read -r inode; do icat "$1" "$inode" | md5sum; done
