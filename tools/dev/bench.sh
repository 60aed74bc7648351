# Benchmarks and fuzzing: long runs on purpose, outside `./dev test`.

dev_bench() {
  install_for build bench
  need_awslc
  configure release -DQUANTUMAPI_BENCH=ON || fail "CMake could not configure build/release"
  timed "Building the benchmarks" ninja_build release programs benchmarks \
    || fail "the benchmarks do not build"
  [ -x bench/run ] || fail "bench/run is missing: there is nothing to run yet"
  exec bench/run "$@"
}

dev_fuzz() {
  local seconds=${1:-60} target name failed=0 count=0
  case $seconds in '' | *[!0-9]*) fail "fuzz takes a number of seconds, not '$seconds'" 2 ;; esac
  install_for build sanitizers
  need_awslc
  configure fuzz || fail "CMake could not configure build/fuzz"
  timed "Building the fuzz targets" ninja_build fuzz fuzzers || fail "the fuzz targets do not build"
  for target in fuzz/fuzz_*.cc; do
    [ -e "$target" ] || fail "there is no fuzz target yet"
    name=$(basename "$target" .cc)
    count=$((count + 1))
    timed "$name for $seconds s" fuzz_one "$name" "$seconds" || failed=$((failed + 1))
  done
  printf '%d passed, %d failed\n' $((count - failed)) "$failed"
  [ "$failed" = 0 ]
}

# New inputs stay in build/; the seeds of fuzz/corpus are only read. A crash's input is
# kept: once understood it goes to fuzz/corpus, where every `./dev test` replays it.
fuzz_one() {
  local name=$1 seconds=$2 found=build/fuzz/corpus/$1 seeds=fuzz/corpus/${1#fuzz_} dirs
  mkdir -p "$found"
  dirs=("$found")
  [ ! -d "$seeds" ] || dirs+=("$seeds")
  if ! "build/fuzz/bin/$name" -max_total_time="$seconds" -artifact_prefix="$found-" \
    -print_final_stats=1 "${dirs[@]}" > "build/fuzz/$name.log" 2>&1; then
    grep -aE 'ERROR|SUMMARY|runtime error|Test unit written' "build/fuzz/$name.log" >&2 || true
    printf '%s failed: build/fuzz/%s.log\n' "$name" "$name" >&2
    return 1
  fi
  grep -a 'stat::number_of_executed_units' "build/fuzz/$name.log" || true
}
