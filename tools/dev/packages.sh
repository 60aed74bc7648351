# What each command needs from Debian. apt is called only when something is missing.

debian_version() {
  local VERSION_ID=''
  [ -r /etc/os-release ] && . /etc/os-release
  printf '%s' "$VERSION_ID"
}

need_debian() {
  local ID='' ID_LIKE=''
  [ -r /etc/os-release ] && . /etc/os-release
  case "$ID $ID_LIKE" in
    *debian*) ;;
    *) fail "this system is '${ID:-unknown}': ./dev installs packages on Debian 12 and 13 only" ;;
  esac
}

packages_of_build() {
  local boost=libboost-dev
  [ "$(debian_version)" = 12 ] && boost=libboost1.81-dev
  printf '%s\n' "$boost" ca-certificates ccache cmake curl g++ git libcli11-dev libfmt-dev \
    libgmock-dev libgtest-dev libpq-dev libsqlite3-dev libtomlplusplus-dev libutf8proc-dev mold \
    ninja-build openssl pkg-config procps python3 zlib1g-dev
  # A cargo of the user's own (rustup) serves as well; it only fetches AWS-LC's source.
  if ! cargo --version > /dev/null 2>&1 && [ -z "${AWSLC_ROOT:-}" ]; then
    [ "$(debian_version)" = 12 ] && printf 'cargo-web\n' || printf 'cargo\n'
  fi
}

packages_of_format() { printf '%s\n' clang-format-19; }
packages_of_sanitizers() { printf '%s\n' clang-19 libclang-rt-19-dev; }
packages_of_test() { printf '%s\n' binutils fish iproute2 jq libssl-dev postgresql python3-venv zsh; }
packages_of_bench() { printf '%s\n' libbenchmark-dev postgresql wrk; }
packages_of_fresh() { printf '%s\n' debootstrap; }

is_installed() {
  dpkg-query -W -f '${db:Status-Abbrev}\n' "$1" 2> /dev/null | grep -q '^ii'
}

# install_for GROUP...: the packages_of_GROUP that are missing.
install_for() {
  local group package missing=()
  need_debian
  for group in "$@"; do
    for package in $(packages_of_"$group"); do
      is_installed "$package" || missing+=("$package")
    done
  done
  [ ${#missing[@]} -eq 0 ] && return
  may_be_root || fail "neither root nor sudo is to be had: let root install ${missing[*]}"
  timed "Installing by apt: ${missing[*]}" with_lock apt apt_install "${missing[@]}" \
    || fail "apt could not install ${missing[*]} (all it said: $APT_LOG)"
}

APT_LOG=$CACHE/log/apt

# Package lists may be absent or old: they are renewed only when the first try fails.
apt_install() {
  local apt=(as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
  local install=(install --no-install-recommends "$@")
  "${apt[@]}" -o Acquire::Retries=0 "${install[@]}" > /dev/null 2>&1 && return
  mkdir -p "$CACHE/log"
  "${apt[@]}" -o APT::Update::Error-Mode=any update > "$APT_LOG" 2>&1 \
    && "${apt[@]}" "${install[@]}" >> "$APT_LOG" 2>&1 && return
  grep -m 1 '^E: ' "$APT_LOG" >&2 || true
  return 1
}
