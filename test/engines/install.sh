#!/usr/bin/env bash
# Installs the engines in which the smoke suite runs: "npm" those of npm, in node_modules/.cache/engines;
# "browsers" Debian's Firefox and WebKitGTK, as root; without an argument both, and Chromium.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

what="${1:-all}"

if [ "$what" != browsers ]; then
  folder=node_modules/.cache/engines
  mkdir -p "$folder"
  if ! cmp -s test/engines/npm.json "$folder/package.json"; then
    cp test/engines/npm.json "$folder/installing.json"
    mv "$folder/installing.json" "$folder/package.json"
    # Without its list of what it has, the folder would pass for installed the next time.
    npm install --prefix "$folder" --no-audit --no-fund --prefer-offline || { rm "$folder/package.json"; exit 1; }
  fi
fi

if [ "$what" != npm ]; then
  if [ "$what" = all ]; then test/browser/install.sh; fi
  packages=()
  command -v firefox-esr > /dev/null || command -v firefox > /dev/null || packages+=(firefox-esr)
  ls /usr/lib/*/webkit2gtk-4.*/MiniBrowser > /dev/null 2>&1 || packages+=(webkit2gtk-driver)
  command -v xvfb-run > /dev/null || packages+=(xvfb xauth)
  if [ "${#packages[@]}" -gt 0 ]; then
    if ! command -v apt-get > /dev/null || [ "$(id -u)" -ne 0 ]; then
      echo "Install these as your system does it (here as root: apt-get install ${packages[*]})" >&2
      exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${packages[@]}"
  fi
fi
