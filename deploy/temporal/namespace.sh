# Makes the namespace that Dropgate uses if it is missing, and ends once it can be described. The temporal command reads
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE itself.
set -eu

describe() { temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE"; }
create() { temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 72h; }

tries=0
until describe > /dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -gt 30 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS has no namespace $TEMPORAL_NAMESPACE, and none could be made:" >&2
    describe
    exit 1
  fi
  # Refused until the server is ready; all its parts know the new namespace some seconds later.
  create > /dev/null 2>&1 || true
  sleep 2
done
echo "The namespace $TEMPORAL_NAMESPACE is there."
