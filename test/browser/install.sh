#!/usr/bin/env bash
# Installs Debian's Chromium, in which the browser's tests run, where there is none yet. ISOPOD_CHROMIUM names another one to use.
set -euo pipefail

for name in "${ISOPOD_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
  if [ -n "$name" ] && found="$(command -v "$name")"; then
    echo "Chromium is here: $found"
    exit 0
  fi
done
if ! command -v apt-get > /dev/null; then
  echo "There is no apt-get: install Chromium 137 or later as your system does it, or set ISOPOD_CHROMIUM to one." >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Installing needs root: sudo apt-get install chromium" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium
command -v chromium
