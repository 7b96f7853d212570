# Shared by the scripts: where things are, how a step is told, what runs as root.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache
mkdir -p "$cache/log"

# Compiled objects are shared between clones of this repository.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros

step() { printf '== %s\n' "$*" >&2; }
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# The clang that checks the sources on this Debian.
clang_version() { if grep -q '^VERSION_CODENAME=trixie' /etc/os-release; then echo 19; else echo 16; fi; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    command -v sudo >/dev/null || die "needs root or sudo for: $*"
    sudo "$@"
  fi
}

# Says every few seconds that a step still goes on. Ends with the process that started it.
tick() {
  local what=$1 parent=$2 began=$SECONDS hold
  exec {hold}<> <(:)
  while true; do
    read -rt 5 -u "$hold" || true # a sleep that leaves no process behind when this one is killed
    kill -0 "$parent" 2>/dev/null || exit 0
    if [ -t 2 ]; then
      printf '\r   %s: %d s' "$what" $((SECONDS - began)) >&2
    elif [ $(((SECONDS - began) % 30)) -lt 5 ]; then
      printf '   %s: %d s\n' "$what" $((SECONDS - began)) >&2
    fi
  done
}

# quietly NAME COMMAND…: the command's output goes to .cache/log/NAME.log, its end is shown if it fails.
quietly() {
  local name=$1 log=$cache/log/$1.log ticker status=0
  shift
  tick "$name" $$ &
  ticker=$!
  "$@" >"$log" 2>&1 || status=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  if [ -t 2 ]; then printf '\r\033[K' >&2; fi
  if [ "$status" != 0 ]; then
    tail -n 30 "$log" >&2
    die "$name failed (exit status $status); all of its output is in $log"
  fi
}

# Has the JVM keep the classes of that Spark, once; without them a server starts slower and is as good.
prepare_spark() { # SPARK_HOME [FOLDER-OF-BUILD]
  local version
  version=$(basename "$1")
  [ ! -f "$1/classes.jsa" ] || return 0
  step "Preparing Spark $version to start quickly (once)"
  (quietly "class-archive-$version" "${2:-$root/build/dev}/tools/class_archive" "$1") ||
    step "Going on without; servers start slower"
}
