#!/bin/sh
# Makes the application registration by which people sign in to the page, without a secret: it believes the page's own managed identity instead. azd runs
# this before it provisions, for the id, and after, when there are an address and an identity. It may run any number of times.
set -eu

: "${AZURE_ENV_NAME:?run this through azd, or: eval \"\$(azd env get-values | sed 's/^/export /')\"}"
if [ "${NRSER_WEB:-}" = none ]; then
    echo "No page, as NRSER_WEB says."
    azd env set NRSER_WEB_CLIENT_ID ""
    exit 0
fi
if [ "${AZURE_PRINCIPAL_TYPE:-}" = ServicePrincipal ]; then
    echo "A pipeline leaves the registration as it is${NRSER_WEB_CLIENT_ID:+: $NRSER_WEB_CLIENT_ID}."
    exit 0
fi
command -v az > /dev/null || { echo "The Azure CLI (az) is missing: https://aka.ms/azure-cli" >&2; exit 1; }
folder=$(cd "$(dirname "$0")" && { pwd -W 2> /dev/null || pwd; }) # a path that az understands, in Git's shell on Windows
refused() {
    echo "The registration could not be made or changed: not everybody may do that in a directory. Have somebody run infra/hooks/register-page.sh who may, and" \
        "set NRSER_WEB_CLIENT_ID to its application id; or go without the page: azd env set NRSER_WEB none" >&2
    exit 1
}

name="nrser-$AZURE_ENV_NAME"
client=${NRSER_WEB_CLIENT_ID:-}
if [ -z "$client" ]; then # of ours alone: somebody else's may have the name
    client=$(az ad app list --show-mine --display-name "$name" --query "[?displayName=='$name'].appId | [0]" --output tsv) || refused
fi
if [ -z "$client" ]; then
    client=$(az ad app create --display-name "$name" --sign-in-audience AzureADMyOrg --query appId --output tsv) || refused
    echo "Registered $name: $client"
fi
az ad app update --id "$client" --identifier-uris "api://$client" --enable-id-token-issuance true --app-roles "@$folder/page-roles.json" || refused
service=$(az ad sp list --filter "appId eq '$client'" --query '[0].id' --output tsv) || refused
if [ -z "$service" ]; then
    service=$(az ad sp create --id "$client" --query id --output tsv) || refused
fi
az ad sp update --id "$service" --set appRoleAssignmentRequired=true || refused # whoever has no role does not even get in
azd env set NRSER_WEB_CLIENT_ID "$client"

# Whoever deploys has every role; others are given theirs in the portal, or as infra/README.md says.
if [ -n "${AZURE_PRINCIPAL_ID:-}" ]; then
    given=$(az rest --method get --url "https://graph.microsoft.com/v1.0/servicePrincipals/$service/appRoleAssignedTo" \
        --query "value[?principalId=='$AZURE_PRINCIPAL_ID'].appRoleId" --output tsv) || refused
    roles=$(sed -n 's/.*"id": "\(.*\)".*/\1/p' "$folder/page-roles.json")
    for role in $roles; do
        case "$given" in *"$role"*) continue ;; esac
        az rest --method post --url "https://graph.microsoft.com/v1.0/servicePrincipals/$service/appRoleAssignedTo" --output none \
            --body "{\"principalId\": \"$AZURE_PRINCIPAL_ID\", \"resourceId\": \"$service\", \"appRoleId\": \"$role\"}" || refused
    done
fi

if [ -z "${NRSER_WEB_ADDRESS:-}" ] || [ -z "${NRSER_WEB_PRINCIPAL_ID:-}" ]; then
    exit 0 # before the first provisioning
fi
callback=/.auth/login/aad/callback
set -- "$NRSER_WEB_ADDRESS$callback"
for domain in $(printf '%s' "${NRSER_WEB_DOMAINS:-}" | tr ',' ' '); do
    set -- "$@" "https://$domain$callback"
done
az ad app update --id "$client" --web-redirect-uris "$@" || refused
credential="{\"name\": \"page\", \"issuer\": \"https://login.microsoftonline.com/$(az account show --query tenantId --output tsv)/v2.0\",
    \"subject\": \"$NRSER_WEB_PRINCIPAL_ID\", \"audiences\": [\"api://AzureADTokenExchange\"]}"
if [ -n "$(az ad app federated-credential list --id "$client" --query "[?name=='page'].id" --output tsv)" ]; then
    az ad app federated-credential update --id "$client" --federated-credential-id page --parameters "$credential" --output none || refused
else
    az ad app federated-credential create --id "$client" --parameters "$credential" --output none || refused
fi
echo "The page: $NRSER_WEB_ADDRESS"
