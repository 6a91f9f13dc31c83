#!/usr/bin/env bash
# Asks the advisory database of PyPI about everything the product installs. Needs the network, so it is neither part of
# `make test` nor of `make check`: run `make audit` once a day, and before a release. Exits with 1 for a known weakness
# that tools/audit_waivers.txt does not waive, and for a waiver that has run out.
set -euo pipefail
cd "$(dirname "$0")/.."
waivers=tools/audit_waivers.txt
today=$(date -u +%Y-%m-%d)

options=()
while read -r id until reason; do
    case "$id" in '' | '#'*) continue ;; esac
    case "$until" in
        20[0-9][0-9]-[0-1][0-9]-[0-3][0-9]) ;;
        *) echo "$waivers: $id names no day until which it holds" >&2; exit 1 ;;
    esac
    [ -n "$reason" ] || { echo "$waivers: $id gives no reason" >&2; exit 1; }
    if [[ "$until" < "$today" ]]; then
        echo "$waivers: the waiver of $id ran out on $until" >&2
        exit 1
    fi
    options+=(--ignore-vuln "$id")
done < "$waivers"

# What is installed, not what the ranges would allow: these are the versions that were tested. Strict: a package about
# which nothing could be asked is a failure, not a pass.
exec .venv/bin/python -m pip_audit --local --strict --skip-editable --progress-spinner off "${options[@]}" "$@"
