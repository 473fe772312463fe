# Sourced by tools/run and tools/test: packages, configuration, build.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Precompiled headers hit the cache only when ccache may overlook what they
# define and when they were made.
export CCACHE_SLOPPINESS=pch_defines,time_macros

say() { printf '%s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs what is named in tools/packages.txt and isn't there yet.
install_packages() {
  local wanted missing
  wanted=$(sed 's/#.*//' "$root/tools/packages.txt" | xargs)
  # shellcheck disable=SC2086
  # It fails where one isn't known, which is what we ask.
  missing=$( (dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' $wanted \
    2>/dev/null || true) | awk -v wanted="$wanted" '
      $2 == "installed" { sub(/:.*/, "", $1); there[$1] = 1 }
      END {
        count = split(wanted, names, " ")
        for (i = 1; i <= count; i++)
          if (!(names[i] in there)) printf "%s ", names[i]
      }')
  [ -n "$missing" ] || return 0
  say "installing $missing"
  # Package lists that are there may do; a bare machine has none, or old ones.
  # shellcheck disable=SC2086
  install_debs $missing || {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2
    install_debs $missing
  }
}

install_debs() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" >&2
}

# configure FOLDER [MESON-OPTION…]: once; meson itself notices later changes.
configure() {
  local folder=$root/$1
  shift
  [ -f "$folder/build.ninja" ] && return 0
  CC='ccache gcc' CXX='ccache g++' meson setup "$folder" "$root" "$@" >&2
}
