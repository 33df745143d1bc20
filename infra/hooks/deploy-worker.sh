#!/bin/sh
# Builds the worker's image in the registry and gives it to the job or app. azd runs this before it deploys the Functions host; it can be run by
# hand with the variables of `azd env get-values`.
set -eu

: "${AZURE_SUBSCRIPTION_ID:?run this through azd}"
: "${AZURE_RESOURCE_GROUP:?run this through azd, or: eval \"\$(azd env get-values | sed 's/^/export /')\"}"
: "${AZURE_CONTAINER_REGISTRY_NAME:?}" "${AZURE_CONTAINER_REGISTRY_ENDPOINT:?}" "${NRSER_WORKER_NAME:?}" "${NRSER_WORKER_KIND:?}" "${NRSER_WORKER_COMPUTE:?}"
command -v az > /dev/null || { echo "The Azure CLI (az) is missing: https://aka.ms/azure-cli" >&2; exit 1; }

cd "$(dirname "$0")/../.."
image="worker:$(date -u +%Y%m%d%H%M%S)"
echo "Building $image in $AZURE_CONTAINER_REGISTRY_NAME…"
if [ "$NRSER_WORKER_COMPUTE" = cpu ]; then
    az acr build --subscription "$AZURE_SUBSCRIPTION_ID" --registry "$AZURE_CONTAINER_REGISTRY_NAME" --image "$image" --file src/NrSer.Worker/Dockerfile --output none .
else
    az acr build --subscription "$AZURE_SUBSCRIPTION_ID" --registry "$AZURE_CONTAINER_REGISTRY_NAME" --image "$image" --file src/NrSer.Worker/Dockerfile \
        --target cuda --build-arg CUDA=true --output none .
fi

full="$AZURE_CONTAINER_REGISTRY_ENDPOINT/$image"
if [ "$NRSER_WORKER_KIND" = job ]; then
    az containerapp job update --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" --name "$NRSER_WORKER_NAME" --image "$full" --output none
else
    az containerapp update --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" --name "$NRSER_WORKER_NAME" --image "$full" --output none
fi

# So that the next `azd provision` keeps the image, and gives an app its health probes.
if command -v azd > /dev/null; then
    azd env set SERVICE_WORKER_IMAGE_NAME "$full"
fi
echo "The worker runs $full."
