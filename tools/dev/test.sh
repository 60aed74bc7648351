# ./dev test: every check of the tree, closed by one line that counts them all.

PASSED=0 FAILED=0 SKIPPED=0

dev_test() {
  case ${1:-} in
    '') test_everything ;;
    --fresh) shift && test_fresh "$@" ;;
    --tsan) test_threads ;;
    -*) fail "test knows no option $1" 2 ;;
    *) test_matching "$1" ;;
  esac
}

test_everything() {
  local begin=$SECONDS
  install_for build format sanitizers test
  need_awslc
  check "The sources are formatted" check_format
  check "Rooms include only from floors below" python3 tools/check_floors.py
  # The quick tests first: they answer soonest. End to end is the last word.
  test_preset dev "Unit tests" all --label-regex '^unit$'
  test_preset asan "Unit tests under address and undefined-behaviour sanitizers" unit_tests \
    --label-regex '^unit$'
  test_preset dev "End-to-end tests" all --label-exclude '^unit$'
  close $((SECONDS - begin))
}

test_threads() {
  install_for build sanitizers test
  need_awslc
  # AWS-LC and libpq are built without the sanitizer: it knows their locks, not what they guard.
  TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1" \
    test_preset tsan "Unit tests under the thread sanitizer" unit_tests --label-regex '^unit$'
  close
}

test_matching() {
  install_for build test
  need_awslc
  # The list of tests must be today's before a name is looked up in it.
  configure dev && logged build/dev/configure.log ninja -C build/dev build.ninja \
    || fail "CMake could not configure build/dev"
  local pattern=$1 targets
  # A name that is a test's own means that test, not every test that contains it.
  ! ctest --test-dir build/dev -N -R "^$1\$" | grep -qx 'Total Tests: 1' || pattern="^$1\$"
  targets=$(python3 tools/dev/ctest_targets.py build/dev "$pattern") || fail "no test matches '$1'"
  test_preset dev "Tests matching '$1'" "$targets" --tests-regex "$pattern"
  close
}

close() {
  [ $# -eq 0 ] || say "All of it took $1 s"
  if [ "$SKIPPED" -gt 0 ]; then
    printf '%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
  else
    printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
  fi
  [ "$FAILED" = 0 ] && [ "$PASSED" -gt 0 ]
}

# check TITLE COMMAND...: one check counts as one test.
check() {
  if timed "$@"; then
    PASSED=$((PASSED + 1))
  else
    say "FAILED: $1"
    FAILED=$((FAILED + 1))
  fi
}

check_format() {
  cpp_sources | xargs -r -d '\n' clang-format-19 --dry-run -Werror
}

# test_preset PRESET TITLE TARGETS CTEST_OPTION...: builds the targets, runs the
# tests chosen, adds what they counted. A tree that does not build is a failure.
test_preset() {
  local preset=$1 title=$2 targets=$3
  shift 3
  # shellcheck disable=SC2086
  if ! configure "$preset" || ! timed "$title: building" ninja_build "$preset" $targets; then
    say "FAILED: $title do not build"
    FAILED=$((FAILED + 1))
    return
  fi
  timed "$title: running" run_ctest "$preset" "$@" || say "FAILED: $title"
  local counted
  counted=$(python3 tools/dev/ctest_count.py "build/$preset/tests.xml") || {
    FAILED=$((FAILED + 1))
    return
  }
  # shellcheck disable=SC2086
  add_counts $counted
}

add_counts() {
  PASSED=$((PASSED + $1)) FAILED=$((FAILED + $2)) SKIPPED=$((SKIPPED + $3))
}

run_ctest() {
  local preset=$1
  shift
  rm -f "build/$preset/tests.xml"
  ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j "$JOBS" \
    --output-junit tests.xml --test-output-size-passed 4000000 \
    --test-output-size-failed 4000000 "$@"
}
