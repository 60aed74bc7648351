# ./dev run: the platform from nothing to three things to try.

dev_run() {
  [ $# -eq 0 ] || fail "run takes no argument" 2
  local data
  data=$(realpath -m "${QUANTUMAPI_DATA:-$ROOT/data}")
  local port=${QUANTUMAPI_PORT:-8443} plain_port=${QUANTUMAPI_PLAIN_PORT:-8080}
  need_free_ports "$port" "$plain_port"
  need_programs
  need_free_ports "$port" "$plain_port"  # that may have taken minutes
  local bin=$ROOT/build/release/bin key=''
  [ -e "$data" ] || create "$bin" "$data"
  serve "$bin" "$data" "$port" "$plain_port" "$key"
}

need_free_ports() {
  need_free_port "$1" QUANTUMAPI_PORT
  need_free_port "$2" QUANTUMAPI_PLAIN_PORT
}

# need_free_port PORT VARIABLE: said before anything is built or made.
need_free_port() {
  case $1 in '' | *[!0-9]*) fail "$2=$1 is no port" 2 ;; esac
  ! (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null \
    || fail "port $1 is in use: stop what uses it, or give another one: $2=PORT ./dev run"
}

# Made beside its place and renamed into it: what an interrupted init leaves, whose
# key nobody has seen, is never taken for a platform.
create() {
  local bin=$1 data=$2 created
  say "First use: creating the platform's keys and data in $data"
  rm -rf "$data.new"
  # What it says of the root key's file is said of where that file will stay.
  created=$("$bin/quantumapid" init --data "$data.new" --json --server-keys 2> "$data.said") || {
    cat "$data.said" >&2
    fail "quantumapid init failed"
  }
  sed "s|$data[.]new|$data|g" "$data.said" >&2
  rm -f "$data.said"
  key=$(printf '%s' "$created" | json_field api_key)
  mv "$data.new" "$data"
}

# json_field NAME: that member of the object on standard input.
json_field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# In the foreground until Ctrl-C; nothing is promised before the platform is ready.
serve() {
  local bin=$1 data=$2 port=$3 plain_port=$4 key=$5 status=0
  "$bin/quantumapid" serve --data "$data" --listen "127.0.0.1:$port" \
    --listen-plain "127.0.0.1:$plain_port" &
  local server=$!
  trap 'kill -TERM $server 2> /dev/null || true' INT TERM EXIT
  if wait_until_ready "$server" "http://127.0.0.1:$plain_port/health/ready"; then
    welcome "$bin" "$data" "$port" "$plain_port" "$key"
  elif [ -n "$key" ]; then
    say "Not ready; the first API key, shown this once: $key"
  fi
  # The first wait returns when a signal arrives, the second when the server has stopped.
  wait "$server" || status=$?
  wait "$server" 2> /dev/null || status=$?
  trap - INT TERM EXIT
  [ "$status" -le 128 ] || status=0
  [ "$status" = 0 ] || fail "the platform stopped with status $status" "$status"
  say "Stopped"
}

wait_until_ready() {
  local server=$1 url=$2 tries=0
  until curl --noproxy '*' -fs -m 2 -o /dev/null "$url"; do
    kill -0 "$server" 2> /dev/null || return 1
    tries=$((tries + 1))
    [ $tries -lt 300 ] || return 1
    sleep 0.1
  done
  kill -0 "$server" 2> /dev/null
}

welcome() {
  local bin=$1 data=$2 port=$3 plain_port=$4 key=$5
  cat <<TEXT

QuantumAPI is ready: https://localhost:$port
        and without TLS, from this machine only: http://127.0.0.1:$plain_port

In another terminal:
  export PATH="$bin:\$PATH"
  export QUANTUMAPI_URL=https://localhost:$port
  export QUANTUMAPI_CA_FILE=$data/ca.pem
TEXT
  [ -z "$key" ] || first_steps "$key"
  cat <<TEXT

Another API key, while the platform is stopped:
  quantumapid apikey create --data $data
Ctrl-C stops the platform.
TEXT
}

# Only the first time: the key is known once, and a secret is created once.
first_steps() {
  cat <<TEXT
  export QUANTUMAPI_KEY=$1
The last line holds an API key with every right: it is shown this once.

1. Keep a secret and read it back:
  printf 'correct-horse' | qapi secrets create db-password -
  qapi secrets get db-password --show
2. Encrypt a text and decrypt it again:
  printf 'hello' | qapi encrypt - | qapi decrypt -
3. See it all in the audit log:
  qapi audit list
TEXT
}
