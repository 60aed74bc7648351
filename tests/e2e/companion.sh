#!/usr/bin/env bash
# What the companion services' scripts and pipeline do with the platform, as they do it. Needs
# QUANTUMAPI_BASE_URL (with its /v1) and QAPI_API_KEY; prints a line for each step that worked.
set -euo pipefail

base=$QUANTUMAPI_BASE_URL
host=${base%/v1}
auth=(-H "Authorization: Bearer $QAPI_API_KEY")
json=(-H 'Content-Type: application/json')

expect() {
  [ "$2" = "$3" ] || { printf 'FAILED: %s: "%s" is not "%s"\n' "$1" "$2" "$3" >&2; exit 1; }
  printf '%s\n' "$1"
}

# --- fields, by curl ---

plaintext='ada@example.org "quoted" \ é'
body=$(jq -n --arg text "$plaintext" '{Plaintext: $text, Encoding: "utf8"}')
payload=$(curl -sS -X POST "$base/encryption/encrypt" "${auth[@]}" "${json[@]}" -d "$body" | jq -r '.EncryptedPayload')
# Where the member is absent jq prints "null", which was stored as if it were a payload.
case $payload in '' | null) echo 'FAILED: encrypt answered no .EncryptedPayload' >&2 && exit 1 ;; esac
opened=$(curl -sS -X POST "$base/encryption/decrypt" "${auth[@]}" "${json[@]}" \
  -d "$(jq -n --arg payload "$payload" '{EncryptedPayload: $payload}')" | jq -r '.plaintext')
expect 'encrypt reads .EncryptedPayload' "$opened" "$plaintext"

# Many rows, one call each: none comes back like another.
rows=$(for i in 1 2 3; do
  curl -sS -X POST "$base/encryption/encrypt" "${auth[@]}" "${json[@]}" \
    -d "{\"Plaintext\":\"row $i\",\"Encoding\":\"utf8\"}" | jq -r .EncryptedPayload
done | sort -u | wc -l)
expect 'each row has a payload of its own' "$rows" 3

status=$(curl -sS -o /dev/null -w '%{http_code}' "${auth[@]}" "$host/api/v1/secrets")
expect 'GET /api/v1/secrets' "$status" 200
status=$(curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $QAPI_API_KEY" "$base/secrets")
expect 'GET /v1/secrets' "$status" 200
status=$(curl -sS -o /dev/null -w '%{http_code}' "$host/api/v1/secrets")
expect 'without a key' "$status" 401
expect 'health probe' "$(curl -sS -o /dev/null -w '%{http_code}' "$host/health")" 200

# --- the pipeline, by qapi: a signing key kept as a secret ---

qapi health --no-color > /dev/null && echo 'qapi health'
key=$(openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt)
id=$(qapi secrets create "cosign-$RANDOM$RANDOM" "$key" --output json | jq -r .id)
expect 'secrets create answers .id' "${#id}" 36
expect 'secrets get --show answers .value' "$(qapi secrets get "$id" --show --output json | jq -r .value)" "$key"
expect 'secrets get without --show hides it' "$(qapi secrets get "$id" --output json | jq -r '.value // "hidden"')" hidden

name=users-api/database-$RANDOM$RANDOM
qapi secrets create "$name" 'Host=db;Password=s3cret' > /dev/null
expect 'secret get PATH' "$(qapi secret get "$name")" 'Host=db;Password=s3cret'
qapi secrets list | grep -q "$name" && echo 'secrets list'
qapi keys check > /dev/null && echo 'keys check'

# --- each variable that holds a key, and each that holds an address ---

key_value=$QAPI_API_KEY
unset QAPI_API_KEY
for variable in QUANTUMAPI_KEY QUANTUMAPI_API_KEY QAPI_API_KEY QUANTUMAPI__APIKEY; do
  expect "$variable" "$(env "$variable=$key_value" qapi secret get "$name")" 'Host=db;Password=s3cret'
done
if qapi secrets list 2> /dev/null; then echo 'FAILED: a list without a key' >&2; exit 1; fi
export QAPI_API_KEY=$key_value
for address in "$host" "$host/" "$host/v1" "$host/api/v1"; do
  QUANTUMAPI_BASE_URL=$address qapi health --no-color > /dev/null
  env -u QUANTUMAPI_BASE_URL QUANTUMAPI_URL="$address" qapi health --no-color > /dev/null
done
echo 'addresses'
