#!/bin/sh
# Says which images run, as variables that infra/main.bicepparam reads: a machine that has never deployed knows nothing of them, and would put the examples of
# a first deployment in their place until new ones are built. The workflow runs this before azd does; by hand, where an environment was lost.
set -eu

: "${AZURE_ENV_NAME:?name of the environment}"
found=$(az resource list --tag "azd-env-name=$AZURE_ENV_NAME" --query '[?tags."azd-service-name"].[tags."azd-service-name", id]' --output tsv)
printf '%s\n' "$found" | while read -r service id; do
    [ -n "$id" ] || continue # nothing was deployed yet
    image=$(az resource show --ids "$id" --query 'properties.template.containers[0].image' --output tsv < /dev/null)
    case $image in
        mcr.microsoft.com/*) ;; # an example still
        *) echo "SERVICE_$(printf '%s' "$service" | tr '[:lower:]' '[:upper:]')_IMAGE_NAME=$image" ;;
    esac
done
