#!/bin/sh
# Sends samples through the deployment and waits for their rows: speech as WAV, the same as MP3, which ffmpeg decodes, and noise, in which nobody must
# be heard. Then asks the page, if there is one, which must send whoever is not signed in to the sign-in. azd runs this after it deployed; it can be run by hand at any time.
# shellcheck disable=SC2016 # the dollars are awk's
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
page_limit_seconds=$((limit_seconds < 300 ? limit_seconds : 300))
at="--subscription \"${AZURE_SUBSCRIPTION_ID:-}\" --resource-group \"${AZURE_RESOURCE_GROUP:-}\""
cd "$(dirname "$0")/../.."
started=$(date -u +%s)
folder="smoke-test/$(date -u +%Y%m%dT%H%M%SZ)"
samples="clean.wav clean.mp3 noise-only.wav"

for sample in $samples; do
    # New roles take some minutes to reach every server.
    until az storage blob upload --auth-mode login --account-name "$NRSER_WORK_ACCOUNT" --container-name recordings \
        --name "$folder/$sample" --file "models/samples/$sample" --only-show-errors --output none; do
        if [ $(($(date -u +%s) - started)) -gt 300 ]; then
            echo "The samples could not be uploaded to $NRSER_WORK_ACCOUNT. Is az signed in as the one who deployed? With a private network, run this from" \
                "inside it, or set NRSER_SMOKE_TEST=skip." >&2
            exit 1
        fi
        echo "Trying again in 20 s: roles may not have arrived yet…"
        sleep 20
    done
done
echo "Uploaded $folder: $samples. Waiting for their rows…"

# The sign-in answers from beside the app, and by the platform's word only once the app listens, which sleeps until it is asked.
page_answers() {
    [ -n "${NRSER_WEB_CLIENT_ID:-}" ] || return 0
    asked=$(date -u +%s)
    while :; do
        answer=$(curl --silent --max-time 60 --output /dev/null --write-out '%{http_code}' "${NRSER_WEB_ADDRESS:-}/") || answer="no answer"
        case $answer in
            302 | 401) return 0 ;;
            2*) echo "The page lets in whoever asks ($answer): is the sign-in before it off? $NRSER_WEB_ADDRESS" >&2; exit 1 ;;
        esac
        if [ $(($(date -u +%s) - asked)) -ge "$page_limit_seconds" ]; then
            echo "The recordings came through, but the page does not answer ($answer): ${NRSER_WEB_ADDRESS:-no address}. What it said:" \
                "az containerapp logs show $at --name \"${NRSER_WEB_NAME:-}\"" >&2
            exit 1
        fi
        echo "Trying again in 10 s: the page may be starting ($answer)…"
        sleep 10
    done
}

said="nothing asked yet"
while :; do
    # The id dates from the upload, which may be on the other side of midnight. A line per row: name, status, segments with speech, reason.
    rows=$(az storage entity query --auth-mode login --account-name "$NRSER_RESULTS_ACCOUNT" --table-name recordings \
        --filter "PartitionKey ge '$(date -u -d "@$started" +%Y%m%d 2> /dev/null || date -u -r "$started" +%Y%m%d)' and BlobName ge '$folder/' and BlobName lt '$folder/~'" \
        --query "sort_by(items, &BlobName)[].[BlobName, Status, SpeechSegmentCount, Reason]" --only-show-errors --output tsv)
    if [ "$rows" != "$said" ]; then
        echo "${rows:-no row yet}"
        said=$rows
    fi
    count() { printf '%s\n' "$rows" | awk -F '\t' "$1 { rows++ } END { print rows + 0 }"; }
    if [ "$(count '$2 == "Failed" || $2 == "Rejected"')" -gt 0 ]; then
        echo "The deployment runs, but a sample did not come through." >&2
        exit 1
    fi
    if [ "$(count '$2 == "Completed"')" -eq 3 ]; then
        if [ "$(count '$1 ~ /clean/ && $3 + 0 > 0')" -ne 2 ] || [ "$(count '$1 ~ /noise/ && $3 == "0"')" -ne 1 ]; then
            echo "The deployment runs, but hears speech where there is none, or none where there is: does the catalogue name the models that belong together?" >&2
            exit 1
        fi
        page_answers
        echo "The deployment works: $folder went through in $(($(date -u +%s) - started)) s. See it with: nrser status --azure"
        exit 0
    fi
    [ $(($(date -u +%s) - started)) -lt "$limit_seconds" ] || break
    sleep 10
done

cat >&2 << END
No result after $limit_seconds s. Last seen: ${said:-no row}. Where to look:
  no row:      is the Functions app up?  az containerapp replica list $at --name "${NRSER_FUNCTIONS_NAME:-}"
  Queued:      did Event Grid deliver?   metrics of the system topic, container eventgrid-deadletter of $NRSER_WORK_ACCOUNT
  Processing:  does the worker start?    az containerapp job execution list $at --name "${NRSER_WORKER_NAME:-}"
What the hosts said (minutes late; the log stream of the Functions app shows its runtime alone):
  az monitor log-analytics query --workspace "${NRSER_LOG_WORKSPACE:-}" --output table --analytics-query \\
    "union isfuzzy=true AppTraces, AppExceptions, ContainerAppConsoleLogs | where TimeGenerated > ago(1h) | project TimeGenerated, ContainerAppName, Message, OuterMessage, Log | order by TimeGenerated desc | take 50"
END
exit 1
