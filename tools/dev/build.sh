# Configure and build a preset's tree.

# configure PRESET [CMAKE OPTION...]: only when its tree is new or something given changed;
# ninja itself runs CMake again when a CMake file or the set of sources changes.
configure() {
  local preset=$1 given="$AWSLC_ROOT $*"
  shift
  [ -f "build/$preset/build.ninja" ] && [ "$(cat "build/$preset/configured-with")" = "$given" ] \
    && return
  logged "build/$preset/configure.log" cmake --preset "$preset" -DAWSLC_ROOT="$AWSLC_ROOT" "$@" \
    || return
  printf '%s' "$given" > "build/$preset/configured-with"
}

# ninja_build PRESET TARGET...: on a terminal a line of progress, elsewhere only what fails.
ninja_build() {
  local preset=$1 quiet=()
  shift
  [ -t 1 ] || quiet=(--quiet)
  ninja "${quiet[@]}" -C "build/$preset" -j "$JOBS" "$@"
}

need_programs() {
  install_for build
  need_awslc
  configure release || fail "CMake could not configure build/release"
  timed "Building the programs (the first time some minutes)" ninja_build release programs \
    || fail "the programs do not build"
}

dev_build() {
  [ $# -eq 0 ] || fail "build takes no argument" 2
  need_programs
  say "Built: $(cd build/release/bin && ls -d "$PWD"/quantumapid "$PWD"/qapi | tr '\n' ' ')"
}

# The C++ sources that are ours, whether committed yet or not.
cpp_sources() { git ls-files -co --exclude-standard '*.cc' '*.h'; }

dev_fmt() {
  [ $# -eq 0 ] || fail "fmt takes no argument" 2
  install_for format
  cpp_sources | xargs -r -d '\n' clang-format-19 -i
  git diff --stat -- '*.cc' '*.h'
}
