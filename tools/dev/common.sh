# Words shared by the parts of ./dev.

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/quantumapi
JOBS=${JOBS:-$(nproc)}

say() { printf '==> %s\n' "$*"; }

# fail MESSAGE [STATUS]: one clear line, then the end.
fail() {
  printf './dev: %s\n' "$1" >&2
  exit "${2:-1}"
}

may_be_root() { [ "$(id -u)" = 0 ] || command -v sudo > /dev/null; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# timed TITLE COMMAND...: says what is done, and how long it took.
timed() {
  local title=$1 begin=$SECONDS
  shift
  say "$title"
  "$@" || return
  say "$title: done in $((SECONDS - begin)) s"
}

# logged FILE COMMAND...: output goes to FILE; its end is shown only when COMMAND fails.
logged() {
  local file=$1
  shift
  mkdir -p "$(dirname "$file")"
  "$@" > "$file" 2>&1 && return
  tail -n 25 "$file" >&2
  printf '(all of it: %s)\n' "$file" >&2
  return 1
}

# One build, one vendor step at a time for a user, however many ./dev are running.
with_lock() {
  local name=$1
  shift
  mkdir -p "$CACHE"
  (
    flock 9
    "$@" 9>&-
  ) 9> "$CACHE/$name.lock"
}
