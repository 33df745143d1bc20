#!/bin/sh
# Sends a sample through the deployment and waits for its row. azd runs this after it deployed; it can be run by hand at any time.
set -eu

: "${NRSER_WORK_ACCOUNT:?run this through azd, or: eval \"\$(azd env get-values | sed 's/^/export /')\"}"
: "${NRSER_RESULTS_ACCOUNT:?}"
command -v az > /dev/null || { echo "The Azure CLI (az) is missing: https://aka.ms/azure-cli" >&2; exit 1; }

if [ "${NRSER_SMOKE_TEST:-}" = skip ]; then
    echo "Smoke test skipped, as NRSER_SMOKE_TEST says."
    exit 0
fi

# azd and az are signed in separately. The roles went to whom azd deployed as.
echo "az is signed in as $(az account show --query user.name --output tsv)."
limit_seconds=${NRSER_SMOKE_TEST_SECONDS:-900} # the worker's first start pulls its image
cd "$(dirname "$0")/../.."
started=$(date -u +%s)
blob="smoke-test/$(date -u +%Y%m%dT%H%M%SZ).wav"

# New roles take some minutes to reach every server.
until az storage blob upload --auth-mode login --account-name "$NRSER_WORK_ACCOUNT" --container-name recordings \
    --name "$blob" --file models/samples/clean.wav --only-show-errors --output none; do
    if [ $(($(date -u +%s) - started)) -gt 300 ]; then
        echo "The sample could not be uploaded to $NRSER_WORK_ACCOUNT. Is az signed in as the one who deployed? With a private network, run this from" \
            "inside it, or set NRSER_SMOKE_TEST=skip." >&2
        exit 1
    fi
    echo "Trying again in 20 s: roles may not have arrived yet…"
    sleep 20
done
echo "Uploaded $blob. Waiting for its row…"

said="nothing asked yet"
while :; do
    # The id dates from the upload, which may be on the other side of midnight.
    status=$(az storage entity query --auth-mode login --account-name "$NRSER_RESULTS_ACCOUNT" --table-name recordings \
        --filter "PartitionKey ge '$(date -u -d "@$started" +%Y%m%d 2> /dev/null || date -u -r "$started" +%Y%m%d)' and BlobName eq '$blob'" \
        --query "items[0].[Status, Reason]" --only-show-errors --output tsv | tr '\t\n' '  ')
    if [ "$status" != "$said" ]; then
        echo "${status:-no row yet}"
        said=$status
    fi
    case $status in
        Completed*)
            echo "The deployment works: $blob went through in $(($(date -u +%s) - started)) s. See it with: nrser status --azure"
            exit 0 ;;
        Failed* | Rejected*)
            echo "The deployment runs, but the sample did not come through." >&2
            exit 1 ;;
    esac
    [ $(($(date -u +%s) - started)) -lt "$limit_seconds" ] || break
    sleep 10
done

cat >&2 << END
No result after $limit_seconds s. Last seen: ${said:-no row}. Where to look:
  no row:           is the Functions app up?  az containerapp logs show --subscription "${AZURE_SUBSCRIPTION_ID:-}" --name "${NRSER_FUNCTIONS_NAME:-}" --resource-group "${AZURE_RESOURCE_GROUP:-}"
  Queued:           did Event Grid deliver?   metrics of the system topic, container eventgrid-deadletter of $NRSER_WORK_ACCOUNT
  Processing:       does the worker start?    az containerapp job execution list --subscription "${AZURE_SUBSCRIPTION_ID:-}" --name "${NRSER_WORKER_NAME:-}" --resource-group "${AZURE_RESOURCE_GROUP:-}"
END
exit 1
