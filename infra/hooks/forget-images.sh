#!/bin/sh
# After azd down: the next azd up must not ask for images of a registry that is gone.
set -eu

azd env set SERVICE_FUNCTIONS_IMAGE_NAME ""
azd env set SERVICE_WORKER_IMAGE_NAME ""
azd env set SERVICE_WEB_IMAGE_NAME ""
