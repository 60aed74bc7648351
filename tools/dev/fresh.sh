# ./dev test --fresh: what a first-time user meets, in new Debian folders (chroots).
# A fresh system gets this machine's trust store and package-client settings, /proc
# and /dev, and nothing else: every package and AWS-LC must come by ./dev itself. What its
# compiler made of the same source before is kept beside it (ccache), so that a repeated
# run takes minutes.

FRESH=$CACHE/fresh

test_fresh() {
  local release releases=(bookworm trixie) failed=0
  [ $# -eq 0 ] || releases=("$@")
  for release in "${releases[@]}"; do
    case $release in
      bookworm | trixie) ;;
      *) fail "--fresh knows bookworm and trixie, not '$release'" 2 ;;
    esac
  done
  install_for build fresh
  for release in "${releases[@]}"; do
    check "Debian $release, from nothing" fresh_one "$release"
  done
  close
}

fresh_one() {
  local system=$FRESH/$1
  fresh_system "$1" "$system" || return
  fresh_settings "$1" "$system" || return
  mkdir -p "$FRESH/$1.ccache" && as_root mkdir -p "$system/root/.cache/ccache" || return
  as_root rm -rf "$system/root/quantumapi"
  # The commit as it stands, by git's own copy: no file that is not in the tree.
  as_root git -c safe.directory='*' clone -q --no-hardlinks "$ROOT" "$system/root/quantumapi" || return
  timed "$1: ./dev run, and the three things it prints" \
    inside "$system" tools/dev/try_printed || return
  timed "$1: ./dev test" inside "$system" ./dev test
}

# The unpacked base system is kept; the copy that is used is new each time.
fresh_system() {
  local base=$FRESH/$1.base mirror
  mkdir -p "$FRESH"
  if [ ! -e "$base/etc/debian_version" ]; then
    mirror=$(machine_mirror)
    as_root rm -rf "$base.new"
    timed "debootstrap $1" logged "$CACHE/log/debootstrap-$1" \
      as_root debootstrap --variant=minbase "$1" "$base.new" "$mirror" || return
    as_root mv "$base.new" "$base"
  fi
  as_root rm -rf "$2" && as_root cp -a "$base" "$2"
}

# The first Debian archive that the machine's own apt uses.
machine_mirror() {
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security | head -n 1
}

# Package-client settings: apt's, cargo's, pip's, npm's; names and trust of the network.
# Suites are renamed to the release; nothing is read out of the files or printed.
fresh_settings() {
  local release=$1 system=$2 codename path
  as_root rm -f "$system/etc/apt/sources.list"  # debootstrap wrote one of its own
  codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  for path in /etc/apt/{sources.list,sources.list.d,apt.conf,apt.conf.d,auth.conf,auth.conf.d} \
    /etc/apt/{keyrings,trusted.gpg.d} /etc/{hosts,resolv.conf,pip.conf,npmrc} \
    /usr/local/share/ca-certificates /etc/ssl/certs; do
    copy_setting "$path" "$system$path" || return
  done
  for path in .cargo/config.toml .cargo/config .config/pip .pip .npmrc; do
    copy_setting "$HOME/$path" "$system/root/$path" || return
  done
  as_root find "$system"/etc/apt/sources.list* -type f -exec \
    sed -i "s/\\b$codename\\b/$release/g" {} +
}

copy_setting() {
  [ -e "$1" ] || return 0
  as_root mkdir -p "$(dirname "$2")"
  as_root rm -rf "$2"
  as_root cp -aL "$1" "$2"
}

# inside SYSTEM COMMAND...: in the clone, as root, with a mount and process namespace of
# its own, so that neither a mount nor a server outlives it.
inside() {
  local system=$1 settings
  shift
  mapfile -t settings < <(env | grep -E \
    '^(PIP_(CERT|INDEX|EXTRA|TRUSTED|DEFAULT|FIND)|CARGO_(HTTP|NET|REGISTR|SOURCE)|npm_config_|SSL_CERT_|(CURL|REQUESTS)_CA_BUNDLE=|GIT_SSL_CAINFO=|NODE_EXTRA_CA_CERTS=|(https?|no|HTTPS?|NO)_(proxy|PROXY)=)')
  as_root unshare --mount --pid --fork --kill-child bash -c '
    system=$1; shift
    mount --make-rprivate /
    mount -t proc proc "$system/proc" && mount --rbind /dev "$system/dev" \
      && mount --bind "$system.ccache" "$system/root/.cache/ccache" || exit
    exec chroot "$system" "$@"' inside "$system" \
    /usr/bin/env -i HOME=/root LANG=C.UTF-8 CI=true \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${settings[@]}" \
    bash -c 'cd /root/quantumapi && exec "$@"' inside "$@" < /dev/null
}
