#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# make-fake.sh KIND GUARD FAKE STAMP: lays out one fake engine's folder beside STAMP
set -e
folder=$(dirname "$4")/$1
mkdir -p "$folder"
for name in sparekey-gpg sparekey-gpg-noverify
do
  ln -sf "$(realpath "$2")" "$folder/$name"
done
rm -f "$folder/gpg"
[ "$1" = missing ] || ln -s "$(realpath "$3")" "$folder/gpg"
touch "$4"
