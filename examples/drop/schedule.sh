#!/bin/sh
# Puts a product on sale in a drop, by the API alone. It can be run again after a failure: each step is done once.
#
#     ADMIN=$(npm run --silent token -- --role ADMIN) sh examples/drop/schedule.sh autumn-lamps 2030-10-01T18:00 2030-10-02T18:00
#
# The times are those that clocks show in ZONE. SHOP_URL, ZONE, UNITS and PRICE may be set.
set -eu

drop=${1:?the id of the drop} opens=${2:?when it opens} closes=${3:?when it ends}
shop=${SHOP_URL:-http://localhost:8080}
zone=${ZONE:-Europe/Berlin}
product="$drop-1"
: "${ADMIN:?a token of an ADMIN}"

# send METHOD PATH BODY [CODE [HEADER]]: prints the answer. A refusal with CODE means that an earlier run did this step.
send() {
  answer=$(curl -sS -X "$1" "$shop$2" -w '\n%{http_code}' -H "Authorization: Bearer $ADMIN" \
    -H 'Content-Type: application/json' ${5:+-H "$5"} -d "$3")
  status=$(printf '%s' "$answer" | tail -n 1)
  body=$(printf '%s' "$answer" | sed '$d')
  case $status in
    2*) ;;
    *)
      case $body in
        *"\"code\":\"${4:-none}\""*) ;;
        *) printf '%s %s was refused: %s\n' "$1" "$2" "$body" >&2; exit 1 ;;
      esac ;;
  esac
  printf '%s' "$body"
}

send POST /products "{\"productId\": \"$product\", \"name\": \"Lamp of $drop\", \"price\": ${PRICE:-4900}, \"currency\": \"EUR\", \"limitPerCustomer\": 2}" product_exists >/dev/null
echo "product $product"

# Without the key a second run would add the units a second time.
send POST "/inventory/$product/restock" "{\"quantity\": ${UNITS:-100}, \"reason\": \"first delivery for $drop\"}" "" "Idempotency-Key: $drop-first-delivery" >/dev/null
echo "stock   ${UNITS:-100} units"

send POST /drops "{\"dropId\": \"$drop\", \"name\": \"$drop\", \"zone\": \"$zone\", \"opensAt\": \"$opens\", \"closesAt\": \"$closes\", \"products\": [{\"productId\": \"$product\"}]}" drop_exists >/dev/null
echo "draft   $drop"

# The shop checks stock, prices, times and its own state; a check that fails is in the answer, with what mends it.
send POST "/drops/$drop/schedule" '{}' already_scheduled >/dev/null
echo "scheduled: $shop/d/$drop opens $opens ($zone)"
