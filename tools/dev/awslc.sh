# AWS-LC, the cryptography, from the crate pinned in third_party/aws-lc: its source
# is fetched and checked by cargo (no Rust is compiled) and built once for each user.

AWSLC_FLAGS=(-DBUILD_TESTING=OFF -DBUILD_TOOL=OFF -DDISABLE_GO=ON -DDISABLE_PERL=ON
  -DBUILD_SHARED_LIBS=OFF -DDISABLE_CPU_JITTER_ENTROPY=ON -DCMAKE_POSITION_INDEPENDENT_CODE=ON
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_LIBDIR=lib)

awslc_version() { sed -n 's/^aws-lc-sys = .*"=\([0-9.]*\)".*/\1/p' third_party/aws-lc/Cargo.toml; }

# What the cached build was made of: another pin, compiler or flag makes another.
awslc_marker() {
  printf 'aws-lc-sys %s\n%s\n%s\n' "$(awslc_version)" "$(cc --version | head -n 1)" \
    "${AWSLC_FLAGS[*]}"
}

awslc_is_current() {
  [ -f "$1/lib/libcrypto.a" ] && [ -f "$1/lib/libssl.a" ] \
    && [ "$(cat "$1/built-from" 2> /dev/null)" = "$(awslc_marker)" ]
}

# Exports AWSLC_ROOT, building it the first time.
need_awslc() {
  if [ -n "${AWSLC_ROOT:-}" ]; then
    [ -f "$AWSLC_ROOT/lib/libcrypto.a" ] || fail "AWSLC_ROOT=$AWSLC_ROOT holds no lib/libcrypto.a"
    export AWSLC_ROOT
    return
  fi
  export AWSLC_ROOT=$CACHE/aws-lc-$(awslc_version)
  awslc_is_current "$AWSLC_ROOT" && return
  timed "Building AWS-LC $(awslc_version), once (about two minutes)" \
    with_lock aws-lc build_awslc "$AWSLC_ROOT" || fail "AWS-LC could not be built"
}

# Built beside its place and renamed into it, so that a broken build is never found there.
build_awslc() {
  local target=$1 work
  awslc_is_current "$target" && return
  work=$(mktemp -d "$CACHE/aws-lc.XXXXXX")
  if vendor_awslc "$work" && compile_awslc "$work"; then
    awslc_marker > "$work/installed/built-from"
    rm -rf "$target.old"
    [ ! -e "$target" ] || mv "$target" "$target.old"
    mv "$work/installed" "$target"
    rm -rf "$work" "$target.old"
    return
  fi
  rm -rf "$work"
  return 1
}

vendor_awslc() {
  cp third_party/aws-lc/Cargo.toml third_party/aws-lc/Cargo.lock "$1/" || return
  touch "$1/lib.rs"  # cargo wants a library to vendor for
  (cd "$1" && logged "$CACHE/log/aws-lc-vendor" cargo vendor --locked vendor)
}

compile_awslc() {
  logged "$CACHE/log/aws-lc-configure" cmake -G Ninja -S "$1/vendor/aws-lc-sys/aws-lc" \
    -B "$1/build" -DCMAKE_INSTALL_PREFIX="$1/installed" "${AWSLC_FLAGS[@]}" || return
  logged "$CACHE/log/aws-lc-build" ninja -C "$1/build" -j "$JOBS" install
}
